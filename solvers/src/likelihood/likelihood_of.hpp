// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/likelihood/encoded.hpp>
#include <retrace/likelihood/end_terms.hpp>
#include <retrace/likelihood/log_likelihood.hpp>

#include <functional>
#include <span>

namespace retrace {

/// A flow solved as asked, or more accurately.
enum class Accuracy { asked, finer };
using Solve = std::function<Encoded(Accuracy)>;

struct Problem {
  Sde const& sde;
  EndTerms ends;
  std::span<double const> points;
  int probes;               ///< 0: the divergence is exact
  double error_per_change;  ///< error of a run over what the finer one changes
};

/// The likelihood that a solution gives, and its budget by a finer one.
[[nodiscard]] Likelihood likelihood_of(Problem const& problem, Budget budget, Solve const& solve);

/// The span of a likelihood, from data to noise where it does not say otherwise.
[[nodiscard]] Span ascending(Sde const& sde, Span const& span);
[[nodiscard]] EncodeOptions options_of(EncodeOptions options, Accuracy accuracy);
/// The grid, or one that has every step in two, at the middle in lambda.
[[nodiscard]] Grid grid_of(Grid const& grid, Accuracy accuracy);
/// The error of steps of some order over what half of them change.
[[nodiscard]] double error_per_halving(double order);

}  // namespace retrace
