// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/simd.hpp>

namespace retrace {

/// sum_k w_k |a_k - mean a|^2 over a stream of weighted vectors, for one pack of lanes: as
/// StreamedCovariance of a with itself, one coordinate after the other. Means are in registers
/// where the dimension is known at compile time, else in `room`, [d] rows of `stride` lanes.
template <class P, int Dim, int stride>
class StreamedVariance {
  using T = typename simd::traits<P>::value;

 public:
  /// `room` is that of the pack's first lane.
  explicit RETRACE_INLINE StreamedVariance(T* room) : room_(room) {}

  /// The first weights, which add up to `added`, more than 0.
  RETRACE_INLINE void start(P added) {
    per_weight_ = simd::broadcast<P>(T(1)) / added;
    weight_ = added;
  }
  /// Further ones; those so far are multiplied by a factor.
  RETRACE_INLINE void go_on(P added, P factor) {
    weight_ = weight_ * factor;
    sum_ = sum_ * factor;
    per_weight_ = simd::broadcast<P>(T(1)) / added;
    P const all = weight_ + added;
    share_ = added / all;
    between_ = weight_ * share_;
    weight_ = all;
    joins_ = true;
  }

  /// Coordinate j of the vectors with the weights announced, and its weighted sum.
  template <int N>
  RETRACE_INLINE void join(int j, P const (&weight)[N], P const (&a)[N], P total) {
    using simd::fma;
    P const mean_a = total * per_weight_;
    if constexpr (N > 1) {
      RETRACE_UNROLL(8)
      for (int k = 0; k < N; ++k) {
        P const off = a[k] - mean_a;
        sum_ = fma(weight[k] * off, off, sum_);
      }
    }
    if (joins_) {
      P const step = mean_a - mean(j);
      sum_ = fma(between_ * step, step, sum_);
      set_mean(j, fma(share_, step, mean(j)));
    } else {
      set_mean(j, mean_a);
    }
  }

  /// The sum, relative to the present scale of the weights.
  [[nodiscard]] RETRACE_INLINE P sum() const { return sum_; }

 private:
  [[nodiscard]] static RETRACE_INLINE P zero() { return simd::broadcast<P>(T(0)); }
  [[nodiscard]] RETRACE_INLINE P mean(int j) const {
    if constexpr (Dim > 0)
      return held_[j];
    else
      return simd::load<P>(room_ + j * stride);
  }
  RETRACE_INLINE void set_mean(int j, P value) {
    if constexpr (Dim > 0)
      held_[j] = value;
    else
      simd::store(room_ + j * stride, value);
  }

  T* room_;
  // NOLINTNEXTLINE(bugprone-branch-clone): the same for Dim = 1 only
  P held_[Dim > 0 ? Dim : 1] = {};
  P weight_ = zero(), sum_ = zero(), per_weight_ = zero(), share_ = zero(), between_ = zero();
  bool joins_ = false;
};

}  // namespace retrace
