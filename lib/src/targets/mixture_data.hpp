// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weights.hpp"

#include <retrace/targets/mixture.hpp>

#include <cstddef>
#include <vector>

namespace retrace {

struct Mixture::Data {
  std::size_t d = 0, k = 0;
  CovarianceShape shape = CovarianceShape::isotropic;
  Weights weights;
  std::vector<double> means;
  std::vector<double> variances;                                        // isotropic
  std::vector<double> covariances, factors, eigenvalues, eigenvectors;  // full; factors: C = L L'
};

}  // namespace retrace
