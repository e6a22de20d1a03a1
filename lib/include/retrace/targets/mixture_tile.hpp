// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/lane_math.hpp>
#include <retrace/models/divergence_tile.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/targets/streamed_covariance.hpp>

#include <cstdint>
#include <numbers>

namespace retrace {

/// Where the numbers of one component lie in a row of the table. With logits in units of log 2,
///   logit_k(x) = constant + linear . x + x . quadratic x,     E[x0 | x] = sum_k gamma_k (shift +
///   gain x).
/// Isotropic: quadratic and gain are one number each; full: the upper triangle of a symmetric
/// matrix, and a matrix.
template <CovarianceShape shape>
struct MixtureRow {
  int dimension;

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int linear() const { return 1; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int shift() const { return 1 + dimension; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int quadratic() const { return 1 + 2 * dimension; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int gain() const {
    return quadratic() + (shape == CovarianceShape::full ? dimension * (dimension + 1) / 2 : 1);
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int size() const {
    return gain() + (shape == CovarianceShape::full ? dimension * dimension : 1);
  }
};

/// A Gaussian mixture in the fused kernel: y = skip x + out E[x0 | x]. Any number of components,
/// eight at a time, with a streaming softmax; Dim > 0 is the dimension at compile time, 0 leaves it
/// to `row`. With D_k = E[x0 | x, k] = shift + gain x, the divergence of the prediction (it is a
/// DivergenceTile) is
///   sum_k gamma_k (tr gain_k + grad logit_k . (D_k - D)),
/// a covariance, because the gradients of the logits have the mean that all of them may lack.
template <class T, int Dim, CovarianceShape shape>
struct MixtureTile {
  using value_type = T;
  static constexpr int dimension_at_compile_time = Dim;
  static constexpr int chunk = 8;

  T const* table;  ///< [level][component, padded to a multiple of chunk][row]
  MixtureRow<shape> row;
  int components;  ///< padded

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int dimension() const { return row.dimension; }
  /// Weighted sums, where they do not fit into registers.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int scratch(int lanes) const {
    return Dim > 0 ? 0 : row.dimension * lanes;
  }

  template <Lanes L>
  RETRACE_INLINE void operator()(L const& lanes, T const* x, T* y, Evaluation<T> const& e,
                                 T* scratch) const {
    evaluate<Want::prediction>(lanes, x, y, e, nullptr, scratch);
  }

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int divergence_scratch(int lanes) const {
    return Dim > 0 ? 0 : 3 * row.dimension * lanes;
  }
  template <Lanes L>
  RETRACE_INLINE void with_divergence(L const& lanes, T const* x, T* y, Evaluation<T> const& e,
                                      T* divergence, T* scratch) const {
    evaluate<Want::divergence>(lanes, x, y, e, divergence, scratch);
  }

 private:
  template <Want want, Lanes L>
  RETRACE_INLINE void evaluate(L const& lanes, T const* x, T* y, Evaluation<T> const& e,
                               [[maybe_unused]] T* divergence, T* scratch) const {
    using P = typename L::Pack;
    using simd::broadcast, simd::load, simd::store, simd::fma;
    constexpr int stride = L::lanes;
    MixtureRow<shape> const at{Dim > 0 ? Dim : row.dimension};
    int const d = at.dimension, width = at.size();
    T const* const level = table + static_cast<std::int64_t>(e.level) * components * width;
    P const zero = broadcast<P>(T(0));
    lanes.each([&](int l) {
      // NOLINTNEXTLINE(bugprone-branch-clone): the same for Dim = 1 only
      [[maybe_unused]] P sums[Dim > 0 ? Dim : 1] = {};
      auto const sum = [&](int j) {
        if constexpr (Dim > 0)
          return sums[j];
        else
          return load<P>(scratch + j * stride + l);
      };
      auto const set_sum = [&](int j, P value) {
        if constexpr (Dim > 0)
          sums[j] = value;
        else
          store(scratch + j * stride + l, value);
      };
      auto const component = [&](int j) { return load<P>(x + j * stride + l); };

      P largest = broadcast<P>(T(-1e30)), total = zero, gains = zero;
      [[maybe_unused]] P traces = zero;
      [[maybe_unused]] StreamedCovariance<P, Dim, stride> covariance(
          want == Want::divergence ? d : 0, scratch + d * stride + l);
      for (int first = 0; first < components; first += chunk) {
        T const* const rows = level + first * width;
        P logit[chunk], top = largest;
        logits(rows, at, component, logit);
        RETRACE_UNROLL(8)
        for (int k = 0; k < chunk; ++k) top = simd::max(top, logit[k]);
        P const shrink = first > 0 ? simd::exp2(largest - top) : zero;
        total = total * shrink;
        gains = gains * shrink;
        largest = top;
        RETRACE_UNROLL(8)
        for (int k = 0; k < chunk; ++k) {
          logit[k] = simd::exp2(logit[k] - top);  // the weight from here on
          total = total + logit[k];
          if constexpr (shape == CovarianceShape::isotropic)
            gains = fma(logit[k], broadcast<P>(rows[k * width + at.gain()]), gains);
        }
        RETRACE_UNROLL(8)
        for (int j = 0; j < d; ++j) {
          P s = first > 0 ? sum(j) * shrink : zero;
          RETRACE_UNROLL(8)
          for (int k = 0; k < chunk; ++k)
            s = fma(logit[k], contribution(rows + k * width, at, j, component), s);
          set_sum(j, s);
        }
        if constexpr (want == Want::divergence) {
          covariance.rescale(shrink);
          covariance.join(logit, [&](int k, int j, P& gradient, P& state) {
            gradient = slope(rows + k * width, at, j, component);
            state = contribution(rows + k * width, at, j, component);
            if constexpr (shape == CovarianceShape::isotropic)
              state = fma(broadcast<P>(rows[k * width + at.gain()]), component(j), state);
          });
          if constexpr (shape == CovarianceShape::full) {
            traces = traces * shrink;
            RETRACE_UNROLL(8)
            for (int k = 0; k < chunk; ++k)
              traces = fma(logit[k], broadcast<P>(trace_of_gain(rows + k * width, at)), traces);
          }
        }
      }
      // The prediction is rounded before it is combined, as that of a model outside the kernel is:
      // fused and batched runs give the same bits.
      P const inverse = broadcast<P>(T(1)) / total;
      P const out = broadcast<P>(e.out), skip = broadcast<P>(e.skip);
      RETRACE_UNROLL(8)
      for (int j = 0; j < d; ++j) {
        P const xj = component(j);
        P denoised = sum(j);
        if constexpr (shape == CovarianceShape::isotropic) denoised = fma(gains, xj, denoised);
        store(y + j * stride + l, fma(out, denoised * inverse, skip * xj));
      }
      if constexpr (want == Want::divergence) {
        if constexpr (shape == CovarianceShape::isotropic) traces = broadcast<P>(T(d)) * gains;
        P const per_log2 = broadcast<P>(T(std::numbers::ln2));
        store(divergence + l, fma(covariance.sum(), per_log2, traces) * inverse);
      }
    });
  }

  /// constant + linear . x + x . quadratic x of the next eight components.
  template <class Component, class P>
  static RETRACE_INLINE void logits(T const* rows, MixtureRow<shape> at, Component const& component,
                                    P (&logit)[chunk]) {
    using simd::broadcast, simd::fma;
    int const d = at.dimension, width = at.size();
    RETRACE_UNROLL(8)
    for (int k = 0; k < chunk; ++k) logit[k] = broadcast<P>(rows[k * width]);
    if constexpr (shape == CovarianceShape::isotropic) {
      P square = component(0) * component(0);
      RETRACE_UNROLL(8)
      for (int j = 1; j < d; ++j) square = fma(component(j), component(j), square);
      RETRACE_UNROLL(8)
      for (int k = 0; k < chunk; ++k)
        logit[k] = fma(broadcast<P>(rows[k * width + at.quadratic()]), square, logit[k]);
    }
    RETRACE_UNROLL(8)
    for (int j = 0; j < d; ++j) {
      P const xj = component(j);
      RETRACE_UNROLL(8)
      for (int k = 0; k < chunk; ++k) {
        T const* const row = rows + k * width;
        P slope = broadcast<P>(row[at.linear() + j]);
        if constexpr (shape == CovarianceShape::full) {
          T const* const upper = row + at.quadratic() + j * (j + 1) / 2;  // column j
          RETRACE_UNROLL(8)
          for (int i = 0; i <= j; ++i) slope = fma(broadcast<P>(upper[i]), component(i), slope);
        }
        logit[k] = fma(slope, xj, logit[k]);
      }
    }
  }

  /// Coordinate j of the gradient of a logit.
  template <class Component>
  static RETRACE_INLINE auto slope(T const* row, MixtureRow<shape> at, int j,
                                   Component const& component) {
    using P = decltype(component(0));
    using simd::broadcast, simd::fma;
    P value = broadcast<P>(row[at.linear() + j]);
    if constexpr (shape == CovarianceShape::full) {
      T const* const upper = row + at.quadratic();  // entry (i, j), i <= j, at j (j + 1) / 2 + i
      RETRACE_UNROLL(8)
      for (int i = 0; i <= j; ++i)
        value = fma(broadcast<P>(upper[j * (j + 1) / 2 + i]), component(i), value);
      RETRACE_UNROLL(8)
      for (int i = j; i < at.dimension; ++i)
        value = fma(broadcast<P>(upper[i * (i + 1) / 2 + j]), component(i), value);
    } else {
      value = fma(broadcast<P>(T(2) * row[at.quadratic()]), component(j), value);
    }
    return value;
  }

  static RETRACE_INLINE T trace_of_gain(T const* row, MixtureRow<shape> at) {
    T sum = 0;
    RETRACE_UNROLL(8)
    for (int j = 0; j < at.dimension; ++j) sum += row[at.gain() + j * (at.dimension + 1)];
    return sum;
  }

  /// Coordinate j of shift + gain x of one component; isotropic gains are summed apart.
  template <class Component>
  static RETRACE_INLINE auto contribution(T const* row, MixtureRow<shape> at, int j,
                                          Component const& component) {
    using P = decltype(component(0));
    P value = simd::broadcast<P>(row[at.shift() + j]);
    if constexpr (shape == CovarianceShape::full) {
      T const* const gain = row + at.gain() + j * at.dimension;
      RETRACE_UNROLL(8)
      for (int i = 0; i < at.dimension; ++i)
        value = simd::fma(simd::broadcast<P>(gain[i]), component(i), value);
    }
    return value;
  }
};

}  // namespace retrace
