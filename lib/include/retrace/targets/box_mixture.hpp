// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>
#include <retrace/targets/exact_model.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace retrace {

class BoxMixtureAtLevel;
struct BoxAxes;

/// sum_k w_k Uniform(box k), boxes along the axes in d dimensions. A value: immutable, copies share
/// their tables. Arrays are row-major, weights [k], low and high [k][d]. Weights are positive and
/// sum to 1 within 1e-9 (they are divided by their sum), edges finite, low < high; anything else
/// throws Error (argument) that names the entry, for example `high[2][0] is 1`.
class BoxMixture {
 public:
  BoxMixture(std::vector<double> weights, std::vector<double> low, std::vector<double> high);

  [[nodiscard]] int dimension() const;
  [[nodiscard]] int boxes() const;
  [[nodiscard]] std::span<double const> weights() const;  ///< [k]
  [[nodiscard]] std::span<double const> low() const;      ///< [k][d]
  [[nodiscard]] std::span<double const> high() const;     ///< [k][d]
  /// The distinct edges and intervals along every axis, each of which is worked on only once.
  [[nodiscard]] BoxAxes const& axes() const;

  /// Mean [d] and covariance [d][d] of the whole distribution.
  [[nodiscard]] std::vector<double> mean() const;
  [[nodiscard]] std::vector<double> covariance() const;

  /// The law of alpha x0 + sigma z, made once for many points.
  [[nodiscard]] BoxMixtureAtLevel at(NoiseLevel const& level) const;

  /// Sample number `sample` of the data. A pure function of its arguments; purpose `data`, box from
  /// the uniform number of key {0, 0}, coordinate i within it from that of key {i, 3}.
  void draw(std::uint64_t seed, std::int64_t sample, std::span<double> x) const;
  /// The component that this sample is of.
  [[nodiscard]] int component_of_draw(std::uint64_t seed, std::int64_t sample) const;
  /// The same sample at a noise level: alpha x0 + sigma z, z from key {0, 2}.
  void draw(NoiseLevel const& level, std::uint64_t seed, std::int64_t sample,
            std::span<double> x) const;

 private:
  struct Data;
  std::shared_ptr<Data const> data_;
};

/// Axis j has edges [first_edge[j], first_edge[j + 1]), ascending, and intervals
/// [first_interval[j], first_interval[j + 1]).
struct BoxAxes {
  struct Interval {
    int low, high;  ///< numbers of its edges
    [[nodiscard]] friend bool operator==(Interval const&, Interval const&) = default;
  };
  std::vector<double> edges;
  std::vector<Interval> intervals;
  std::vector<int> first_edge, first_interval;  ///< [d + 1]
  std::vector<int> interval_of_box;             ///< [k][d]
};

/// p_t of a mixture of boxes: sum_k w_k prod_j (Phi(u_kj) - Phi(v_kj)) / (alpha (high_kj -
/// low_kj)), u = (x - alpha low) / sigma, v = (x - alpha high) / sigma. Given x and its box, the
/// noise (x - alpha x0) / sigma is in every coordinate a standard normal cut to [v, u], whose mean
/// and variance give score, denoised state and divergence. Logarithms keep weights right however
/// far out x is; narrow intervals are expanded about their middle. The divergence has an absolute
/// error of some 1e-16 z^2 / sigma^2, z the distance from the nearest box over sigma. alpha = 0 is
/// allowed (denoised is the mean). At the clean level the law is the data's: faces at `low` belong
/// to a box, those at `high` do not; score and divergence are 0 within boxes; outside of all the
/// log density is -infinity, and score and divergence, which do not exist, are NaN; denoised is
/// x / alpha. Calls may run in parallel.
class BoxMixtureAtLevel : public DensityFunctions<BoxMixtureAtLevel> {
 public:
  BoxMixtureAtLevel(BoxMixture mixture, NoiseLevel const& level);

  using Values = DensityValues;
  /// All of them in one pass. `score` and `denoised` take [d], or nothing where they are not
  /// wanted.
  Values evaluate(std::span<double const> x, std::span<double> score, std::span<double> denoised,
                  HessianProducts const& hessian = {}) const;

 private:
  [[nodiscard]] Values clean(std::span<double const> x, std::span<double> score,
                             std::span<double> denoised, HessianProducts const& hessian) const;

  BoxMixture mixture_;
  double alpha_, sigma_;
};

}  // namespace retrace
