// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>

#include <concepts>
#include <cstdint>
#include <span>

namespace retrace {

/// What an exact model knows of a density at a point.
struct DensityValues {
  double log_density;  ///< nats
  double divergence;   ///< of the score
};

/// Directions in which the score's Jacobian, the Hessian of the log density, is wanted.
struct HessianProducts {
  std::span<double const> tangents = {};  ///< [n][d]
  std::span<double> products = {};        ///< [n][d]: the Hessian times each of them
};

/// The single functions of a law, from its evaluate(x, score, denoised, hessian): a base of the
/// classes that have one. `score` and `denoised` fill [d], `products` as many rows as `tangents`.
template <class Law>
class DensityFunctions {
 public:
  [[nodiscard]] double log_density(std::span<double const> x) const {
    return law().evaluate(x, {}, {}, {}).log_density;
  }
  [[nodiscard]] double divergence(std::span<double const> x) const {
    return law().evaluate(x, {}, {}, {}).divergence;
  }
  void score(std::span<double const> x, std::span<double> out) const {
    law().evaluate(x, out, {}, {});
  }
  void denoised(std::span<double const> x, std::span<double> out) const {
    law().evaluate(x, {}, out, {});
  }
  void hessian_products(std::span<double const> x, std::span<double const> tangents,
                        std::span<double> products) const {
    law().evaluate(x, {}, {}, {.tangents = tangents, .products = products});
  }

 private:
  [[nodiscard]] Law const& law() const { return static_cast<Law const&>(*this); }
};

/// A distribution whose functions are exact at every noise level: what a target offers and a learnt
/// model does not. data.at(level) is p_t, the law of alpha x0 + sigma z; log densities are in nats;
/// `score` and `denoised` fill dimension() numbers; the divergence is that of the score, the trace
/// of the Hessian that hessian_products() multiplies directions by. Draws are pure functions of
/// (seed, sample), of the data or, with a level, of p_t. Host only, double only.
template <class D>
concept ExactModel = std::copyable<D> &&
    requires(D const& data, NoiseLevel const& level, std::span<double const> x,
             std::span<double> out, std::uint64_t seed, std::int64_t sample) {
  { data.dimension() } -> std::convertible_to<int>;
  { data.at(level).log_density(x) } -> std::same_as<double>;
  { data.at(level).divergence(x) } -> std::same_as<double>;
  data.at(level).score(x, out);
  data.at(level).denoised(x, out);
  data.at(level).hessian_products(x, x, out);
  data.draw(seed, sample, out);
  data.draw(level, seed, sample, out);
};

}  // namespace retrace
