// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/simd.hpp>

namespace retrace {

/// sum_k w_k (a_k - mean a) . (b_k - mean b) over a stream of weighted pairs of vectors, for one
/// pack of lanes. What comes together is summed about its own means, and then joined with what was
/// before (Chan, Golub and LeVeque 1983, Am. Stat. 37, eq. 2.1b), so that nothing large is
/// subtracted: at little noise a mixture's states lie much closer to each other than to the origin.
/// Means are in registers where the dimension is known at compile time, else in scratch(), [2 d]
/// rows of `stride` lanes.
template <class P, int Dim, int stride>
class StreamedCovariance {
  using T = typename simd::traits<P>::value;

 public:
  [[nodiscard]] static KOKKOS_FUNCTION int scratch(int dimension) {
    return Dim > 0 ? 0 : 2 * dimension * stride;
  }

  /// `room` is that of the pack's first lane.
  RETRACE_INLINE StreamedCovariance(int dimension, T* room) : dimension_(dimension), room_(room) {
    for (int j = 0; j < dimension; ++j) {
      set_mean(0, j, zero());
      set_mean(1, j, zero());
    }
  }

  /// Multiplies all weights so far.
  RETRACE_INLINE void rescale(P factor) {
    weight_ = weight_ * factor;
    sum_ = sum_ * factor;
  }

  /// pair(k, j, a, b) sets coordinate j of the pair with weight[k]. Weights add up to more than 0.
  template <int N, class Pair>
  RETRACE_INLINE void join(P const (&weight)[N], Pair const& pair) {
    using simd::fma;
    P added = weight[0];
    RETRACE_UNROLL(8)
    for (int k = 1; k < N; ++k) added = added + weight[k];
    P const per_weight = simd::broadcast<P>(T(1)) / added;
    P const all = weight_ + added, share = added / all, between = weight_ * share;
    int const d = Dim > 0 ? Dim : dimension_;
    RETRACE_UNROLL(8)
    for (int j = 0; j < d; ++j) {
      P a[N], b[N], mean_a = zero(), mean_b = zero();
      RETRACE_UNROLL(8)
      for (int k = 0; k < N; ++k) {
        pair(k, j, a[k], b[k]);
        mean_a = fma(weight[k], a[k], mean_a);
        mean_b = fma(weight[k], b[k], mean_b);
      }
      mean_a = mean_a * per_weight;
      mean_b = mean_b * per_weight;
      RETRACE_UNROLL(8)
      for (int k = 0; k < N; ++k) sum_ = fma(weight[k] * (a[k] - mean_a), b[k] - mean_b, sum_);
      P const step_a = mean_a - mean(0, j), step_b = mean_b - mean(1, j);
      sum_ = fma(between * step_a, step_b, sum_);
      set_mean(0, j, fma(share, step_a, mean(0, j)));
      set_mean(1, j, fma(share, step_b, mean(1, j)));
    }
    weight_ = all;
  }

  /// The sum, relative to the present scale of the weights.
  [[nodiscard]] RETRACE_INLINE P sum() const { return sum_; }

 private:
  [[nodiscard]] static RETRACE_INLINE P zero() { return simd::broadcast<P>(T(0)); }
  [[nodiscard]] RETRACE_INLINE P mean(int which, int j) const {
    if constexpr (Dim > 0)
      return held_[which][j];
    else
      return simd::load<P>(room_ + (which * dimension_ + j) * stride);
  }
  RETRACE_INLINE void set_mean(int which, int j, P value) {
    if constexpr (Dim > 0)
      held_[which][j] = value;
    else
      simd::store(room_ + (which * dimension_ + j) * stride, value);
  }

  int dimension_;
  T* room_;
  // NOLINTNEXTLINE(bugprone-branch-clone): the same for Dim = 1 only
  P held_[2][Dim > 0 ? Dim : 1];
  P weight_ = zero(), sum_ = zero();
};

}  // namespace retrace
