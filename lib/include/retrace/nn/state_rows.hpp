// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/simd.hpp>
#include <retrace/nn/network_shape.hpp>

/// States of a network in kernels: rows, one a feature, of a few packs of lanes.
namespace retrace::rows {

/// sum[n][s] += weight[n][k] in[k][s] over all inputs k, for S packs of rows that hold R.
template <class L, int R, class T, int N, int S, class P>
RETRACE_INLINE void accumulate(T const* weight, int inputs, T const* in, P (&sum)[N][S]) {
  for (int k = 0; k < inputs; ++k) {
    P a[S];
    RETRACE_UNROLL(8)
    for (int s = 0; s < S; ++s) a[s] = simd::load<P>(in + s * L::own_step);
    RETRACE_UNROLL(8)
    for (int n = 0; n < N; ++n) {
      P const w = simd::broadcast<P>(weight[n]);
      RETRACE_UNROLL(8)
      for (int s = 0; s < S; ++s) sum[n][s] = simd::fma(a[s], w, sum[n][s]);
    }
    in += R * L::own_step;
    weight += NetworkShape::block;
  }
}

template <class L, class T, int N, int S, class P>
RETRACE_INLINE void store(T* out, P const (&sum)[N][S]) {
  RETRACE_UNROLL(8)
  for (int n = 0; n < N; ++n) RETRACE_UNROLL(8)
  for (int s = 0; s < S; ++s) simd::store(out + (n * S + s) * L::own_step, sum[n][s]);
}

/// out[i] += in[i], for `count` packs.
template <class L, int count, class T>
RETRACE_INLINE void add(T const* in, T* out) {
  using P = typename L::Pack;
  RETRACE_UNROLL(24)
  for (int i = 0; i < count; ++i)
    simd::store(out + i * L::own_step,
                simd::load<P>(out + i * L::own_step) + simd::load<P>(in + i * L::own_step));
}

}  // namespace retrace::rows
