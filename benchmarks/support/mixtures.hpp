// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/mixture.hpp>

namespace retrace::benchmarks {

/// Eight components with unequal weights and variances, means on a circle in the first two
/// dimensions.
[[nodiscard]] Mixture isotropic_mixture(int dimension);

/// The same means and weights with full covariances.
[[nodiscard]] Mixture full_mixture(int dimension);

}  // namespace retrace::benchmarks
