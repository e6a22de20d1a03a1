// SPDX-License-Identifier: Apache-2.0
#include "mixture_limits.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/memory.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/targets/transformed.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace retrace {
namespace {

std::vector<double> copy(std::span<double const> values) { return {values.begin(), values.end()}; }

std::size_t dimension_of(Mixture const& mixture) {
  return static_cast<std::size_t>(mixture.dimension());
}

/// Throws unless full covariances of that many components stay small enough for fused kernels.
void check_full(std::int64_t components, std::int64_t dimension) {
  if (saturated_product({components, dimension, dimension}) > most_numbers)
    throw Error(Fault::argument,
                "a mixture of " + std::to_string(components) + " full covariances in " +
                    std::to_string(dimension) + " dimensions is too large",
                "their numbers are more than " + std::to_string(most_numbers));
}

void check_numbers(std::string const& what, std::span<double const> numbers, std::size_t wanted) {
  if (numbers.size() != wanted)
    throw Error(Fault::argument, what + " holds " + std::to_string(numbers.size()) + " numbers",
                "the dimension of the mixture asks for " + std::to_string(wanted));
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (!std::isfinite(numbers[i]))
      throw Error(Fault::argument, what + "[" + std::to_string(i) + "] is not finite");
}

void check_orthogonal(std::span<double const> q, std::size_t d) {
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (std::size_t l = 0; l < d; ++l) sum += q[i * d + l] * q[j * d + l];
      if (!(std::abs(sum - (i == j ? 1 : 0)) <= 1e-9))
        throw Error(Fault::argument, "the rotation is not orthogonal",
                    "rows " + std::to_string(i) + " and " + std::to_string(j) +
                        ", counted from 0, have the scalar product " + shortest(sum));
    }
}

/// The law of A x for every component's covariance C: `map` turns C into A C A', both [d][d].
template <class Map>
std::vector<double> mapped_covariances(Mixture const& mixture, Map const& map) {
  std::vector<double> all;
  check_full(mixture.components(), mixture.dimension());
  for (int k = 0; k < mixture.components(); ++k) {
    std::vector<double> const c = map(mixture.component_covariance(k));
    all.insert(all.end(), c.begin(), c.end());
  }
  return all;
}

/// Q C Q', the lower triangle computed and mirrored.
std::vector<double> rotated_covariance(std::span<double const> q, std::vector<double> const& c,
                                       std::size_t d) {
  std::vector<double> half(d * d), whole(d * d);  // half: Q C
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t l = 0; l < d; ++l)
      for (std::size_t j = 0; j < d; ++j) half[i * d + j] += q[i * d + l] * c[l * d + j];
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (std::size_t l = 0; l < d; ++l) sum += half[i * d + l] * q[j * d + l];
      whole[i * d + j] = whole[j * d + i] = sum;
    }
  return whole;
}

/// True where every covariance is the same multiple of the unit matrix in both.
bool share_one_variance(Mixture const& first, Mixture const& second) {
  if (first.shape() == CovarianceShape::full || second.shape() == CovarianceShape::full)
    return false;
  auto const is_first = [&](double v) { return v == first.variances()[0]; };
  return std::all_of(first.variances().begin(), first.variances().end(), is_first) &&
         std::all_of(second.variances().begin(), second.variances().end(), is_first);
}

}  // namespace

