// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/panels.hpp>

#include <algorithm>

namespace retrace::panels {

/// Whether a sum over examples begins with those at hand or goes on from what is there.
enum class Sum { begins, goes_on };

/// Gradients of the matrix and bias of a layer: sums over examples, of `count` rows of matrices
/// that have `rows` of them. R rows of a matrix are summed at a time.
template <class P, int R>
class WeightGradient {
  using T = typename simd::traits<P>::value;

 public:
  WeightGradient(int rows, int count, Sum sum) : rows_(rows), count_(count), sum_(sum) {}

  /// Of rows of the matrix, which belong to `inputs` columns of `left`. Panels of the matrix are
  /// `stride` apart.
  void of_matrix(T const* left, int inputs, T const* slopes, int outputs, T* matrix,
                 int stride) const {
    if (outputs <= few) return of_narrow_matrix(left, inputs, slopes, outputs, matrix);
    for (int p = 0; p < panels::count(outputs); ++p)
      for_packs<P>(std::min(columns, outputs - p * columns), [&](auto packs, int at) {
        T const* const right = slopes + p * rows_ * columns + at;
        auto const sum = [&](auto size, int k) {
          T* const mine = matrix + p * stride + k * columns + at;
          int const used = std::min<int>(size(), inputs - k);
          Block<P, size(), packs()> block;
          if (sum_ == Sum::goes_on)
            block.load(mine, used);
          else
            block.clear();
          block.template add<Left::transposed>(left + k / columns * rows_ * columns + k % columns,
                                               right, count_);
          block.store(mine, used);
        };
        int k = 0;
        for (; k + R / 2 < inputs; k += R) sum(std::integral_constant<int, R>{}, k);
        if (k < inputs) sum(std::integral_constant<int, R / 2>{}, k);
      });
  }

  void of_bias(T const* slopes, int outputs, T* bias) const {
    for (int p = 0; p < panels::count(outputs); ++p)
      for_packs<P>(std::min(columns, outputs - p * columns), [&](auto packs, int at) {
        Block<P, 1, packs()> block;
        block.load(bias + p * columns + at, sum_ == Sum::goes_on ? 1 : 0);
        T const* const from = slopes + p * rows_ * columns + at;
        for (int row = 0; row < count_; ++row)
          for_each_pack(block, [&](int, int v, int place) {
            block.sum[0][v] = block.sum[0][v] + simd::load<P>(from + row * columns + place);
          });
        block.store(bias + p * columns + at);
      });
  }

 private:
  static constexpr int few = 4;

  /// Lanes are inputs here, because so few outputs would leave most of them empty. The same sums.
  void of_narrow_matrix(T const* left, int inputs, T const* slopes, int outputs, T* matrix) const {
    for (int k = 0; k < inputs; k += columns) {
      alignas(64) T turned[few * columns] = {};
      int const used = std::min(columns, inputs - k);
      auto const each = [&](auto const& f) {
        for (int c = 0; c < used; ++c)
          for (int o = 0; o < outputs; ++o)
            f(turned[o * columns + c], matrix[(k + c) * columns + o]);
      };
      if (sum_ == Sum::goes_on) each([](T& mine, T const& its) { mine = its; });
      for_packs<P>(used, [&](auto packs, int at) {
        Block<P, few, packs()> block;
        block.load(turned + at);
        block.template add<Left::transposed>(slopes, left + k * rows_ + at, count_);
        block.store(turned + at);
      });
      each([](T const& mine, T& its) { its = mine; });
    }
  }

  int rows_, count_;
  Sum sum_;
};

}  // namespace retrace::panels
