// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/core/device_copy.hpp>
#include <retrace/core/lane_math.hpp>
#include <retrace/models/score_error.hpp>
#include <retrace/models/tile_model.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace retrace {

/// A score error inside kernels: adds to a native prediction m the error that goes with the
/// score's. Dim > 0 is the dimension at compile time, 0 leaves it to `d`.
template <class T, int Dim>
struct ScoreErrorTile {
  T const* rows;    ///< [terms][1 + 2 d], see ErrorTerms
  T const* levels;  ///< [level][2]: y = levels[0] x, error of m = levels[1] e(y)
  ErrorForm form;
  int terms, d;

  /// Sums, where they do not fit into registers.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int scratch(int lanes) const {
    return Dim > 0 ? 0 : d * lanes;
  }

  template <Lanes L>
  RETRACE_INLINE void add(L const& lanes, T const* x, T* m, int level, T* scratch) const {
    using P = typename L::Pack;
    using simd::broadcast, simd::load, simd::store, simd::fma;
    constexpr int stride = L::lanes;
    int const size = Dim > 0 ? Dim : d;
    T const* const numbers = levels + static_cast<std::int64_t>(level) * 2;
    P const shrink = broadcast<P>(numbers[0]), factor = broadcast<P>(numbers[1]);
    lanes.each([&](int l) {
      // NOLINTNEXTLINE(bugprone-branch-clone): the same for Dim = 1 only
      [[maybe_unused]] P sums[Dim > 0 ? Dim : 1] = {};
      for (int j = 0; j < terms; ++j) {
        T const* const row = rows + j * (1 + 2 * size);
        P value = broadcast<P>(T(1));
        if (form != ErrorForm::constant) {
          P inner = load<P>(x + l) * broadcast<P>(row[1]);
          RETRACE_UNROLL(8)
          for (int c = 1; c < size; ++c)
            inner = fma(load<P>(x + c * stride + l), broadcast<P>(row[1 + c]), inner);
          value = form == ErrorForm::linear
                      ? inner * shrink
                      : simd::cos_turns(fma(inner, shrink, broadcast<P>(row[0])));
        }
        RETRACE_UNROLL(8)
        for (int c = 0; c < size; ++c) {
          P const amplitude = broadcast<P>(row[1 + size + c]);
          if constexpr (Dim > 0) {
            sums[c] = fma(value, amplitude, sums[c]);
          } else {
            T* const sum = scratch + c * stride + l;
            store(sum, fma(value, amplitude, j > 0 ? load<P>(sum) : broadcast<P>(T(0))));
          }
        }
      }
      RETRACE_UNROLL(8)
      for (int c = 0; c < size; ++c) {
        P sum;
        if constexpr (Dim > 0)
          sum = sums[c];
        else
          sum = load<P>(scratch + c * stride + l);
        T* const at = m + c * stride + l;
        store(at, fma(factor, sum, load<P>(at)));
      }
    });
  }
};

/// The numbers of a ScoreErrorTile where kernels run. `factors` says by how much the native
/// prediction is off at each level where e(y) is 1.
template <class T, int Dim, class Exec>
struct PreparedScoreError {
  PreparedScoreError(Exec const& exec, ScoreErrorField const& field,
                     std::span<NoiseLevel const> levels, std::span<double const> factors)
      : numbers(device_copy<T>(exec, table(field, levels, factors), "retrace::score_error")),
        tile{numbers.data(), numbers.data() + field.rows().size(), field.form(), field.terms(),
             field.dimension()} {}

  Kokkos::View<T*, typename Exec::memory_space> numbers;  ///< kept alive for the tile
  ScoreErrorTile<T, Dim> tile;

 private:
  /// The rows of the field, then shrink and factor of each level.
  static std::vector<double> table(ScoreErrorField const& field, std::span<NoiseLevel const> levels,
                                   std::span<double const> factors) {
    assert(levels.size() == factors.size());
    std::vector<double> all(field.rows().begin(), field.rows().end());
    for (std::size_t n = 0; n < levels.size(); ++n) {
      all.push_back(ScoreErrorField::shrink(levels[n]));
      all.push_back(factors[n]);
    }
    return all;
  }
};

}  // namespace retrace
