// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/lane_math.hpp>
#include <retrace/core/piecewise_polynomial.hpp>
#include <retrace/models/divergence_tile.hpp>
#include <retrace/nn/network_layers.hpp>

#include <cstdint>

namespace retrace {

/// The noise levels of S packs of lanes, each lane's own: the time embedding is one more input of
/// the hidden layers, whose sums begin with it. A Level of NetworkLayers, for z and dz/dphi in
/// place of x and the prediction.
template <class Tile, class L, int S>
struct NetworkLaneLevel {
  using T = typename Tile::value_type;
  static constexpr int step = L::own_step;
  enum Row { in_row, skip_row, out_row, condition_row, features_row };

  Tile const& tile;
  T* own;  ///< [row][pack]

  [[nodiscard]] RETRACE_INLINE T* at(int row, int s) const { return own + (row * S + s) * step; }
  template <class P>
  [[nodiscard]] RETRACE_INLINE P in(int s) const {
    return simd::load<P>(at(in_row, s));
  }
  template <class Walk, class P, int N, int Packs>
  RETRACE_INLINE void biases(int layer, int o, P (&sum)[N][Packs]) const {
    NetworkShape const& shape = tile.layers.shape;
    T const* const bias = tile.biases + shape.bias(layer) + o;
    RETRACE_UNROLL(8)
    for (int n = 0; n < N; ++n) RETRACE_UNROLL(8)
    for (int s = 0; s < Packs; ++s) sum[n][s] = simd::broadcast<P>(bias[n]);
    if (layer < tile.embedded)
      rows::accumulate<L, S>(tile.embedding + tile.embedding_weight(layer, o),
                             2 * tile.frequency_count, at(features_row, 0), sum);
  }
  template <class P>
  [[nodiscard]] RETRACE_INLINE P skip() const {
    return simd::load<P>(at(skip_row, 0));
  }
  template <class P>
  [[nodiscard]] RETRACE_INLINE P out() const {
    return simd::load<P>(at(out_row, 0));
  }
  template <class P>
  [[nodiscard]] RETRACE_INLINE P combined(int s, P z, P made) const {
    return simd::fma(simd::load<P>(at(out_row, s)), made, simd::load<P>(at(skip_row, s)) * z);
  }
};

/// The probability flow of a score network at a noise level of each lane's own (an AngleModel, and
/// an AngleDivergenceModel). What an angle means to the network comes from a table over
/// lambda = -log tan phi: its condition, s, and what turns a flow prediction into dz/dphi.
template <class T>
struct NetworkAngleTile {
  using value_type = T;
  static constexpr int dimension_at_compile_time = 0;

  /// The functions of the table; the last two where the network predicts the flow.
  enum Function { of_condition, of_radius, of_flow_skip, of_flow_out };

