// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/mixture.hpp>

#include <span>

namespace retrace {

// Mixtures of mixtures: the law of the transformed sample, again a mixture with exact functions.
// Isotropic mixtures stay isotropic where every covariance of the result is a multiple of the unit
// matrix. All throw Error (argument) for numbers that do not fit the dimension or are not finite,
// and for results of more than 2^24 numbers of covariances.

/// (x, y) with x and y independent: the coordinates of `first`, then those of `second`. Component
/// number i of `first` and j of `second` make number i k + j, k being the components of `second`;
/// at most 131 072 of them.
[[nodiscard]] Mixture product(Mixture const& first, Mixture const& second);

/// Q x. `rotation` is Q, [d][d] row-major and orthogonal: no entry of Q Q' differs from that of the
/// unit matrix by more than 1e-9. Reflections are allowed.
[[nodiscard]] Mixture rotated(Mixture const& mixture, std::span<double const> rotation);

/// (f_1 x_1, .., f_d x_d), no factor 0.
[[nodiscard]] Mixture scaled(Mixture const& mixture, std::span<double const> factors);
/// The same factor for every coordinate.
[[nodiscard]] Mixture scaled(Mixture const& mixture, double factor);

/// x + offset, offset [d].
[[nodiscard]] Mixture shifted(Mixture const& mixture, std::span<double const> offset);

}  // namespace retrace
