// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/mixture.hpp>

namespace retrace::benchmarks {

/// Eight components with unequal weights and variances, means on a circle in the first two
/// dimensions.
[[nodiscard]] Mixture isotropic_mixture(int dimension);

/// The same means and weights with full covariances.
[[nodiscard]] Mixture full_mixture(int dimension);

/// What runs beside peers sample, in two dimensions (docs/benchmarks.md): eight components of equal
/// weight on a circle of radius 4, with variances evenly from 0.05 to 0.3.
[[nodiscard]] Mixture peers_mixture();

}  // namespace retrace::benchmarks
