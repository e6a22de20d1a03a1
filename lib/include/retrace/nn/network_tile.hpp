// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/models/divergence_tile.hpp>
#include <retrace/nn/network_layers.hpp>

#include <cstdint>

namespace retrace {

/// A noise level that all lanes have: a row of a table (NetworkShape), and the evaluation's
/// factors.
template <class T>
struct NetworkLevel {
  T const* row;
  NetworkShape shape;
  Evaluation<T> const& e;

  template <class P>
  [[nodiscard]] RETRACE_INLINE P in(int) const {
    return simd::broadcast<P>(row[0]);
  }
  template <class L, class P, int N, int S>
  RETRACE_INLINE void biases(int layer, int o, P (&sum)[N][S]) const {
    T const* const bias = row + shape.bias(layer) + o;
    RETRACE_UNROLL(8)
    for (int n = 0; n < N; ++n) RETRACE_UNROLL(8)
    for (int s = 0; s < S; ++s) sum[n][s] = simd::broadcast<P>(bias[n]);
  }
  template <class P>
  [[nodiscard]] RETRACE_INLINE P skip() const {
    return simd::broadcast<P>(row[1]);
  }
  template <class P>
  [[nodiscard]] RETRACE_INLINE P out() const {
    return simd::broadcast<P>(row[2]);
  }
  /// The prediction is rounded before it is combined, as that of a model outside the kernel is:
  /// fused and batched runs give the same bits.
  template <class P>
  [[nodiscard]] RETRACE_INLINE P combined(int, P x, P made) const {
    P const prediction = simd::fma(out<P>(), made, skip<P>() * x);
    return simd::fma(simd::broadcast<P>(e.out), prediction, simd::broadcast<P>(e.skip) * x);
  }
};

/// A score network in the fused kernel, which knows the divergence of its prediction as well, if
/// its layers do.
template <class T, class Layers = NetworkLayers<T>>
struct NetworkTile {
  using value_type = T;
  static constexpr int dimension_at_compile_time = 0;

  Layers layers;
  T const* levels;

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int dimension() const { return layers.dimension(); }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int scratch(int lanes) const {
    return layers.scratch(lanes);
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int divergence_scratch(int lanes) const
      requires(Layers::knows_derivatives) {
    return layers.divergence_scratch(lanes);
  }

  /// y = skip x + out prediction(x); y may be x.
  template <Lanes L>
  RETRACE_INLINE void operator()(L const& lanes, T const* x, T* y, Evaluation<T> const& e,
                                 T* scratch) const {
    lanes.template each_group<Layers::packs>([&](auto group, int l) {
      layers.template forward<L, decltype(group)::value>(level(e), x + l, y + l,
                                                         scratch + L::own(l));
    });
  }

  /// The same, to the bit, and the divergence of the prediction, [lane]. Scratch is
  /// divergence_scratch(L).
  template <Lanes L>
  RETRACE_INLINE void with_divergence(L const& lanes, T const* x, T* y, Evaluation<T> const& e,
                                      T* divergence, T* scratch) const
      requires(Layers::knows_derivatives) {
    lanes.each([&](int l) {
      layers.template forward_mode<L>(level(e), x + l, y + l, divergence + l, scratch + L::own(l));
    });
  }

 private:
  [[nodiscard]] RETRACE_INLINE NetworkLevel<T> level(Evaluation<T> const& e) const {
    return {levels + std::int64_t{e.level} * layers.shape.row(), layers.shape, e};
  }
};

}  // namespace retrace
