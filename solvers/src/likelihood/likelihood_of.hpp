// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/likelihood/end_terms.hpp>
#include <retrace/likelihood/log_likelihood.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace retrace {

/// A flow solved as asked, or more accurately.
enum class Accuracy { asked, finer };

/// Points as noise, and the volume change of each: of one number where it is exact.
struct Carried {
  Encoded encoded;
  std::vector<Spread> change;
};

/// How one route computes. The finer run is told what the one as asked found.
struct Route {
  std::function<Carried(Accuracy, std::span<Spread const> asked)> solve;
  /// States z [n][d] carried back to data; not finite where that failed.
  std::function<HostArray<double>(HostArray<double> z)> decode;
  std::function<EndTerms()> ends;  ///< asked for where they are wanted
  double error_per_change = 1;     ///< error of a run over what the finer one changes
};

/// What all routes have in common: summands, budget, round trip.
[[nodiscard]] Likelihood likelihood_of(Route const& route, Sde const& sde,
                                       std::span<double const> points,
                                       LikelihoodOptions const& options);

/// log N(z; 0, sigma^2 I)
[[nodiscard]] double log_prior(std::span<double const> z, double sigma);

/// Throws Error (numerics) that names the first point that did not get to the end.
void refuse_unfinished(Encoded const& run, std::uint64_t first_sample);

/// Where every change is one number.
[[nodiscard]] Carried carried(Encoded encoded);

}  // namespace retrace
