// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/simd.hpp>

namespace retrace {

/// Added to the variance, as PyTorch does.
inline constexpr double layer_norm_epsilon = 1e-5;

/// Layer normalisation in kernels (Ba, Kiros and Hinton 2016; PyTorch's nn.LayerNorm): of the
/// `width` pre-activations z of a sample
///   n = (z - mean z) rate,   rate = 1 / sqrt(mean (z - mean z)^2 + epsilon),
/// and what the activation is given is scale n + offset. Rows of z hold S packs.
template <class T>
struct LayerNorm {
  T const *scale, *offset;
  int width;

  /// Of the first S packs of rows that hold R. Sums begin with epsilon, so that no square is a
  /// denormal number.
  template <class L, int R, int S, class P>
  RETRACE_INLINE void moments(T const* z, P (&mean)[S], P (&rate)[S]) const {
    P const share = simd::broadcast<P>(T(1) / T(width));
    P const first = simd::broadcast<P>(T(layer_norm_epsilon) * T(width));
    for (int s = 0; s < S; ++s) mean[s] = simd::broadcast<P>(T(0)), rate[s] = first;
    for (int k = 0; k < width; ++k)
      for (int s = 0; s < S; ++s) mean[s] = mean[s] + at<L, R, P>(z, k, s);
    for (int s = 0; s < S; ++s) mean[s] = mean[s] * share;
    for (int k = 0; k < width; ++k)
      for (int s = 0; s < S; ++s) {
        P const apart = at<L, R, P>(z, k, s) - mean[s];
        rate[s] = simd::fma(apart, apart, rate[s]);
      }
    for (int s = 0; s < S; ++s) rate[s] = simd::broadcast<P>(T(1)) / simd::sqrt(rate[s] * share);
  }

  /// What the activation of feature k is given for an n.
  template <class P>
  [[nodiscard]] RETRACE_INLINE P argument(int k, P n) const {
    return simd::fma(n, simd::broadcast<P>(scale[k]), simd::broadcast<P>(offset[k]));
  }

  /// Rows of S packs: z (if first is 1; else by what was kept of them) and S - first derivatives
  /// become the values of `act` and their derivatives,
  ///   dn = rate (dz - mean dz - n mean(n dz)).
  /// What is kept, if anything, of `padded` features: slope times scale, n, and the rate.
  template <class L, int S, int first, class Act>
  RETRACE_INLINE void along(Act act, int padded, T* z, T* kept) const {
    using P = typename L::Pack;
    using simd::broadcast, simd::load, simd::store;
    constexpr int step = L::own_step;
    P means[1], rates[1];
    if constexpr (first == 1)
      moments<L, S>(z, means, rates);
    else
      rates[0] = load<P>(kept + 2 * padded * step);
    auto const n_of = [&](int k) {
      if constexpr (first == 1)
        return (at<L, S, P>(z, k, 0) - means[0]) * rates[0];
      else
        return load<P>(kept + (padded + k) * step);
    };
    P sum[S], product[S];
    for (int s = first; s < S; ++s) sum[s] = product[s] = broadcast<P>(T(0));
    for (int k = 0; k < width; ++k) {
      P const n = n_of(k);
      for (int s = first; s < S; ++s) {
        sum[s] = sum[s] + at<L, S, P>(z, k, s);
        product[s] = simd::fma(n, at<L, S, P>(z, k, s), product[s]);
      }
    }
    P const share = broadcast<P>(T(1) / T(width));
    for (int s = first; s < S; ++s) sum[s] = sum[s] * share, product[s] = product[s] * share;
    for (int k = 0; k < padded; ++k) {
      P const n = n_of(k);
      P rise;
      if constexpr (first == 1) {
        auto const [value, derivative] = act.slope(argument(k, n));
        rise = derivative * broadcast<P>(scale[k]);
        store(z + k * S * step, value);
        if (kept != nullptr) store(kept + k * step, rise), store(kept + (padded + k) * step, n);
      } else {
        rise = load<P>(kept + k * step);
      }
      for (int s = first; s < S; ++s) {
        P const apart = (at<L, S, P>(z, k, s) - sum[s]) - n * product[s];
        store(z + (k * S + s) * step, rise * (rates[0] * apart));
      }
    }
    if (first == 1 && kept != nullptr) store(kept + 2 * padded * step, rates[0]);
  }

  template <class L, int R, class P>
  [[nodiscard]] static RETRACE_INLINE P at(T const* z, int k, int s) {
    return simd::load<P>(z + (k * R + s) * L::own_step);
  }
};

}  // namespace retrace
