// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/exact/gaussian.hpp>
#include <retrace/trace/trace.hpp>

#include <span>

namespace retrace {

/// Where the error of a run on Gaussian data comes from, as Wasserstein-2 distances between exact
/// laws (Pierret and Galerne 2024, Diffusion models for Gaussian distributions: exact solutions and
/// Wasserstein errors). All four are exact; the first three need not add up to the last.
struct ErrorSplit {
  double initialisation;  ///< the exact process, started from the prior instead of p_T, at the end
  double discretisation;  ///< the sampler, started from p_T, beside the exact law at the grid's end
  double truncation;      ///< between the law at the grid's end and the data
  double total;           ///< the sampler, started from the prior, beside the data
};

/// Of a sampler on a grid that begins at the SDE's largest t and runs backwards. `data` are the
/// eigendirections of the data's covariance. The exact process is the probability-flow ODE for
/// samplers that draw no noise on this grid, else the reverse-time SDE (the usual one, also for
/// samplers of another).
[[nodiscard]] ErrorSplit error_split(AnySampler const& sampler, Grid const& grid,
                                     std::span<Normal const> data);

}  // namespace retrace
