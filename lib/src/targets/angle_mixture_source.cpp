// SPDX-License-Identifier: Apache-2.0
#include "table_entries.hpp"

#include <retrace/targets/angle_mixture_source.hpp>

#include <algorithm>
#include <cmath>

namespace retrace {
template <CovarianceShape shape>
std::vector<double> angle_mixture_table(Mixture const& mixture, int padded) {
  AngleMixtureRow<shape> const at{mixture.dimension()};
  std::size_t const d = index(at.dimension), width = index(at.size());
  std::vector<double> table(index(padded) * width, 0.0);
  auto const copy = [](std::span<double const> all, std::size_t k, std::size_t count, double* to) {
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(k * count), count, to);
  };
  for (std::size_t k = 0; k < index(padded); ++k) {
    double* const row = table.data() + k * width;
    bool const real = k < index(mixture.components());
    row[0] = real ? std::log2(mixture.weights()[k]) : no_weight;
    std::fill_n(row + at.spectrum(), shape == CovarianceShape::full ? d : 1, 1.0);
    if (!real) continue;
    copy(mixture.means(), k, d, row + at.mean());
    if constexpr (shape == CovarianceShape::full) {
      copy(mixture.eigenvalues(), k, d, row + at.spectrum());
      copy(mixture.eigenvectors(), k, d * d, row + at.basis());
    } else {
      row[at.spectrum()] = mixture.variances()[k];
    }
  }
  return table;
}

template std::vector<double> angle_mixture_table<CovarianceShape::isotropic>(Mixture const&, int);
template std::vector<double> angle_mixture_table<CovarianceShape::full>(Mixture const&, int);

}  // namespace retrace
