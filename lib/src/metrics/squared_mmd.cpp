// SPDX-License-Identifier: Apache-2.0
#include "check_sample.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/noise_level.hpp>
#include <retrace/metrics/squared_mmd.hpp>

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <string>
#include <vector>

namespace retrace {
namespace {

/// E k(x, X): the kernel is a Gaussian density but for its factor, so that this is the density of
/// the law with noise of the bandwidth added.
class KernelMean {
 public:
  KernelMean(Mixture const& law, double bandwidth)
      : smooth_(law.at(NoiseLevel({.log_sigma = std::log(bandwidth)}))),
        log_factor_(law.dimension() * (std::log(2 * std::numbers::pi) / 2 + std::log(bandwidth))) {}
  double operator()(std::span<double const> x) const {
    return std::exp(log_factor_ + smooth_.log_density(x));
  }

 private:
  MixtureAtLevel smooth_;
  double log_factor_;
};

/// E k(X, X'): the sum over i of w_i E k(m_i + L_i z, X), where C_i joins the covariances of X.
double double_mean(Mixture const& law, double bandwidth) {
  auto const d = static_cast<std::size_t>(law.dimension());
  std::vector<double> covariances;
  for (int k = 0; k < law.components(); ++k) {
    auto const c = law.component_covariance(k);
    covariances.insert(covariances.end(), c.begin(), c.end());
  }
  std::vector<double> const weights(law.weights().begin(), law.weights().end());
  std::vector<double> const means(law.means().begin(), law.means().end());
  std::vector<double> parts(weights.size());
  tbb::parallel_for(std::size_t{0}, parts.size(), [&](std::size_t i) {
    std::vector<double> joined = covariances;
    for (std::size_t j = 0; j < joined.size(); ++j)
      joined[j] += covariances[i * d * d + j % (d * d)];
    parts[i] = weights[i] * KernelMean(Mixture::full(weights, means, joined),
                                       bandwidth)(std::span(means).subspan(i * d, d));
  });
  double sum = 0;
  for (double part : parts) sum += part;
  return sum;
}

}  // namespace

Checked squared_mmd(std::span<double const> x, Mixture const& law, double bandwidth) {
  if (!(bandwidth > 0) || !std::isfinite(bandwidth))
    throw Error(Fault::argument, "the bandwidth of a kernel must be positive and finite",
                "it is " + std::to_string(bandwidth));
  auto const d = static_cast<std::size_t>(law.dimension());
  check_sample(x, d);
  std::size_t const n = x.size() / d;
  if (n < 3)
    throw Error(Fault::argument, "a discrepancy needs at least 3 samples",
                "there are " + std::to_string(n));
  std::size_t const shifts = std::clamp<std::size_t>(n / 64, 1, 256);
  double const both = double_mean(law, bandwidth);
  KernelMean const kernel_mean(law, bandwidth);
  std::vector<double> single(n), sums(n, 0), squares(n, 0);
  tbb::parallel_for(std::size_t{0}, n,
                    [&](std::size_t a) { single[a] = kernel_mean(x.subspan(a * d, d)); });
  double const exponent = -1 / (2 * bandwidth * bandwidth);
  tbb::parallel_for(std::size_t{0}, n, [&](std::size_t a) {
    for (std::size_t s = 1; s <= shifts; ++s) {
      std::size_t const b = a + s < n ? a + s : a + s - n;
      double square = 0;
      for (std::size_t i = 0; i < d; ++i) {
        double const away = x[a * d + i] - x[b * d + i];
        square += away * away;
      }
      // Zero in the mean over either of an exact pair.
      double const centred = std::exp(exponent * square) - single[a] - single[b] + both;
      sums[a] += centred;
      squares[a] += centred * centred;
    }
  });
  // In their order, so that the bits do not depend on the threads.
  double sum = 0, square = 0;
  for (double v : sums) sum += v;
  for (double v : squares) square += v;
  auto const pairs = static_cast<double>(n * shifts);
  return {sum / pairs, 0, check_z * std::sqrt(square) / pairs};
}

Checked squared_mmd(std::span<double const> x, Mixture const& law) {
  auto const d = static_cast<std::size_t>(law.dimension());
  auto const covariance = law.covariance();
  double trace = 0;
  for (std::size_t i = 0; i < d; ++i) trace += covariance[i * (d + 1)];
  return squared_mmd(x, law, std::sqrt(trace / static_cast<double>(d)));
}

}  // namespace retrace
