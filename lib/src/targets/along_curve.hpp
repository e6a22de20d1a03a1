// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/mixture.hpp>

#include <vector>

namespace retrace {

/// Equal isotropic Gaussians around `points` ([k][2]). Points along a curve less than 1.5
/// deviations apart make a density that is smooth along it to 4e-4 (the ripple of spacing h is 2
/// exp(-2 (pi deviation / h)^2)).
[[nodiscard]] Mixture along_curve(std::vector<double> points, double deviation);

}  // namespace retrace
