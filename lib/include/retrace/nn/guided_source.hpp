// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/guided.hpp>
#include <retrace/nn/network_angle_source.hpp>
#include <retrace/nn/network_source.hpp>

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace retrace {

/// Two networks and a weight in the fused kernel. `Inner` is the tile of one of them: with levels
/// of a table (a TileModel), or of each lane (an AngleModel, whose dz/dphi is affine in the
/// prediction, so that the same combination holds).
template <class T, class Inner>
struct GuidedTile {
  using value_type = T;
  static constexpr int dimension_at_compile_time = Inner::dimension_at_compile_time;

  Inner conditional, unconditional;
  T weight;

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int dimension() const { return conditional.dimension(); }
  /// Both predictions, and what one of the two needs at a time.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int scratch(int lanes) const {
    return 2 * dimension() * lanes + conditional.scratch(lanes);
  }

  template <Lanes L>
  RETRACE_INLINE void operator()(L const& lanes, T const* x, T* y, Evaluation<T> const& e,
                                 T* scratch) const {
    using P = typename L::Pack;
    using simd::broadcast, simd::load, simd::store;
    int const rows = dimension() * L::lanes;
    T *const with = scratch, *const without = scratch + rows, *const rest = scratch + 2 * rows;
    Evaluation<T> const plain{e.level, e.condition, T(0), T(1)};
    conditional(lanes, x, with, plain, rest);
    unconditional(lanes, x, without, plain, rest);
    P const out = broadcast<P>(e.out), skip = broadcast<P>(e.skip);
    lanes.flat(dimension(), [&](int j) {
      store(y + j, simd::fma(out, led<P>(with + j, without + j), skip * load<P>(x + j)));
    });
  }

  template <Lanes L>
  RETRACE_INLINE void operator()(L const& lanes, T const* z, T* y, T const* angle, T const* factor,
                                 T* scratch) const {
    using P = typename L::Pack;
    int const rows = dimension() * L::lanes;
    T *const with = scratch, *const without = scratch + rows, *const rest = scratch + 2 * rows;
    conditional(lanes, z, with, angle, factor, rest);
    unconditional(lanes, z, without, angle, factor, rest);
    lanes.flat(dimension(), [&](int j) { simd::store(y + j, led<P>(with + j, without + j)); });
  }

 private:
  template <class P>
  RETRACE_INLINE P led(T const* with, T const* without) const {
    P const c = simd::load<P>(with);
    return simd::fma(simd::broadcast<P>(weight), c - simd::load<P>(without), c);
  }
};

/// Makes fused kernels of a GuidedNetwork: a TileModelSource of two NetworkSource, or an
/// AngleModelSource of two NetworkAngleSource. The matrices are the same in both and kept once.
template <class Source>
class GuidedSource {
 public:
  GuidedSource(Source conditional, Source unconditional, double weight)
      : conditional_(std::move(conditional)),
        unconditional_(std::move(unconditional)),
        weight_(weight) {}

  [[nodiscard]] int dimension() const { return conditional_.dimension(); }

  template <class T, class Inner>
  struct Prepared {
    Inner conditional, unconditional;
    GuidedTile<T, decltype(Inner::tile)> tile;
  };

 protected:
  /// Of what `prepare` makes of a source.
  template <class T, class Prepare>
  [[nodiscard]] auto both(Prepare const& prepare) const {
    auto conditional = prepare(conditional_), unconditional = prepare(unconditional_);
    using Inner = decltype(conditional);
    auto other = unconditional.tile;
    other.layers.weights = conditional.tile.layers.weights;
    unconditional.weights = {};
    GuidedTile<T, decltype(Inner::tile)> const tile{conditional.tile, other,
                                                    static_cast<T>(weight_)};
    return Prepared<T, Inner>{std::move(conditional), std::move(unconditional), tile};
  }
  [[nodiscard]] Source const& conditional() const { return conditional_; }

 private:
  Source conditional_, unconditional_;
  double weight_;
};

class GuidedNetworkSource : public GuidedSource<NetworkSource> {
 public:
  Prediction prediction;

  explicit GuidedNetworkSource(GuidedNetwork const& network)
      : GuidedSource(NetworkSource(network.conditional), NetworkSource(network.unconditional),
                     network.weight),
        prediction(network.prediction()) {}

  template <class T>
  [[nodiscard]] std::size_t bytes_per_level() const {
    return 2 * conditional().template bytes_per_level<T>();
  }
  template <class T, int Dim, class Exec>
  [[nodiscard]] auto prepare(Exec const& exec, std::span<NoiseLevel const> levels) const {
    return both<T>([&](NetworkSource const& source) {
      return source.template prepare<T, Dim, Exec>(exec, levels);
    });
  }
};

class GuidedAngleSource : public GuidedSource<NetworkAngleSource> {
 public:
  using GuidedSource::GuidedSource;

  template <class T, int Dim, class Exec>
  [[nodiscard]] auto prepare(Exec const& exec) const {
    return both<T>([&](NetworkAngleSource const& source) {
      return source.template prepare<T, Dim, Exec>(exec);
    });
  }
};

}  // namespace retrace
