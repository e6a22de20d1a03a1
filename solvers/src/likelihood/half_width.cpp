// SPDX-License-Identifier: Apache-2.0
#include "row_of.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/likelihood/error_budget.hpp>
#include <retrace/likelihood/half_width.hpp>
#include <retrace/likelihood/probes.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

namespace retrace {
namespace {

/// An estimator for some of the points of a run, by the numbers that they have in it.
struct OfRows {
  DivergenceEstimator all;
  std::vector<PointNumber> numbers;

  [[nodiscard]] int estimates() const { return all.estimates(); }
  void check(HostModel const& /*model*/, std::int64_t /*points*/) const {}
  [[nodiscard]] std::unique_ptr<PointEstimator> at_point(HostModel const& model,
                                                         PointNumber number) const {
    return all.at_point(model, numbers[static_cast<std::size_t>(number.row)]);
  }
};

}  // namespace

void HalfWidth::check() const {
  if (!(nats > 0) || std::isinf(nats))
    throw Error(Fault::argument, "the half-width cannot be " + shortest(nats),
                "it must be positive and finite");
  if (!(confidence > 0 && confidence < 1))
    throw Error(Fault::argument, "the confidence cannot be " + shortest(confidence),
                "it must lie between 0 and 1");
  if (most_probes < 2 || most_probes > Probes::most)
    throw Error(Fault::argument, "the most probes cannot be " + std::to_string(most_probes),
                "it takes a number in [2, " + std::to_string(Probes::most) + "]");
}

EncodedInRounds encode_in_rounds(HostModel const& model, Sde const& sde, OdeStepper const& stepper,
                                 Span span, std::span<double const> points,
                                 DivergenceEstimator const& divergence,
                                 EncodeOptions const& options,
                                 std::function<bool(RoundsSoFar const&)> const& goes_on) {
  auto const d = static_cast<std::size_t>(model.dimension);
  EncodedInRounds result;
  result.first = encode(model, sde, stepper, span, points, divergence, options);
  std::size_t const n = result.first.outcomes.size();
  result.change.resize(n);
  result.last = result.first.outcomes;
  for (std::size_t row = 0; row < n; ++row)
    result.change[row].add(row_of(result.first.change, row));

  std::vector<std::size_t> rows(n);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::vector<std::int64_t> evaluations_of_last = result.first.evaluations;
  for (int first = divergence.estimates();; first *= 2) {
    std::erase_if(rows, [&](std::size_t row) {
      return result.last[row] != Outcome::done ||
             !goes_on({row, result.change[row], result.first.evaluations[row],
                       evaluations_of_last[row]});
    });
    if (rows.empty()) return result;
    OfRows some{divergence.further(first, first), {}};
    std::vector<double> their_points;
    for (std::size_t const row : rows) {
      some.numbers.push_back(
          {.row = static_cast<std::int64_t>(row), .sample = options.first_sample + row});
      auto const x = points.subspan(row * d, d);
      their_points.insert(their_points.end(), x.begin(), x.end());
    }
    Encoded const round = encode(model, sde, stepper, span, their_points, std::move(some), options);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::size_t const row = rows[i];
      result.last[row] = round.outcomes[i];
      result.first.evaluations[row] += round.evaluations[i];
      evaluations_of_last[row] = round.evaluations[i];
      if (round.outcomes[i] == Outcome::done) result.change[row].add(row_of(round.change, i));
    }
    result.first.seconds += round.seconds;
  }
}

EncodedInRounds encode_to_half_width(HostModel const& model, Sde const& sde,
                                     OdeStepper const& stepper, Span span,
                                     std::span<double const> points,
                                     DivergenceEstimator const& divergence,
                                     EncodeOptions const& options, HalfWidth const& wanted) {
  wanted.check();
  static_cast<void>(divergence.further(0, divergence.estimates()));
  std::map<std::int64_t, double> quantiles;  // there are few counts
  auto const quantile = [&](std::int64_t count) {
    auto const [place, is_new] = quantiles.try_emplace(count);
    if (is_new) place->second = probe_quantile(confidence_of_a_look(wanted.confidence), count);
    return place->second;
  };
  return encode_in_rounds(
      model, sde, stepper, span, points, divergence, options, [&](RoundsSoFar const& so_far) {
        std::int64_t const count = so_far.change.count;
        if (2 * count > wanted.most_probes ||
            so_far.evaluations + so_far.evaluations_of_last > options.max_evaluations)
          return false;
        return count < HalfWidth::fewest_probes ||
               !(quantile(count) * so_far.change.standard_error() <= wanted.nats);
      });
}

}  // namespace retrace
