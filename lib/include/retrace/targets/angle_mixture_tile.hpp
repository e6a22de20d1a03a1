// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/lane_math.hpp>
#include <retrace/models/divergence_tile.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/targets/streamed_variance.hpp>

#include <Kokkos_Macros.hpp>

#include <cstdint>
#include <numbers>

namespace retrace {

/// Where the numbers of one component lie in a row of the table: its weight as a logit in units of
/// log 2, its mean, and isotropic its variance, full its eigenvalues and eigenvectors.
template <CovarianceShape shape>
struct AngleMixtureRow {
  int dimension;

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int mean() const { return 1; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int spectrum() const { return 1 + dimension; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int basis() const { return 1 + 2 * dimension; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int size() const {
    return shape == CovarianceShape::full ? basis() + dimension * dimension : 2 + dimension;
  }
};

/// The probability flow of a Gaussian mixture at a noise level of each lane's own (an AngleModel).
/// At angle phi, c = cos phi and s = sin phi, component k is N(c m, S), S = c^2 C + s^2, and from
/// it
///   dz/dphi = s (c (1 - C) S^-1 (z - c m) - m),
/// of which flow is the mean, by how probable the components are. Nothing is subtracted that is not
/// small where the difference is. Its divergence (this is an AngleDivergenceModel) is the mean of
/// s c tr((1 - C) S^-1) less the covariance of these flows with S^-1 (z - c m), which is c / s
/// times the flow plus s z: of the flows without s, s c times the variance. Roots and divisions
/// that MixtureTile finds in a table for each level are done here in every lane; densities of more
/// than a few dimensions, whose factors |S|^(-1/2) might overflow, take logarithms.
template <class T, int Dim, CovarianceShape shape>
struct AngleMixtureTile {
  using value_type = T;
  static constexpr int dimension_at_compile_time = Dim;
  static constexpr bool full = shape == CovarianceShape::full;
  static constexpr int chunk = full ? 1 : 8;  ///< components at a time

  T const* table;  ///< [component, padded to a multiple of chunk][row]
  AngleMixtureRow<shape> row;
  int components;  ///< padded

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int dimension() const { return row.dimension; }
  /// Weighted sums, and a state in an eigenbasis, where they do not fit into registers.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int scratch(int lanes) const {
    return Dim > 0 ? 0 : (full ? 2 : 1) * row.dimension * lanes;
  }

  template <Lanes L>
  RETRACE_INLINE void operator()(L const& lanes, T const* z, T* y, T const* angle, T const* factor,
                                 T* scratch) const {
    evaluate<Want::prediction>(lanes, z, y, angle, factor, nullptr, scratch);
  }

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int divergence_scratch(int lanes) const {
    return Dim > 0 ? 0 : 3 * row.dimension * lanes;
  }
  template <Lanes L>
  RETRACE_INLINE void with_divergence(L const& lanes, T const* z, T* y, T const* angle,
                                      T const* factor, T* divergence, T* scratch) const {
    evaluate<Want::divergence>(lanes, z, y, angle, factor, divergence, scratch);
  }

 private:
  template <Want want, Lanes L>
  RETRACE_INLINE void evaluate(L const& lanes, T const* z, T* y, T const* angle, T const* factor,
                               [[maybe_unused]] T* divergence, T* scratch) const {
    using P = typename L::Pack;
    using simd::broadcast, simd::load, simd::store, simd::fma;
    constexpr int stride = L::lanes;
    AngleMixtureRow<shape> const at{Dim > 0 ? Dim : row.dimension};
    int const d = at.dimension, width = at.size();
    lanes.each([&](int l) {
      // NOLINTNEXTLINE(bugprone-branch-clone): the same for Dim = 1 only
      [[maybe_unused]] P held[2][Dim > 0 ? Dim : 1] = {};
      auto const kept = [&](int which, int j) {
        if constexpr (Dim > 0)
          return held[which][j];
        else
          return load<P>(scratch + (which * d + j) * stride + l);
      };
      auto const keep = [&](int which, int j, P value) {
        if constexpr (Dim > 0)
          held[which][j] = value;
        else
          store(scratch + (which * d + j) * stride + l, value);
      };
      auto const component = [&](int j) { return load<P>(z + j * stride + l); };

      Level<P> level;
      P sine;
      simd::sincos_acute(load<P>(angle + l), sine, level.shrink);
      level.variance = sine * sine;
      level.shrink2 = level.shrink * level.shrink;
      P const zero = broadcast<P>(T(0));
      // Coordinate j of z - c m, of a vector kept in the eigenbasis, and of a component's flow.
      auto const away = [&](T const* numbers, int j) {
        return fma(zero - level.shrink, broadcast<P>(numbers[at.mean() + j]), component(j));
      };
      auto const flow = [&](T const* numbers, int j, [[maybe_unused]] P pull) {
        P const back = zero - broadcast<P>(numbers[at.mean() + j]);
        if constexpr (full) {
          P sum = back;
          RETRACE_UNROLL(8)
          for (int i = 0; i < d; ++i)
            sum = fma(broadcast<P>(numbers[at.basis() + i * d + j]), kept(1, i), sum);
          return sum;
        } else {
          return fma(pull, away(numbers, j), back);
        }
      };
      P largest = broadcast<P>(T(-1e30)), total = zero;
      [[maybe_unused]] P traces = zero;
      [[maybe_unused]] StreamedVariance<P, Dim, stride> variance(scratch + 2 * d * stride + l);
      for (int first = 0; first < components; first += chunk) {
        T const* const rows = table + static_cast<std::int64_t>(first) * width;
        P weight[chunk], height[chunk], pull[chunk], top = largest;
        RETRACE_UNROLL(8)
        for (int k = 0; k < chunk; ++k) {
          T const* const numbers = rows + k * width;
          if constexpr (full)
            weight[k] = rotated(numbers, at, level, component, height[k],
                                [&](int j, P value) { keep(1, j, value); });
          else
            weight[k] = scaled(numbers, at, level, component, height[k], pull[k]);
          top = simd::max(top, weight[k]);
        }
        P const shrink = first > 0 ? simd::exp2(largest - top) : zero;
        largest = top;
        P added = zero;
        RETRACE_UNROLL(8)
        for (int k = 0; k < chunk; ++k) {
          weight[k] = simd::exp2(weight[k] - top);  // a logit so far
          if (has_height(d)) weight[k] = weight[k] * height[k];
          added = added + weight[k];
        }
        total = first > 0 ? fma(total, shrink, added) : added;
        if constexpr (want == Want::divergence) {
          if (first > 0)
            variance.go_on(added, shrink);
          else
            variance.start(added);
        }
        RETRACE_UNROLL(8)
        for (int j = 0; j < d; ++j) {
          P of_component[chunk], sum = zero;
          RETRACE_UNROLL(8)
          for (int k = 0; k < chunk; ++k) {
            of_component[k] = flow(rows + k * width, j, pull[k]);
            sum = fma(weight[k], of_component[k], sum);
          }
          keep(0, j, first > 0 ? fma(kept(0, j), shrink, sum) : sum);
          if constexpr (want == Want::divergence) variance.join(j, weight, of_component, sum);
        }
        if constexpr (want == Want::divergence) {
          traces = traces * shrink;
          RETRACE_UNROLL(8)
          for (int k = 0; k < chunk; ++k)
            traces = fma(weight[k], trace(rows + k * width, at, level, pull[k]), traces);
        }
      }
      P const scale = load<P>(factor + l) * sine / total;
      RETRACE_UNROLL(8)
      for (int j = 0; j < d; ++j) store(y + j * stride + l, scale * kept(0, j));
      if constexpr (want == Want::divergence)
        store(divergence + l, scale * fma(zero - level.shrink, variance.sum(), traces));
    });
  }

  template <class P>
  struct Level {
    P shrink, shrink2, variance;  ///< c, c^2, s^2
  };
  static constexpr T half_per_log2 = T(0.5 * std::numbers::log2e);

  /// Whether |S|^(-1/2) is a factor of the weights and not a part of their logits.
  static RETRACE_INLINE bool has_height(int dimension) { return dimension <= 3; }

  /// The logit of an isotropic component, |S|^(-1/2) where it is a factor, and c (1 - v) / S.
  template <class P, class Component>
  static RETRACE_INLINE P scaled(T const* numbers, AngleMixtureRow<shape> at, Level<P> const& level,
                                 Component const& component, P& height, P& pull) {
    using simd::broadcast, simd::fma;
    P const v = broadcast<P>(numbers[at.spectrum()]), one = broadcast<P>(T(1));
    P const spread = fma(v, level.shrink2, level.variance), precision = one / spread;
    P square = broadcast<P>(T(0));
    RETRACE_UNROLL(8)
    for (int j = 0; j < at.dimension; ++j) {
      P const r = fma(broadcast<P>(T(0)) - level.shrink, broadcast<P>(numbers[at.mean() + j]),
                      component(j));
      square = fma(r, r, square);
    }
    pull = level.shrink * (one - v) * precision;
    P twice = square * precision;
    if (has_height(at.dimension)) {
      height = at.dimension == 2 ? precision : simd::sqrt(precision);
      if (at.dimension == 3) height = height * precision;
    } else {
      twice = fma(broadcast<P>(T(at.dimension)), simd::log(spread), twice);
    }
    return fma(twice, broadcast<P>(-half_per_log2), broadcast<P>(numbers[0]));
  }

  /// c tr((1 - C) S^-1) of a component.
  template <class P>
  static RETRACE_INLINE P trace(T const* numbers, AngleMixtureRow<shape> at, Level<P> const& level,
                                [[maybe_unused]] P pull) {
    using simd::broadcast, simd::fma;
    if constexpr (!full) return broadcast<P>(T(at.dimension)) * pull;
    P sum = broadcast<P>(T(0));
    RETRACE_UNROLL(8)
    for (int i = 0; i < at.dimension; ++i) {
      P const v = broadcast<P>(numbers[at.spectrum() + i]);
      sum = sum + (broadcast<P>(T(1)) - v) / fma(v, level.shrink2, level.variance);
    }
    return level.shrink * sum;
  }

  /// The logit of a full component, and |S|^(-1/2) where it is a factor; keeps c (1 - C) S^-1
  /// (z - c m) in its eigenbasis.
  template <class P, class Component, class Keep>
  static RETRACE_INLINE P rotated(T const* numbers, AngleMixtureRow<shape> at,
                                  Level<P> const& level, Component const& component, P& height,
                                  Keep const& keep) {
    using simd::broadcast, simd::fma;
    int const d = at.dimension;
    P const one = broadcast<P>(T(1)), back = broadcast<P>(T(0)) - level.shrink;
    P twice = broadcast<P>(T(0)), determinant = one;
    RETRACE_UNROLL(8)
    for (int i = 0; i < d; ++i) {
      T const* const axis = numbers + at.basis() + i * d;
      P along = broadcast<P>(T(0));
      RETRACE_UNROLL(8)
      for (int j = 0; j < d; ++j)
        along = fma(broadcast<P>(axis[j]),
                    fma(back, broadcast<P>(numbers[at.mean() + j]), component(j)), along);
      P const v = broadcast<P>(numbers[at.spectrum() + i]);
      P const spread = fma(v, level.shrink2, level.variance), pulled = along / spread;
      twice = fma(along, pulled, twice);
      if (has_height(d))
        determinant = determinant * spread;
      else
        twice = twice + simd::log(spread);
      keep(i, level.shrink * (one - v) * pulled);
    }
    height = has_height(d) ? one / simd::sqrt(determinant) : one;
    return fma(twice, broadcast<P>(-half_per_log2), broadcast<P>(numbers[0]));
  }
};

}  // namespace retrace
