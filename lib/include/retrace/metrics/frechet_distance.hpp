// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/metrics/checked.hpp>
#include <retrace/targets/mixture.hpp>

#include <span>

namespace retrace {

/// Squared Frechet distance between samples x [n][d] (rows contiguous) and the law: the squared
/// Wasserstein-2 distance of Gaussians with their means and covariances (Dowson and Landau 1982),
///   |m - mu|^2 + tr(S + C - 2 (C^1/2 S C^1/2)^1/2),
/// S the sample covariance over n, mu and C those of the law, exactly. It is the distance of
/// Heusel et al. (2017), on the samples themselves. The same bits for any number of threads.
///
/// Of exact draws it is nearly a quadratic form of normal values, whose mean follows from the
/// fourth moments of the law: (tr C + sum_ij Var(x_i x_j) / (2 (l_i + l_j))) / n in the eigenbasis
/// of C with eigenvalues l. The threshold is check_z^2 times that (Szekely and Bakirov 2003),
/// asymptotic in n.
///
/// Throws Fault::argument for samples that are none (empty, no whole number of rows, not finite);
/// Fault::numerics where the distance overflows.
[[nodiscard]] Checked frechet_distance(std::span<double const> x, Mixture const& law);

}  // namespace retrace
