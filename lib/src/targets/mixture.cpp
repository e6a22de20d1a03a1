// SPDX-License-Identifier: Apache-2.0
#include "eigenbasis.hpp"
#include "mixture_data.hpp"

#include <retrace/core/draw.hpp>
#include <retrace/targets/mixture.hpp>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace retrace {
namespace {

void check_means(std::vector<double> const& means, std::size_t k) {
  if (means.empty() || means.size() % k != 0)
    refuse("means hold " + std::to_string(means.size()) + " numbers",
           "that is not [" + std::to_string(k) + "][d] with d >= 1");
  std::size_t const d = means.size() / k;
  if (d > static_cast<std::size_t>(DrawKey::max_dimension))
    refuse("means have " + std::to_string(d) + " coordinates",
           "at most " + std::to_string(DrawKey::max_dimension) + " are allowed");
  for (std::size_t i = 0; i < means.size(); ++i)
    if (!std::isfinite(means[i])) refuse(entry("means", i / d, i % d) + " is not finite", {});
}

void check_size(char const* array, std::size_t size, std::size_t wanted) {
  if (size != wanted)
    refuse(std::string(array) + " hold " + std::to_string(size) + " numbers",
           "the weights and means ask for " + std::to_string(wanted));
}

/// Component number k of covariances, made exactly symmetric.
void check_symmetry(std::span<double> c, std::size_t d, std::size_t k) {
  double largest = 0;
  for (std::size_t i = 0; i < d * d; ++i) {
    if (!std::isfinite(c[i]))
      refuse(entry("covariances", k) + entry("", i / d, i % d) + " is not finite", {});
    largest = std::max(largest, std::abs(c[i]));
  }
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      double const lower = c[i * d + j], upper = c[j * d + i];
      if (std::abs(lower - upper) > 1e-12 * largest)
        refuse(entry("covariances", k) + " is not symmetric",
               "entry " + entry("", i, j) + " is " + number_text(lower) + ", " + entry("", j, i) +
                   " is " + number_text(upper));
      c[i * d + j] = c[j * d + i] = (lower + upper) / 2;
    }
}

/// Lower L with L L' = c; a plain loop, so that draws do not depend on how a linear-algebra package
/// was built. What cancels to nothing is caught by the eigenvalues.
void cholesky(std::span<double const> c, std::size_t d, std::span<double> lower) {
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = c[i * d + j];
      for (std::size_t l = 0; l < j; ++l) sum -= lower[i * d + l] * lower[j * d + l];
      lower[i * d + j] = i == j ? std::sqrt(sum) : sum / lower[j * d + j];
    }
}

/// Fills in the eigenbasis of component k and refuses what is not positive definite to rounding.
void decompose(std::span<double const> c, std::size_t d, std::size_t k,
               std::span<double> eigenvalues, std::span<double> eigenvectors) {
  eigenbasis(c, eigenvalues, eigenvectors);
  double const smallest = eigenvalues.front(), largest = eigenvalues.back();
  double const rounding = static_cast<double>(d) * std::numeric_limits<double>::epsilon();
  if (!(smallest > rounding * largest))
    refuse(entry("covariances", k) + " is not positive definite",
           "its eigenvalues reach from " + number_text(smallest) + " to " + number_text(largest));
}

/// True where every [d][d] block is a multiple of the unit matrix, to the last bit.
bool all_isotropic(std::vector<double> const& covariances, std::size_t d) {
  for (std::size_t i = 0; i < covariances.size(); ++i) {
    std::size_t const within = i % (d * d);
    bool const diagonal = within / d == within % d;
    if (covariances[i] != (diagonal ? covariances[i - within] : 0)) return false;
  }
  return true;
}

}  // namespace