Mixture product(Mixture const& first, Mixture const& second) {
  std::size_t const a = dimension_of(first), b = dimension_of(second), d = a + b;
  std::int64_t const components = std::int64_t{first.components()} * second.components();
  if (components > static_cast<std::int64_t>(most_components))
    throw Error(Fault::argument,
                "a product of " + std::to_string(first.components()) + " and " +
                    std::to_string(second.components()) + " components is too large",
                "it has at most " + std::to_string(most_components));
  bool const isotropic = share_one_variance(first, second);
  if (isotropic && saturated_product({components, static_cast<std::int64_t>(d)}) > most_numbers)
    throw Error(Fault::argument,
                "a product of " + std::to_string(components) + " components in " +
                    std::to_string(d) + " dimensions is too large",
                "its means are more than " + std::to_string(most_numbers) + " numbers");
  if (!isotropic) check_full(components, static_cast<std::int64_t>(d));

  std::vector<double> weights, means, covariances;
  for (int i = 0; i < first.components(); ++i) {
    std::vector<double> const upper =
        isotropic ? std::vector<double>{} : first.component_covariance(i);
    for (int j = 0; j < second.components(); ++j) {
      auto const p = static_cast<std::size_t>(i), q = static_cast<std::size_t>(j);
      weights.push_back(first.weights()[p] * second.weights()[q]);
      auto const x = first.means().subspan(p * a, a), y = second.means().subspan(q * b, b);
      means.insert(means.end(), x.begin(), x.end());
      means.insert(means.end(), y.begin(), y.end());
      if (isotropic) continue;
      std::vector<double> const lower = second.component_covariance(j);
      std::size_t const start = covariances.size();
      covariances.resize(start + d * d);
      for (std::size_t r = 0; r < a; ++r)
        for (std::size_t c = 0; c < a; ++c) covariances[start + r * d + c] = upper[r * a + c];
      for (std::size_t r = 0; r < b; ++r)
        for (std::size_t c = 0; c < b; ++c)
          covariances[start + (a + r) * d + a + c] = lower[r * b + c];
    }
  }
  if (!isotropic)
    return Mixture::full(std::move(weights), std::move(means), std::move(covariances));
  std::vector<double> variances(weights.size(), first.variances()[0]);
  return Mixture::isotropic(std::move(weights), std::move(means), std::move(variances));
}

Mixture rotated(Mixture const& mixture, std::span<double const> rotation) {
  std::size_t const d = dimension_of(mixture);
  check_numbers("the rotation", rotation, d * d);
  check_orthogonal(rotation, d);
  std::vector<double> means(mixture.means().size());
  for (std::size_t i = 0; i < means.size(); ++i) {
    double const* const m = mixture.means().data() + i / d * d;
    for (std::size_t j = 0; j < d; ++j) means[i] += rotation[i % d * d + j] * m[j];
  }
  if (mixture.shape() == CovarianceShape::isotropic)
    return Mixture::isotropic(copy(mixture.weights()), std::move(means), copy(mixture.variances()));
  return Mixture::full(copy(mixture.weights()), std::move(means),
                       mapped_covariances(mixture, [&](std::vector<double> const& c) {
                         return rotated_covariance(rotation, c, d);
                       }));
}

Mixture scaled(Mixture const& mixture, std::span<double const> factors) {
  std::size_t const d = dimension_of(mixture);
  check_numbers("the list of factors", factors, d);
  if (std::find(factors.begin(), factors.end(), 0.0) != factors.end())
    throw Error(Fault::argument, "a coordinate cannot be scaled by 0");
  std::vector<double> means = copy(mixture.means());
  for (std::size_t i = 0; i < means.size(); ++i) means[i] *= factors[i % d];
  bool const alike = std::all_of(factors.begin(), factors.end(),
                                 [&](double f) { return std::abs(f) == std::abs(factors[0]); });
  if (alike && mixture.shape() == CovarianceShape::isotropic) {
    std::vector<double> variances = copy(mixture.variances());
    for (double& v : variances) v *= factors[0] * factors[0];
    return Mixture::isotropic(copy(mixture.weights()), std::move(means), std::move(variances));
  }
  return Mixture::full(copy(mixture.weights()), std::move(means),
                       mapped_covariances(mixture, [&](std::vector<double> c) {
                         for (std::size_t i = 0; i < c.size(); ++i)
                           c[i] *= factors[i / d] * factors[i % d];
                         return c;
                       }));
}

Mixture scaled(Mixture const& mixture, double factor) {
  return scaled(mixture, std::vector<double>(dimension_of(mixture), factor));
}

Mixture shifted(Mixture const& mixture, std::span<double const> offset) {
  std::size_t const d = dimension_of(mixture);
  check_numbers("the offset", offset, d);
  std::vector<double> means = copy(mixture.means());
  for (std::size_t i = 0; i < means.size(); ++i) means[i] += offset[i % d];
  if (mixture.shape() == CovarianceShape::isotropic)
    return Mixture::isotropic(copy(mixture.weights()), std::move(means), copy(mixture.variances()));
  return Mixture::full(copy(mixture.weights()), std::move(means),
                       mapped_covariances(mixture, [](std::vector<double> c) { return c; }));
}

}  // namespace retrace
