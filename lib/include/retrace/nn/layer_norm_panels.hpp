// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/aligned_vector.hpp>
#include <retrace/nn/layer_norm.hpp>
#include <retrace/nn/panels.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace retrace {

/// Layer normalisation in training, of matrices in panels, an example a row. Sums over features are
/// taken over the panels in each of 32 columns, and then over the columns in one order, so that
/// bits do not depend on the instruction set. Columns that only fill up are left 0.
template <class T, class Isa>
class LayerNormPanels {
 public:
  using P = simd::pack<T, Isa>;

  /// For matrices of `rows` rows.
  LayerNormPanels(int width, int rows)
      : rows_(rows),
        share_(T(1) / T(width)),
        first_(T(layer_norm_epsilon) * T(width)),
        used_(static_cast<std::size_t>(panels::count(width) * panels::columns)) {
    std::fill_n(used_.begin(), width, T(1));
  }

  /// The first `count` rows of z become n, and each leaves its rate.
  void forward(T* z, T* rate, int count) const {
    for (int row = 0; row < count; ++row, z += panels::columns) {
      P const mean = all(share_ * total([&](int at, int) { return simd::load<P>(z + at); }));
      each([&](int at, int column) {
        simd::store(z + at, (simd::load<P>(z + at) - mean) * simd::load<P>(&used_[index(column)]));
      });
      T const squares = total([&](int at, int) {
        P const apart = simd::load<P>(z + at);
        return apart * apart;
      });
      rate[row] = T(1) / std::sqrt((squares + first_) * share_);
      each([&](int at, int) { simd::store(z + at, simd::load<P>(z + at) * all(rate[row])); });
    }
  }

  /// Gradients in scale n + offset become those in z; adds those of scale and offset.
  void back(T const* n, T const* rate, T const* scale, T* delta, T* of_scale, T* of_offset,
            int count) const {
    using simd::load, simd::store;
    for (int row = 0; row < count; ++row, n += panels::columns, delta += panels::columns) {
      each([&](int at, int column) {
        P const given = load<P>(delta + at) * load<P>(&used_[index(column)]);
        store(of_scale + column, simd::fma(given, load<P>(n + at), load<P>(of_scale + column)));
        store(of_offset + column, load<P>(of_offset + column) + given);
        store(delta + at, given * load<P>(scale + column));
      });
      P const mean = all(share_ * total([&](int at, int) { return load<P>(delta + at); }));
      P const along =
          all(share_ * total([&](int at, int) { return load<P>(delta + at) * load<P>(n + at); }));
      each([&](int at, int column) {
        P const apart = (load<P>(delta + at) - mean) - load<P>(n + at) * along;
        store(delta + at, all(rate[row]) * apart * load<P>(&used_[index(column)]));
      });
    }
  }

 private:
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }
  static RETRACE_INLINE P all(T a) { return simd::broadcast<P>(a); }

  /// f(offset in the matrix, column) for every pack of a row.
  template <class F>
  RETRACE_INLINE void each(F const& f) const {
    int const padded = static_cast<int>(used_.size());
    for (int column = 0; column < padded; column += simd::width<P>)
      f(column / panels::columns * rows_ * panels::columns + column % panels::columns, column);
  }
  template <class F>
  RETRACE_INLINE T total(F const& f) const {
    alignas(64) T sums[panels::columns] = {};
    each([&](int at, int column) {
      T* const sum = sums + column % panels::columns;
      simd::store(sum, simd::load<P>(sum) + f(at, column));
    });
    for (int half = panels::columns / 2; half > 0; half /= 2)
      for (int c = 0; c < half; ++c) sums[c] += sums[c + half];
    return sums[0];
  }

  int rows_;
  T share_, first_;
  AlignedVector<T> used_;  ///< 1 in columns that are features, else 0
};

}  // namespace retrace
