// SPDX-License-Identifier: Apache-2.0
#include "table_entries.hpp"

#include <retrace/targets/mixture_source.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace retrace {
namespace {

constexpr double per_log2 = std::numbers::log2e;

/// N(alpha m, alpha^2 v + sigma^2) for every component of an isotropic mixture.
void fill_row(double* row, MixtureRow<CovarianceShape::isotropic> at, Mixture const& mixture,
              NoiseLevel const& level, int k, double reference) {
  double const alpha = level.alpha(), variance = level.sigma() * level.sigma();
  double const within = mixture.variances()[index(k)];
  double const spread = alpha * alpha * within + variance;
  double const* const mean = mixture.means().data() + index(k) * index(at.dimension);
  double square = 0;
  for (int j = 0; j < at.dimension; ++j) {
    square += alpha * mean[j] * alpha * mean[j];
    row[at.linear() + j] = alpha * mean[j] / spread * per_log2;
    row[at.shift() + j] = variance * mean[j] / spread;
  }
  row[0] = (std::log(mixture.weights()[index(k)]) - 0.5 * at.dimension * std::log(spread) -
            0.5 * square / spread) *
           per_log2;
  row[at.quadratic()] = -0.5 * (1 / spread - reference) * per_log2;
  row[at.gain()] = alpha * within / spread;
}

/// What all quadratic forms of a level are taken relative to: the precision of component 0.
double reference_precision(MixtureRow<CovarianceShape::isotropic>, Mixture const& mixture,
                           NoiseLevel const& level) {
  return 1 /
         (level.alpha() * level.alpha() * mixture.variances()[0] + level.sigma() * level.sigma());
}

/// The component's covariance at a level in its eigenbasis, and its mean there.
struct Eigenbasis {
  Eigenbasis(Mixture const& mixture, NoiseLevel const& level, int k)
      : dimension(mixture.dimension()),
        value(mixture.eigenvalues().data() + index(k) * index(dimension)),
        vector(mixture.eigenvectors().data() + index(k) * index(dimension) * index(dimension)),
        spread(index(dimension)),
        mean(index(dimension), 0.0) {
    double const* const m = mixture.means().data() + index(k) * index(dimension);
    for (int i = 0; i < dimension; ++i) {
      spread[index(i)] = level.alpha() * level.alpha() * value[i] + level.sigma() * level.sigma();
      for (int j = 0; j < dimension; ++j) mean[index(i)] += entry(i, j) * m[j];
    }
  }
  [[nodiscard]] double entry(int i, int j) const { return vector[i * dimension + j]; }
  /// Entry (a, b) of the matrix with these eigenvectors and eigenvalues f(i).
  template <class F>
  [[nodiscard]] double matrix(int a, int b, F const& f) const {
    double sum = 0;
    for (int i = 0; i < dimension; ++i) sum += f(i) * entry(i, a) * entry(i, b);
    return sum;
  }
  [[nodiscard]] double precision(int a, int b) const {
    return matrix(a, b, [&](int i) { return 1 / spread[index(i)]; });
  }

  int dimension;
  double const *value, *vector;
  std::vector<double> spread, mean;
};

std::vector<double> reference_precision(MixtureRow<CovarianceShape::full> at,
                                        Mixture const& mixture, NoiseLevel const& level) {
  Eigenbasis const first(mixture, level, 0);
  std::vector<double> precision;
  for (int j = 0; j < at.dimension; ++j)
    for (int i = 0; i < at.dimension; ++i) precision.push_back(first.precision(i, j));
  return precision;
}

void fill_row(double* row, MixtureRow<CovarianceShape::full> at, Mixture const& mixture,
              NoiseLevel const& level, int k, std::vector<double> const& reference) {
  Eigenbasis const c(mixture, level, k);
  int const d = at.dimension;
  double const alpha = level.alpha(), variance = level.sigma() * level.sigma();
  double constant = std::log(mixture.weights()[index(k)]);
  for (int i = 0; i < d; ++i) {
    double const spread = c.spread[index(i)], mean = c.mean[index(i)];
    constant -= 0.5 * (std::log(spread) + alpha * mean * alpha * mean / spread);
    for (int j = 0; j < d; ++j) {
      row[at.linear() + j] += c.entry(i, j) * alpha * mean / spread * per_log2;
      row[at.shift() + j] += c.entry(i, j) * variance * mean / spread;
    }
  }
  row[0] = constant * per_log2;
  double* upper = row + at.quadratic();
  for (int j = 0; j < d; ++j)
    for (int i = 0; i <= j; ++i) {
      double const half = -0.5 * (c.precision(i, j) - reference[index(j * d + i)]) * per_log2;
      *upper++ = i == j ? half : 2 * half;
    }
  for (int j = 0; j < d; ++j)
    for (int i = 0; i < d; ++i)
      row[at.gain() + j * d + i] =
          c.matrix(j, i, [&](int n) { return alpha * c.value[n] / c.spread[index(n)]; });
}

}  // namespace

template <CovarianceShape shape>
std::vector<double> mixture_table(Mixture const& mixture, std::span<NoiseLevel const> levels) {
  constexpr int chunk = MixtureTile<float, 0, shape>::chunk;
  MixtureRow<shape> const at{mixture.dimension()};
  int const components = mixture.components();
  std::size_t const padded = (index(components) + chunk - 1) / chunk * chunk;
  auto const width = static_cast<std::size_t>(at.size());
  std::vector<double> table(levels.size() * padded * width, 0.0);
  for (std::size_t n = 0; n < levels.size(); ++n) {
    double* const rows = table.data() + n * padded * width;
    double largest = no_weight;
    auto const reference = reference_precision(at, mixture, levels[n]);
    for (int k = 0; k < components; ++k) {
      double* const row = rows + static_cast<std::size_t>(k) * width;
      fill_row(row, at, mixture, levels[n], k, reference);
      largest = std::max(largest, row[0]);
    }
    for (std::size_t k = 0; k < padded; ++k)
      rows[k * width] =
          k < static_cast<std::size_t>(components) ? rows[k * width] - largest : no_weight;
  }
  return table;
}

template std::vector<double> mixture_table<CovarianceShape::isotropic>(Mixture const&,
                                                                       std::span<NoiseLevel const>);
template std::vector<double> mixture_table<CovarianceShape::full>(Mixture const&,
                                                                  std::span<NoiseLevel const>);

}  // namespace retrace
