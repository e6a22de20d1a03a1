// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace retrace {

/// Eigenvalues [d], ascending, and unit eigenvectors [d][d], one a row, of a symmetric matrix
/// [d][d]. NaN where the iteration does not converge.
void eigenbasis(std::span<double const> matrix, std::span<double> eigenvalues,
                std::span<double> eigenvectors);

}  // namespace retrace
