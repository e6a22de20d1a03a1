// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/core/error.hpp>
#include <retrace/models/score_errors.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <span>
#include <string>

namespace retrace::score_errors {
namespace {

constexpr std::int32_t amplitudes = 0, frequencies = 1, phases = 2;  // k of the draws

/// The options that all kinds have, and `own` before the seed.
template <class Kind>
std::vector<Option<Kind>> options_with(std::vector<Option<Kind>> const& own) {
  std::vector<Option<Kind>> all{
      real_option("size", &Kind::size, Range::at_least(0), "root mean square of a component"),
      choice_option<Kind, ErrorScale>(
          "scale", &Kind::scale,
          {{"relative", ErrorScale::relative}, {"absolute", ErrorScale::absolute}},
          "of the predicted noise, or of the score itself")};
  all.insert(all.end(), own.begin(), own.end());
  all.push_back(integer_option("seed", &Kind::seed, 0, std::numeric_limits<std::int64_t>::max(),
                               "of the error's constants"));
  return all;
}

std::vector<double> normals(std::int64_t seed, std::size_t term, std::int32_t k, std::size_t d) {
  std::vector<float> z(d);
  draw_normals(static_cast<std::uint64_t>(seed), term, Purpose::score_error, {.step = 0, .k = k},
               z);
  return {z.begin(), z.end()};
}

double dot(std::span<double const> a, std::span<double const> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void scale_by(std::span<double> a, double factor) {
  for (double& value : a) value *= factor;
}

/// `count` orthonormal vectors, [count][d].
std::vector<double> orthonormal(std::int64_t seed, std::size_t count, std::int32_t k,
                                std::size_t d) {
  std::vector<double> all;
  for (std::size_t j = 0; j < count; ++j) {
    std::vector<double> v = normals(seed, j, k, d);
    for (int pass = 0; pass < 2; ++pass)  // once is not enough where v lies near the others
      for (std::size_t i = 0; i < j; ++i) {
        auto const other = std::span(all).subspan(i * d, d);
        double const along = dot(v, other);
        for (std::size_t c = 0; c < d; ++c) v[c] -= along * other[c];
      }
    scale_by(v, 1 / std::sqrt(dot(v, v)));
    all.insert(all.end(), v.begin(), v.end());
  }
  return all;
}

void add_row(std::vector<double>& rows, double phase, std::span<double const> frequency,
             std::span<double const> amplitude) {
  rows.push_back(phase);
  rows.insert(rows.end(), frequency.begin(), frequency.end());
  rows.insert(rows.end(), amplitude.begin(), amplitude.end());
}

}  // namespace

std::vector<Option<bias>> bias::options() { return options_with<bias>({}); }

ErrorTerms bias::terms(int dimension) const {
  auto const d = static_cast<std::size_t>(dimension);
  std::vector<double> direction = orthonormal(seed, 1, amplitudes, d);
  scale_by(direction, size * std::sqrt(dimension));
  ErrorTerms terms{ErrorForm::constant, {}};
  add_row(terms.rows, 0, std::vector<double>(d), direction);
  return terms;
}

std::vector<Option<field>> field::options() {
  constexpr std::int64_t most_features = 1024;
  constexpr double shortest_length = 0.01;  // below it a phase in float means nothing
  return options_with<field>(
      {real_option("length", &field::length, Range::at_least(shortest_length),
                   "over which it changes, in deviations of a coordinate"),
       integer_option("features", &field::features, 1, most_features, "number of waves")});
}

ErrorTerms field::terms(int dimension) const {
  auto const d = static_cast<std::size_t>(dimension), m = static_cast<std::size_t>(features);
  std::vector<double> amplitude, squares(d);  // [m][d], and sum over m
  for (std::size_t j = 0; j < m; ++j)
    for (double const a : normals(seed, j, amplitudes, d)) {
      squares[amplitude.size() % d] += a * a;
      amplitude.push_back(a);
    }
  for (std::size_t i = 0; i < amplitude.size(); ++i)
    amplitude[i] *= size * std::sqrt(2 / squares[i % d]);
  ErrorTerms terms{ErrorForm::waves, {}};
  for (std::size_t j = 0; j < m; ++j) {
    std::vector<double> frequency = normals(seed, j, frequencies, d);
    scale_by(frequency, 1 / (2 * std::numbers::pi * length));
    double const phase = draw_uniform(static_cast<std::uint64_t>(seed), j, Purpose::score_error,
                                      {.step = 0, .k = phases});
    add_row(terms.rows, phase, frequency, std::span(amplitude).subspan(j * d, d));
  }
  return terms;
}

std::vector<Option<low_rank>> low_rank::options() {
  constexpr std::int64_t most_ranks = 1024;
  return options_with<low_rank>(
      {integer_option("rank", &low_rank::rank, 1, most_ranks, "at most the dimension")});
}

ErrorTerms low_rank::terms(int dimension) const {
  if (rank > dimension)
    throw Error(Fault::argument, "rank cannot be '" + std::to_string(rank) + "'",
                "in " + std::to_string(dimension) + " dimensions it takes a number in [1, " +
                    std::to_string(dimension) + "]");
  auto const d = static_cast<std::size_t>(dimension), r = static_cast<std::size_t>(rank);
  std::vector<double> u = orthonormal(seed, r, amplitudes, d);
  std::vector<double> const v = orthonormal(seed, r, frequencies, d);
  scale_by(u, size * std::sqrt(static_cast<double>(dimension) / static_cast<double>(rank)));
  ErrorTerms terms{ErrorForm::linear, {}};
  for (std::size_t j = 0; j < r; ++j)
    add_row(terms.rows, 0, std::span(v).subspan(j * d, d), std::span(u).subspan(j * d, d));
  return terms;
}

}  // namespace retrace::score_errors
