// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>
#include <retrace/targets/exact_model.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace retrace {

class MixtureAtLevel;

/// How the covariances of a mixture are stored: v_k I, or full matrices with their eigenbases.
enum class CovarianceShape { isotropic, full };

/// sum_k w_k N(m_k, C_k) in d dimensions. A value: immutable, copies share their tables. Arrays are
/// row-major, weights [k], means [k][d]. Weights are positive and sum to 1 within 1e-9 (they are
/// divided by their sum), covariances symmetric to 1e-12 of their largest entry and positive
/// definite; anything else throws Error (argument) that names the entry, for example
/// `covariances[2] is not symmetric`.
class Mixture {
 public:
  /// C_k = variances[k] I.
  [[nodiscard]] static Mixture isotropic(std::vector<double> weights, std::vector<double> means,
                                         std::vector<double> variances);
  /// covariances [k][d][d]. Stored as isotropic where every one is v_k I exactly.
  [[nodiscard]] static Mixture full(std::vector<double> weights, std::vector<double> means,
                                    std::vector<double> covariances);

  [[nodiscard]] int dimension() const;
  [[nodiscard]] int components() const;
  [[nodiscard]] CovarianceShape shape() const;

  [[nodiscard]] std::span<double const> weights() const;  ///< [k]
  [[nodiscard]] std::span<double const> means() const;    ///< [k][d]
  /// [k]; empty unless isotropic.
  [[nodiscard]] std::span<double const> variances() const;
  /// [k][d], ascending in each component; empty unless full.
  [[nodiscard]] std::span<double const> eigenvalues() const;
  /// [k][d][d], row i of component k is the unit eigenvector of eigenvalues[k][i]; empty unless
  /// full.
  [[nodiscard]] std::span<double const> eigenvectors() const;
  /// C_k, [d][d], whatever the shape.
  [[nodiscard]] std::vector<double> component_covariance(int k) const;

  /// Mean [d] and covariance [d][d] of the whole distribution.
  [[nodiscard]] std::vector<double> mean() const;
  [[nodiscard]] std::vector<double> covariance() const;

  /// The law of alpha x0 + sigma z, made once for many points.
  [[nodiscard]] MixtureAtLevel at(NoiseLevel const& level) const;

  /// Sample number `sample` of the data: m_k + L_k z, L_k the Cholesky factor of C_k. A pure
  /// function of its arguments; purpose `data`, component from key {0, 0}, normals from key {0, 1}.
  void draw(std::uint64_t seed, std::int64_t sample, std::span<double> x) const;
  /// The component that this sample is of.
  [[nodiscard]] int component_of_draw(std::uint64_t seed, std::int64_t sample) const;
  /// The same sample at a noise level: alpha x0 + sigma z, z from key {0, 2}.
  void draw(NoiseLevel const& level, std::uint64_t seed, std::int64_t sample,
            std::span<double> x) const;

 private:
  struct Data;
  explicit Mixture(std::shared_ptr<Data const> data) : data_(std::move(data)) {}

  std::shared_ptr<Data const> data_;
};

/// p_t of a mixture: sum_k w_k N(alpha m_k, S_k), S_k = alpha^2 C_k + sigma^2 I. With gamma_k the
/// probability that x came from component k (by log-sum-exp, hence right however far out x is) and
/// s_k = -S_k^-1 (x - alpha m_k):
///   score       sum_k gamma_k s_k
///   divergence  sum_k gamma_k (|s_k - score|^2 - tr S_k^-1)
///   Hessian     sum_k gamma_k ((s_k - score) (s_k - score)' - S_k^-1)
///   denoised    sum_k gamma_k (sigma^2 S_k^-1 m_k + alpha C_k S_k^-1 x)
/// none of which subtracts large numbers. The clean level is allowed (denoised is x / alpha there),
/// and so is alpha = 0 (denoised is the mean). Full covariances cost O(k d^2) a point. Calls may
/// run in parallel.
class MixtureAtLevel : public DensityFunctions<MixtureAtLevel> {
 public:
  MixtureAtLevel(Mixture mixture, NoiseLevel const& level);

  using Values = DensityValues;
  /// All of them in one pass. `score` and `denoised` take [d], or nothing where they are not
  /// wanted.
  Values evaluate(std::span<double const> x, std::span<double> score, std::span<double> denoised,
                  HessianProducts const& hessian = {}) const;

  /// gamma_k of every component, [k].
  void responsibilities(std::span<double const> x, std::span<double> out) const;

 private:
  double component(std::size_t k, std::span<double const> x, std::span<double> score,
                   std::span<double> denoised) const;
  void add_curvature(std::size_t k, double gamma, std::span<double const> away,
                     HessianProducts const& hessian) const;

  Mixture mixture_;
  double alpha_, variance_;         // alpha, sigma^2
  std::vector<double> spectrum_;    // eigenvalues of S_k: [k] isotropic, [k][d] full
  std::vector<double> log_factor_;  // log (w_k / sqrt(det 2 pi S_k))
  std::vector<double> trace_;       // tr S_k^-1
};

}  // namespace retrace