  NetworkLayers<T> layers;
  T const* biases;       ///< a row of NetworkShape, without the embedding
  T const* embedding;    ///< [layer that sees it][block of 8 outputs][feature][8]
  T const* frequencies;  ///< turns for each unit of the condition
  int frequency_count;
  int embedded;  ///< the first hidden layers, which see the embedding
  PiecewiseTile<T> table;
  Prediction prediction;
  Preconditioning preconditioning;
  T sigma_data;

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int dimension() const { return layers.dimension(); }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int scratch(int lanes) const {
    return level_rows() * lanes + layers.scratch(lanes);
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int divergence_scratch(int lanes) const {
    return level_rows() * lanes + layers.divergence_scratch(lanes);
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION std::int64_t embedding_weight(int layer, int o) const {
    constexpr int block = NetworkShape::block;
    return (std::int64_t{layer} * NetworkShape::padded(layers.shape.width) + o / block * block) *
               2 * frequency_count +
           o % block;
  }

  template <Lanes L>
  RETRACE_INLINE void operator()(L const& lanes, T const* z, T* y, T const* angle, T const* factor,
                                 T* scratch) const {
    lanes.template each_group<NetworkLayers<T>::packs>([&](auto group, int l) {
      constexpr int size = decltype(group)::value;
      auto const level = settle<L, size>(angle + l, factor + l, scratch + L::own(l));
      layers.template forward<L, size>(level, z + l, y + l,
                                       scratch + L::own(l) + level_rows() * size * L::own_step);
    });
  }
  template <Lanes L>
  RETRACE_INLINE void with_divergence(L const& lanes, T const* z, T* y, T const* angle,
                                      T const* factor, T* divergence, T* scratch) const {
    lanes.each([&](int l) {
      auto const level = settle<L, 1>(angle + l, factor + l, scratch + L::own(l));
      layers.template forward_mode<L>(level, z + l, y + l, divergence + l,
                                      scratch + L::own(l) + level_rows() * L::own_step);
    });
  }

 private:
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int level_rows() const { return 4 + 2 * frequency_count; }

  template <class L, int S>
  KOKKOS_FUNCTION NetworkLaneLevel<NetworkAngleTile, L, S> settle(T const* angle, T const* factor,
                                                                  T* own) const {
    using P = typename L::Pack;
    using Level = NetworkLaneLevel<NetworkAngleTile, L, S>;
    using simd::load, simd::store;
    constexpr int width = simd::width<P>;
    Level const level{*this, own};
    for (int s = 0; s < S; ++s) {
      P sine, cosine;
      simd::sincos_acute(load<P>(angle + s * width), sine, cosine);
      look_up<P>(level, s, simd::log(cosine) - simd::log(sine));
      Factors<P> const f = factors<P>(level, s, sine, cosine);
      P const step = load<P>(factor + s * width);
      store(level.at(Level::in_row, s), f.in);
      store(level.at(Level::skip_row, s), step * f.skip);
      store(level.at(Level::out_row, s), step * f.out);
      P const c = load<P>(level.at(Level::condition_row, s));
      for (int k = 0; k < frequency_count; ++k) {
        P const turns = c * simd::broadcast<P>(frequencies[k]);
        store(level.at(Level::features_row + k, s),
              simd::cos_turns(turns - simd::broadcast<P>(T(0.25))));
        store(level.at(Level::features_row + frequency_count + k, s), simd::cos_turns(turns));
      }
    }
    return level;
  }

  /// Leaves the functions of the table in the rows of a pack.
  template <class P, class Level>
  RETRACE_INLINE void look_up(Level const& level, int s, P lambda) const {
    constexpr int rows[] = {Level::condition_row, Level::in_row, Level::skip_row, Level::out_row};
    simd::store(level.at(Level::in_row, s), lambda);
    for (int lane = 0; lane < simd::width<P>; ++lane)
      table.evaluate(level.at(Level::in_row, s)[lane],
                     [&](int i, T value) { level.at(rows[i], s)[lane] = value; });
  }

  /// dz/dphi = skip z + out F(in z)
  template <class P>
  struct Factors {
    P in, skip, out;
  };
  /// What convert() makes of the prediction in velocities (trace/parameterisation.hpp), over s, by
  /// the angle; of EDM's preconditioning what is left of it when c and s are cancelled.
  template <class P, class Level>
  RETRACE_INLINE Factors<P> factors(Level const& level, int s, P sine, P cosine) const {
    using simd::fma, simd::load;
    P const zero = simd::broadcast<P>(T(0)), one = simd::broadcast<P>(T(1));
    if (preconditioning == Preconditioning::edm) {
      P const data = simd::broadcast<P>(sigma_data), square = data * data;
      P const q = one / simd::sqrt(fma(sine, sine, square * cosine * cosine));
      return {q, sine * cosine * (one - square) * q * q, zero - data * q};
    }
    P const in = load<P>(level.at(Level::in_row, s));
    switch (prediction) {
      case Prediction::noise:
        return {in, zero - sine / cosine, one / cosine};
      case Prediction::denoised:
        return {in, cosine / sine, zero - one / sine};
      case Prediction::score:
        return {in, zero - sine / cosine, zero - in * sine / cosine};
      case Prediction::velocity:
        return {in, zero, one / in};
      case Prediction::flow:
        break;
    }
    return {in, load<P>(level.at(Level::skip_row, s)), load<P>(level.at(Level::out_row, s))};
  }
};

}  // namespace retrace