Mixture Mixture::isotropic(std::vector<double> weights, std::vector<double> means,
                           std::vector<double> variances) {
  check_weights(weights);
  check_means(means, weights.size());
  check_size("variances", variances.size(), weights.size());
  for (std::size_t k = 0; k < variances.size(); ++k)
    if (!(variances[k] > 0) || !std::isfinite(variances[k]))
      refuse(entry("variances", k) + " is " + number_text(variances[k]),
             "variances are positive and finite");

  auto data = std::make_shared<Data>();
  data->k = weights.size();
  data->d = means.size() / weights.size();
  data->weights = Weights(std::move(weights));
  data->means = std::move(means);
  data->variances = std::move(variances);
  return Mixture(std::move(data));
}

Mixture Mixture::full(std::vector<double> weights, std::vector<double> means,
                      std::vector<double> covariances) {
  check_weights(weights);
  check_means(means, weights.size());
  std::size_t const k = weights.size(), d = means.size() / k, block = d * d;
  check_size("covariances", covariances.size(), k * block);

  std::vector<double> factors(k * block), eigenvalues(k * d), eigenvectors(k * block);
  for (std::size_t i = 0; i < k; ++i) {
    std::span<double> const c = std::span(covariances).subspan(i * block, block);
    check_symmetry(c, d, i);
    decompose(c, d, i, std::span(eigenvalues).subspan(i * d, d),
              std::span(eigenvectors).subspan(i * block, block));
    cholesky(c, d, std::span(factors).subspan(i * block, block));
  }

  std::vector<double> variances(k);
  for (std::size_t i = 0; i < k; ++i) variances[i] = covariances[i * block];
  Mixture mixture = isotropic(std::move(weights), std::move(means), std::move(variances));
  if (all_isotropic(covariances, d)) return mixture;

  auto data = std::make_shared<Data>(*mixture.data_);
  data->shape = CovarianceShape::full;
  data->variances.clear();
  data->covariances = std::move(covariances);
  data->factors = std::move(factors);
  data->eigenvalues = std::move(eigenvalues);
  data->eigenvectors = std::move(eigenvectors);
  return Mixture(std::move(data));
}

int Mixture::dimension() const { return static_cast<int>(data_->d); }
int Mixture::components() const { return static_cast<int>(data_->k); }
CovarianceShape Mixture::shape() const { return data_->shape; }
std::span<double const> Mixture::weights() const { return data_->weights.values; }
std::span<double const> Mixture::means() const { return data_->means; }
std::span<double const> Mixture::variances() const { return data_->variances; }
std::span<double const> Mixture::eigenvalues() const { return data_->eigenvalues; }
std::span<double const> Mixture::eigenvectors() const { return data_->eigenvectors; }

std::vector<double> Mixture::component_covariance(int k) const {
  assert(k >= 0 && k < components());
  std::size_t const d = data_->d, block = d * d, first = static_cast<std::size_t>(k) * block;
  std::vector<double> c(block);
  if (shape() == CovarianceShape::full) {
    std::copy_n(data_->covariances.begin() + static_cast<std::ptrdiff_t>(first), block, c.begin());
  } else {
    for (std::size_t i = 0; i < d; ++i)
      c[i * d + i] = data_->variances[static_cast<std::size_t>(k)];
  }
  return c;
}

std::vector<double> Mixture::mean() const {
  std::vector<double> mean(data_->d);
  for (std::size_t i = 0; i < data_->means.size(); ++i)
    mean[i % data_->d] += data_->weights.values[i / data_->d] * data_->means[i];
  return mean;
}

std::vector<double> Mixture::covariance() const {
  std::size_t const d = data_->d;
  std::vector<double> const centre = mean();
  std::vector<double> whole(d * d);
  for (std::size_t k = 0; k < data_->k; ++k) {
    std::vector<double> const within = component_covariance(static_cast<int>(k));
    double const* const m = &data_->means[k * d];
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = 0; j < d; ++j)
        whole[i * d + j] += data_->weights.values[k] *
                            (within[i * d + j] + (m[i] - centre[i]) * (m[j] - centre[j]));
  }
  return whole;
}

MixtureAtLevel Mixture::at(NoiseLevel const& level) const { return {*this, level}; }

}  // namespace retrace
