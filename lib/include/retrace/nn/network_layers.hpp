// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/models/tile_model.hpp>
#include <retrace/nn/activation_lanes.hpp>
#include <retrace/nn/network_shape.hpp>

namespace retrace {

/// The layers of a score network in kernels: what NetworkTile and NetworkAngleTile have in common.
///
/// Samples are in lanes, features in rows. A few packs of lanes go through all layers together, so
/// that what they hold stays in the first cache level; of every layer a block of outputs is summed
/// in registers, packs times outputs, from the bias on, and leaves them through the activation.
/// Every number is the same sum in the same order whatever the packs, so tiles and lanes change no
/// bit.
///
/// The divergence takes derivatives along the d axes through the layers, as three packs of the same
/// samples: the values and two derivatives, which are multiplied by the slope of the activation as
/// they leave; then, by slopes that were kept, three more derivatives at a time.
///
/// A `Level` is what the layers are told of noise levels, the same for all lanes or not:
///   in<P>(s)          what the x of pack s are multiplied by
///   biases<L>(layer, o, sum)   sum[n][s] = the bias of output o + n of a layer in pack s
///   combined(s, x, F) what becomes of an x and the F that the network makes of it
///   skip<P>(), out<P>()   the prediction is skip x + out F; for one pack
template <class T>
struct NetworkLayers {
  static constexpr int packs = 3;  ///< that go through the layers together
  static constexpr bool knows_derivatives = true;
  /// Outputs that are summed in registers at a time: 3 x 8 sums of 32 registers, 3 x 4 of 16.
  template <class P>
  static constexpr int outputs = sizeof(P) == 32 ? 4 : NetworkShape::block;

