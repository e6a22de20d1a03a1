// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstddef>
#include <span>
#include <vector>

namespace retrace {

/// The weights w of interpolatory quadrature: int w(u) f(u) du = sum_j w_j f(u_j) for every
/// polynomial f of degree < n, given n distinct nodes u_j and the moments int w(u) u^m du, m < n.
/// (The moments' combination with the coefficients of each Lagrange polynomial.)
///
/// Linear multistep methods are this with the true distances of their nodes, whatever the steps;
/// their moments say in which variable, and against which kernel.
[[nodiscard]] inline std::vector<double> interpolatory_weights(std::span<double const> nodes,
                                                               std::span<double const> moments) {
  assert(moments.size() >= nodes.size());
  std::vector<double> weights;
  for (std::size_t j = 0; j < nodes.size(); ++j) {
    std::vector<double> lagrange{1};  // ascending coefficients
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (i == j) continue;
      double const scale = 1 / (nodes[j] - nodes[i]);
      lagrange.push_back(0);
      for (std::size_t m = lagrange.size(); m-- > 0;)  // times (u - u_i) / (u_j - u_i)
        lagrange[m] = scale * ((m > 0 ? lagrange[m - 1] : 0) - nodes[i] * lagrange[m]);
    }
    double weight = 0;
    for (std::size_t m = 0; m < lagrange.size(); ++m) weight += lagrange[m] * moments[m];
    weights.push_back(weight);
  }
  return weights;
}

}  // namespace retrace
