// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace retrace {

/// Integer data x in {0, ..., 2^bits - 1}^d made continuous, y = low + (high - low) (x + u) /
/// 2^bits with u in [0, 1)^d (Theis et al. 2016, section 3.1), so that a density of y bounds the
/// probability of x: for any law q(u | x) of the noise,
///   log P(x) >= E[log p(y) - log q(u | x)] + offset,   offset = d log((high - low) / 2^bits),
/// with log q = 0 for uniform noise; a learnt q is variational dequantisation (Ho et al. 2019,
/// Flow++, eq. 12). score_sde's bits per dimension have this offset in bits for [-1, 1] or [0, 1].
struct Dequantisation {
  int bits = 8;
  double low = -1, high = 1;

  /// Throws Error (argument) for bits outside [1, 16] and ends that are not finite or not in order.
  void check() const;

  /// In nats, to be added to log densities of y.
  [[nodiscard]] double offset(int dimension) const;

  /// y of one point. Throws Error (argument) for x that is no integer of the range and u outside
  /// [0, 1), naming the component.
  void apply(std::span<double const> x, std::span<double const> u, std::span<double> y) const;
};

/// Uniform noise on [0, 1)^d: draw number `draw` of a sample, a pure function of the arguments,
/// purpose `dequantise`.
void uniform_noise(std::uint64_t seed, std::uint64_t sample, std::int32_t draw,
                   std::span<double> u);

/// Each of the rows of data [n][d] made continuous `draws` times, [n][draws][d], with uniform noise
/// number k of sample first_sample + row. Throws Error (argument) as apply(), naming the row.
[[nodiscard]] std::vector<double> dequantised(Dequantisation const& how,
                                              std::span<double const> data, int dimension,
                                              int draws, std::uint64_t seed,
                                              std::uint64_t first_sample = 0);

/// log of the mean of exp of the values: of several draws' log p(y) - log q(u | x) the bound that
/// is tighter than their mean (Burda et al. 2016).
[[nodiscard]] double log_mean_exp(std::span<double const> values);

}  // namespace retrace