  T const* weights;
  NetworkShape shape;
  Activation activation;
  Skip skip;

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int dimension() const { return shape.dimension; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int scratch(int lanes) const {
    return rooms() * shape.buffer() * lanes;
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int divergence_scratch(int lanes) const {
    return (rooms() * packs * shape.buffer() + (keeps_slopes() ? shape.bias(shape.depth) : 0)) *
           lanes;
  }

  /// sum[n][s] += weight[n][k] in[k][s] over all inputs k, for S packs of rows that hold R.
  template <class L, int R, int N, int S, class P>
  static RETRACE_INLINE void accumulate(T const* weight, int inputs, T const* in, P (&sum)[N][S]) {
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

  /// What the first layer sees of S packs.
  template <class L, int S, class Level>
  RETRACE_INLINE void enter(Level const& level, T const* x, T* in) const {
    using P = typename L::Pack;
    for (int s = 0; s < S; ++s) {
      P const scale = level.template in<P>(s);
      for (int j = 0; j < dimension(); ++j)
        simd::store(in + (j * S + s) * L::own_step,
                    scale * simd::load<P>(x + j * L::lanes + s * simd::width<P>));
    }
  }

  /// y of S packs, of scratch(width) each.
  template <class L, int S, class Level>
  KOKKOS_FUNCTION void forward(Level const& level, T const* x, T* y, T* scratch) const {
    using P = typename L::Pack;
    constexpr int step = L::own_step, size = outputs<P>;
    auto const state = [&](int layer) { return scratch + room(layer) * shape.buffer() * S * step; };
    enter<L, S>(level, x, state(-1));
    for (int layer = 0; layer < shape.depth; ++layer) {
      T *const in = state(layer - 1), *const out = state(layer);
      int const source = skip_source(skip, shape.depth, layer);
      for (int o = 0; o < NetworkShape::padded(shape.width); o += size) {
        P sum[size][S];
        level.template biases<L>(layer, o, sum);
        accumulate<L, S>(weights + shape.weight(layer, o), shape.inputs(layer), in, sum);
        T* const result = out + o * S * step;
        activations::with(activation, [&](auto act) {
          RETRACE_UNROLL(8)
          for (int n = 0; n < size; ++n) RETRACE_UNROLL(8)
          for (int s = 0; s < S; ++s)
            simd::store(result + (n * S + s) * step, act.value(sum[n][s]));
        });
        if (source >= 0) add_state<L, size * S>(state(source) + o * S * step, result);
      }
    }
    predict<L, S, S>(level, state(shape.depth - 1), x, y);
  }

  /// The same of one pack, and the divergence of the prediction. Scratch is divergence_scratch().
  template <class L, class Level>
  KOKKOS_FUNCTION void forward_mode(Level const& level, T const* x, T* y, T* divergence,
                                    T* scratch) const {
    using P = typename L::Pack;
    using simd::broadcast;
    P trace = broadcast<P>(T(0));
    if (dimension() == 1)
      trace = along_axes<L, 2, Values::with>(level, 0, x, y, trace, scratch);
    else
      trace = along_axes<L, packs, Values::with>(level, 0, x, y, trace, scratch);
    int axis = packs - 1;
    for (; axis + packs <= dimension(); axis += packs)
      trace = along_axes<L, packs, Values::without>(level, axis, x, y, trace, scratch);
    if (dimension() - axis == 2)
      trace = along_axes<L, 2, Values::without>(level, axis, x, y, trace, scratch);
    if (dimension() - axis == 1)
      trace = along_axes<L, 1, Values::without>(level, axis, x, y, trace, scratch);
    simd::store(divergence, simd::fma(level.template out<P>(), trace,
                                      broadcast<P>(T(dimension())) * level.template skip<P>()));
  }

  /// The output layer, of S packs of rows that hold R. The prediction is rounded before it is
  /// combined, as that of a model outside the kernel is: fused and batched runs give the same bits.
  template <class L, int S, int R, class Level>
  RETRACE_INLINE void predict(Level const& level, T const* in, T const* x, T* y) const {
    constexpr int many = outputs<typename L::Pack>, few = 2;
    for (int o = 0; o < dimension();) {
      if (dimension() - o > few) {
        predict_some<L, S, R, many>(level, o, in, x, y);
        o += many;
      } else {
        predict_some<L, S, R, few>(level, o, in, x, y);
        o += few;
      }
    }
  }

  /// Rooms for states: two that layers use in turn, and one for each state that is kept.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int rooms() const {
    return 2 + kept_layers(skip, shape.depth);
  }
  /// The room of the output of a hidden layer; of what enters the first one for -1.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int room(int layer) const {
    return layer >= 0 && layer < kept_layers(skip, shape.depth) ? 2 + layer : (layer + 1) % 2;
  }

 private:
  [[nodiscard]] KOKKOS_INLINE_FUNCTION bool keeps_slopes() const { return dimension() >= packs; }
  /// out[i] += in[i], for the packs of one block.
  template <class L, int count>
  static RETRACE_INLINE void add_state(T const* in, T* out) {
    using P = typename L::Pack;
    RETRACE_UNROLL(24)
    for (int i = 0; i < count; ++i)
      simd::store(out + i * L::own_step,
                  simd::load<P>(out + i * L::own_step) + simd::load<P>(in + i * L::own_step));
  }

  template <class L, int S, int R, int N, class Level>
  RETRACE_INLINE void predict_some(Level const& level, int o, T const* in, T const* x, T* y) const {
    using P = typename L::Pack;
    P sum[N][S];
    level.template biases<L>(shape.depth, o, sum);
    accumulate<L, R>(weights + shape.weight(shape.depth, o), shape.width, in, sum);
    for (int n = 0; n < N && o + n < dimension(); ++n)
      for (int s = 0; s < S; ++s) {
        int const at = (o + n) * L::lanes + s * simd::width<P>;
        simd::store(y + at, level.combined(s, simd::load<P>(x + at), sum[n][s]));
      }
  }

  enum class Values { with, without };

  /// Takes S packs through the layers: derivatives along neighbouring axes, the values before them
  /// where asked for, which write y. Adds to the trace what the axes contribute.
  template <class L, int S, Values values, class Level, class P = typename L::Pack>
  KOKKOS_FUNCTION P along_axes(Level const& level, int axis, T const* x, T* y, P trace,
                               T* scratch) const {
    using simd::broadcast, simd::load, simd::store;
    constexpr int step = L::own_step, size = outputs<P>, first = values == Values::with ? 1 : 0;
    auto const state = [&](int layer) {
      return scratch + room(layer) * shape.buffer() * packs * step;
    };
    P const scale = level.template in<P>(0);
    T* const slopes = scratch + rooms() * shape.buffer() * packs * step;
    for (int layer = 0; layer < shape.depth; ++layer) {
      T *const in = state(layer - 1), *const out = state(layer);
      int const source = skip_source(skip, shape.depth, layer);
      for (int o = 0; o < NetworkShape::padded(shape.width); o += size) {
        T const* const weight = weights + shape.weight(layer, o);
        P sum[size][S];
        [[maybe_unused]] P bias[size][1];
        if constexpr (values == Values::with) level.template biases<L>(layer, o, bias);
        RETRACE_UNROLL(8)
        for (int n = 0; n < size; ++n) {
          if constexpr (values == Values::with) sum[n][0] = bias[n][0];
          RETRACE_UNROLL(8)
          for (int s = first; s < S; ++s)
            sum[n][s] =
                layer > 0
                    ? broadcast<P>(T(0))
                    : scale * broadcast<P>(weight[(axis + s - first) * NetworkShape::block + n]);
        }
        if (layer > 0) {
          accumulate<L, S>(weight, shape.width, in, sum);
        } else if constexpr (values == Values::with) {
          for (int j = 0; j < dimension(); ++j) {
            P const a = scale * load<P>(x + j * L::lanes);
            RETRACE_UNROLL(8)
            for (int n = 0; n < size; ++n)
              sum[n][0] =
                  simd::fma(a, broadcast<P>(weight[j * NetworkShape::block + n]), sum[n][0]);
          }
        }
        T *const result = out + o * S * step, *const slope =
                                                  slopes +
                                                  (shape.bias(layer) - shape.bias(0) + o) * step;
        activations::with(activation, [&](auto act) {
          RETRACE_UNROLL(8)
          for (int n = 0; n < size; ++n) {
            P rise;
            if constexpr (values == Values::with) {
              auto const [value, derivative] = act.slope(sum[n][0]);
              store(result + n * S * step, value);
              if (keeps_slopes()) store(slope + n * step, derivative);
              rise = derivative;
            } else {
              rise = load<P>(slope + n * step);
            }
            RETRACE_UNROLL(8)
            for (int s = first; s < S; ++s) store(result + (n * S + s) * step, rise * sum[n][s]);
          }
        });
        if (source >= 0) add_state<L, size * S>(state(source) + o * S * step, result);
      }
    }
    T const* const in = state(shape.depth - 1);
    if constexpr (values == Values::with) predict<L, 1, S>(level, in, x, y);
    for (int s = first; s < S; ++s) {
      T const* weight = weights + shape.weight(shape.depth, axis + s - first);
      P sum = broadcast<P>(T(0));
      for (int k = 0; k < shape.width; ++k)
        sum = simd::fma(load<P>(in + (k * S + s) * step),
                        broadcast<P>(weight[k * NetworkShape::block]), sum);
      trace = trace + sum;
    }
    return trace;
  }
};

}  // namespace retrace
