// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/models/tile_model.hpp>
#include <retrace/nn/activation_lanes.hpp>
#include <retrace/nn/layer_norm.hpp>
#include <retrace/nn/network_shape.hpp>
#include <retrace/nn/state_rows.hpp>

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
  Norm norm;

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int dimension() const { return shape.dimension; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int scratch(int lanes) const {
    return rooms() * shape.buffer() * lanes;
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int divergence_scratch(int lanes) const {
    return (rooms() * packs * shape.buffer() + (keeps_slopes() ? shape.depth * kept_rows() : 0)) *
           lanes;
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
        rows::accumulate<L, S>(weights + shape.weight(layer, o), shape.inputs(layer), in, sum);
        T* const result = out + o * S * step;
        if (norm != Norm::none) {
          rows::store<L>(result, sum);
          continue;
        }
        activate<L>(sum, result);
        if (source >= 0) rows::add<L, size * S>(state(source) + o * S * step, result);
      }
      if (norm != Norm::none) normalise<L, S>(layer, out, source < 0 ? nullptr : state(source));
    }
    predict<L, S, S>(level, state(shape.depth - 1), x, y);
  }

  /// f(first output, arguments of the activation) for every block of outputs of a normalised layer.
  template <class L, int S, class F>
  RETRACE_INLINE void each_normalised(int layer, T const* z, F const& f) const {
    using P = typename L::Pack;
    constexpr int size = outputs<P>;
    LayerNorm<T> const norms = layer_norm(layer);
    P mean[S], rate[S];
    norms.template moments<L, S>(z, mean, rate);
    for (int o = 0; o < NetworkShape::padded(shape.width); o += size) {
      P sum[size][S];
      RETRACE_UNROLL(8)
      for (int n = 0; n < size; ++n) RETRACE_UNROLL(8)
      for (int s = 0; s < S; ++s)
        sum[n][s] = norms.argument(
            o + n, (LayerNorm<T>::template at<L, S, P>(z, o + n, s) - mean[s]) * rate[s]);
      f(o, sum);
    }
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
  /// What is kept of a hidden layer: the slopes of its outputs; if it is normalised, n and then the
  /// rate as well.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int kept_rows() const {
    return norm == Norm::none ? NetworkShape::padded(shape.width)
                              : 2 * NetworkShape::padded(shape.width) + 1;
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION LayerNorm<T> layer_norm(int layer) const {
    T const* const scale = weights + shape.norm(layer);
    return {scale, scale + NetworkShape::padded(shape.width), shape.width};
  }
  template <class L, int N, int S, class P>
  RETRACE_INLINE void activate(P const (&sum)[N][S], T* result) const {
    activations::with(activation, [&](auto act) {
      RETRACE_UNROLL(8)
      for (int n = 0; n < N; ++n) RETRACE_UNROLL(8)
      for (int s = 0; s < S; ++s)
        simd::store(result + (n * S + s) * L::own_step, act.value(sum[n][s]));
    });
  }
  /// Makes pre-activations a state, to which `added` is added.
  template <class L, int S>
  KOKKOS_FUNCTION void normalise(int layer, T* z, T const* added) const {
    constexpr int size = outputs<typename L::Pack>;
    each_normalised<L, S>(layer, z, [&](int o, auto const& sum) {
      T* const result = z + o * S * L::own_step;
      activate<L>(sum, result);
      if (added != nullptr) rows::add<L, size * S>(added + o * S * L::own_step, result);
    });
  }

  /// The same of S - first derivatives, beside values (first = 1) or by what was kept of them.
  template <class L, int S, int first>
  KOKKOS_FUNCTION void normalise_along(int layer, T* z, T* kept, T const* added) const {
    constexpr int size = outputs<typename L::Pack>;
    int const padded = NetworkShape::padded(shape.width);
    activations::with(activation, [&](auto act) {
      layer_norm(layer).template along<L, S, first>(act, padded, z,
                                                    keeps_slopes() ? kept : nullptr);
    });
    if (added != nullptr)
      for (int o = 0; o < padded; o += size)
        rows::add<L, size * S>(added + o * S * L::own_step, z + o * S * L::own_step);
  }

  template <class L, int S, int R, int N, class Level>
  RETRACE_INLINE void predict_some(Level const& level, int o, T const* in, T const* x, T* y) const {
    using P = typename L::Pack;
    P sum[N][S];
    level.template biases<L>(shape.depth, o, sum);
    rows::accumulate<L, R>(weights + shape.weight(shape.depth, o), shape.width, in, sum);
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
      T* const kept = slopes + layer * kept_rows() * step;
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
          rows::accumulate<L, S>(weight, shape.width, in, sum);
        } else if constexpr (values == Values::with) {
          for (int j = 0; j < dimension(); ++j) {
            P const a = scale * load<P>(x + j * L::lanes);
            RETRACE_UNROLL(8)
            for (int n = 0; n < size; ++n)
              sum[n][0] =
                  simd::fma(a, broadcast<P>(weight[j * NetworkShape::block + n]), sum[n][0]);
          }
        }
        T *const result = out + o * S * step, *const slope = kept + o * step;
        if (norm != Norm::none) {
          rows::store<L>(result, sum);
          continue;
        }
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
        if (source >= 0) rows::add<L, size * S>(state(source) + o * S * step, result);
      }
      if (norm != Norm::none)
        normalise_along<L, S, first>(layer, out, kept, source < 0 ? nullptr : state(source));
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
