// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/bf16.hpp>
#include <retrace/nn/network_layers.hpp>

#include <cstdint>

namespace retrace {

/// The layers of a score network whose hidden matrices are multiplied in bf16: weights and states
/// are rounded to it, two neighbouring inputs to a word, and sums, biases, activations, the first
/// layer and the output layer stay float. The prediction only. Every number is the same sum in the
/// same order with and without the processor's instruction for it.
struct Bf16Layers : NetworkLayers<float> {
  static constexpr bool knows_derivatives = false;

  simd::Word const* pairs;  ///< [hidden layer from 1][block of 8 outputs][pair of inputs][8]

  /// Pairs of inputs of a hidden layer but the first, and the first word of its output o.
  [[nodiscard]] static KOKKOS_INLINE_FUNCTION int pair_count(int width) {
    return NetworkShape::padded(width) / 2;
  }
  [[nodiscard]] static KOKKOS_INLINE_FUNCTION std::int64_t pair_place(int width, int layer, int o) {
    constexpr int block = NetworkShape::block;
    return (std::int64_t{layer - 1} * NetworkShape::padded(width) + o / block * block) *
               pair_count(width) +
           o % block;
  }

  /// y of S packs, of scratch(width) each.
  template <class L, int S, class Level>
  KOKKOS_FUNCTION void forward(Level const& level, float const* x, float* y, float* scratch) const {
    using P = typename L::Pack;
    constexpr int step = L::own_step, size = outputs<P>;
    auto const state = [&](int layer) { return scratch + room(layer) * shape.buffer() * S * step; };
    enter<L, S>(level, x, state(-1));
    for (int layer = 0; layer < shape.depth; ++layer) {
      float *const in = state(layer - 1), *const out = state(layer);
      int const source = skip_source(skip, shape.depth, layer);
      for (int o = 0; o < NetworkShape::padded(shape.width); o += size) {
        P sum[size][S];
        level.template biases<L>(layer, o, sum);
        if (layer == 0)
          rows::accumulate<L, S>(weights + shape.weight(0, o), dimension(), in, sum);
        else
          accumulate_pairs<L>(pairs + pair_place(shape.width, layer, o), pair_count(shape.width),
                              in, sum);
        if (norm != Norm::none)
          rows::store<L>(out + o * S * step, sum);
        else
          leave<L>(layer, o, source < 0 ? nullptr : state(source), out, sum);
      }
      // Pairs are written where rows have been read.
      if (norm != Norm::none)
        each_normalised<L, S>(layer, out, [&](int o, auto& sum) {
          leave<L>(layer, o, source < 0 ? nullptr : state(source), out, sum);
        });
    }
    predict<L, S, S>(level, state(shape.depth - 1), x, y);
  }

 private:
  /// Makes what the activation is given part of a state, to which `added` is added.
  template <class L, int N, int S, class P>
  RETRACE_INLINE void leave(int layer, int o, float const* added, float* out,
                            P (&sum)[N][S]) const {
    activations::with(activation, [&](auto act) {
      RETRACE_UNROLL(8)
      for (int n = 0; n < N; ++n) RETRACE_UNROLL(8)
      for (int s = 0; s < S; ++s) sum[n][s] = act.value(sum[n][s]);
    });
    if (added != nullptr) add_states<L>(added + o / 2 * S * L::own_step, sum);
    if (layer + 1 < shape.depth)
      store_pairs<L>(out + o / 2 * S * L::own_step, sum);
    else
      rows::store<L>(out + o * S * L::own_step, sum);
  }
  /// sum[n][s] += the products of `count` pairs of inputs, in rows of S packs, and their weights.
  template <class L, int N, int S, class P>
  static RETRACE_INLINE void accumulate_pairs(simd::Word const* weight, int count, float const* in,
                                              P (&sum)[N][S]) {
    using W = typename simd::traits<P>::words;
    for (int k = 0; k < count; ++k) {
      W a[S];
      RETRACE_UNROLL(8)
      for (int s = 0; s < S; ++s) a[s] = simd::bits(simd::load<P>(in + s * L::own_step));
      RETRACE_UNROLL(8)
      for (int n = 0; n < N; ++n) {
        W const w = simd::broadcast<W>(weight[n]);
        RETRACE_UNROLL(8)
        for (int s = 0; s < S; ++s) sum[n][s] = simd::bf16_dot(a[s], w, sum[n][s]);
      }
      in += S * L::own_step;
      weight += NetworkShape::block;
    }
  }
  /// sum[n][s] += the states in a block of rows of pairs.
  template <class L, int N, int S, class P>
  static RETRACE_INLINE void add_states(float const* in, P (&sum)[N][S]) {
    RETRACE_UNROLL(8)
    for (int n = 0; n < N; n += 2) RETRACE_UNROLL(8)
    for (int s = 0; s < S; ++s) {
      auto const pair = simd::bits(simd::load<P>(in + (n / 2 * S + s) * L::own_step));
      sum[n][s] = sum[n][s] + simd::bf16_low(pair);
      sum[n + 1][s] = sum[n + 1][s] + simd::bf16_high(pair);
    }
  }
  template <class L, int N, int S, class P>
  static RETRACE_INLINE void store_pairs(float* out, P const (&sum)[N][S]) {
    RETRACE_UNROLL(8)
    for (int n = 0; n < N; n += 2) RETRACE_UNROLL(8)
    for (int s = 0; s < S; ++s)
      simd::store(out + (n / 2 * S + s) * L::own_step,
                  simd::from_bits(simd::bf16_pair(sum[n][s], sum[n + 1][s])));
  }
};

}  // namespace retrace
