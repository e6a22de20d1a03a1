// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/lane_math.hpp>
#include <retrace/models/score_errors.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <numbers>
#include <string>

namespace retrace {
namespace {

template <class Kind>
Entry<ScoreError> kind() {
  return {.name = std::string(Kind::info.name),
          .summary = std::string(Kind::info.summary),
          .paper = "retrace",
          .options = option_infos<Kind>(),
          .make = [](Spec const& spec) -> ScoreError { return from_spec<Kind>(spec); }};
}

/// The score is off by gain e(y).
double gain(ErrorScale scale, NoiseLevel const& level) {
  if (scale == ErrorScale::absolute) return 1;
  if (level.sigma() > 0) return 1 / level.sigma();
  char where[96];
  std::snprintf(where, sizeof where, "a relative score error does not exist at t = %.6g",
                level.t());
  throw Error(Fault::argument, where, "sigma is 0 there", "take another time or scale=absolute");
}

}  // namespace

ScoreErrorField::ScoreErrorField(ScoreError const& error, int dimension)
    : dimension_(dimension),
      scale_(error.scale()),
      terms_(std::make_shared<ErrorTerms const>(error.terms(dimension))) {}

int ScoreErrorField::terms() const {
  return static_cast<int>(rows().size()) / (1 + 2 * dimension_);
}

double ScoreErrorField::shrink(NoiseLevel const& level) {
  return 1 / std::hypot(level.alpha(), level.sigma());
}

double ScoreErrorField::evaluate(std::span<double const> x, NoiseLevel const& level,
                                 std::span<double> error, std::span<double const> tangents,
                                 std::span<double> products) const {
  auto const d = static_cast<std::size_t>(dimension_), width = 1 + 2 * d;
  assert(x.size() == d && error.size() == d);
  assert(tangents.size() % d == 0 && products.size() == tangents.size());
  double const factor = gain(scale_, level), to_y = shrink(level);
  double divergence = 0;
  std::fill(error.begin(), error.end(), 0.0);
  std::fill(products.begin(), products.end(), 0.0);
  for (std::size_t first = 0; first < rows().size(); first += width) {
    auto const frequency = rows().subspan(first + 1, d),
               amplitude = rows().subspan(first + 1 + d, d);
    double inner = 0, along = 0;  // frequency . y, frequency . amplitude
    for (std::size_t c = 0; c < d; ++c) {
      inner += frequency[c] * x[c] * to_y;
      along += frequency[c] * amplitude[c];
    }
    double value = 1, slope = 0;
    if (form() == ErrorForm::linear) {
      value = inner;
      slope = 1;
    } else if (form() == ErrorForm::waves) {
      double const turns = rows()[first] + inner;
      value = simd::cos_turns(turns);
      slope = -2 * std::numbers::pi * simd::cos_turns(turns - 0.25);  // of the sine
    }
    for (std::size_t c = 0; c < d; ++c) error[c] += factor * value * amplitude[c];
    divergence += factor * slope * along * to_y;
    for (std::size_t row = 0; row < tangents.size(); row += d) {
      double turn = 0;  // frequency . tangent
      for (std::size_t c = 0; c < d; ++c) turn += frequency[c] * tangents[row + c];
      for (std::size_t c = 0; c < d; ++c)
        products[row + c] += factor * slope * turn * to_y * amplitude[c];
    }
  }
  return divergence;
}

std::vector<Entry<ScoreError>> const& score_error_kinds() {
  static std::vector<Entry<ScoreError>> const all{
      kind<score_errors::bias>(), kind<score_errors::field>(), kind<score_errors::low_rank>()};
  return all;
}

ScoreError make_score_error(std::string_view text) {
  Spec const spec = Spec::parse(text);
  return find_entry("score error", spec.name, score_error_kinds()).make(spec);
}

}  // namespace retrace
