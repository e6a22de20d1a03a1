// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/normal.hpp>
#include <retrace/run/code.hpp>

#include <cstdint>

namespace retrace {

/// Where a run's normals come from: the counter, or numbers the caller gives,
/// [draw][row][component].
template <class T>
struct NoiseSource {
  PhiloxKeys keys;
  std::uint64_t first_sample;  ///< number of the sample in row 0
  T const* given = nullptr;    ///< at row 0
  std::int64_t stride = 0;     ///< rows of a draw in `given`
};

namespace detail {

template <int N, Lanes L, class T>
RETRACE_INLINE void linear(L const& lanes, int rows, T* registers,
                           typename Code<T>::Linear const& i) {
  using P = typename L::Pack;
  int const stride = rows * L::lanes;
  T const* source[N];
  P factor[N];
  RETRACE_UNROLL(8)
  for (int k = 0; k < N; ++k) {
    source[k] = registers + i.operand[k] * stride;
    factor[k] = simd::broadcast<P>(i.factor[k]);
  }
  T* const result = registers + i.result * stride;
  lanes.flat(rows, [&](int j) {
    P sum = factor[0] * simd::load<P>(source[0] + j);
    RETRACE_UNROLL(8)
    for (int k = 1; k < N; ++k) sum = simd::fma(factor[k], simd::load<P>(source[k] + j), sum);
    simd::store(result + j, sum);
  });
}

/// Dim > 0: the dimension at compile time.
template <int Dim, Lanes L, class T>
RETRACE_INLINE void normal(L const& lanes, int rows, T* registers,
                           typename Code<T>::Normal const& i, NoiseSource<T> const& noise,
                           std::int64_t row) {
  using P = typename L::NoisePack;
  int const d = Dim > 0 ? Dim : rows, stride = rows * L::lanes;
  lanes.each_noise([&](int l) {
    for (int block = 0; 4 * block < d; ++block) {
      P z[4];
      four_normals(noise.keys, noise.first_sample + static_cast<std::uint64_t>(row + l),
                   i.low + static_cast<simd::Word>(block), i.high, z);
      RETRACE_UNROLL(4)
      for (int q = 0; q < 4; ++q) {
        int const slot = d <= 2 ? q / d : 0, component = d <= 2 ? q % d : 4 * block + q;
        if (component < d && i.result[slot] != Code<T>::unused)
          simd::store(registers + i.result[slot] * stride + component * L::lanes + l, z[q]);
      }
    }
  });
}

template <Lanes L, class T>
RETRACE_INLINE void given_normal(L const& lanes, int rows, T* registers,
                                 typename Code<T>::Normal const& i, NoiseSource<T> const& noise,
                                 std::int64_t row, std::int64_t end) {
  int const stride = rows * L::lanes;
  lanes.each_lane([&](int l) {
    bool const live = row + l < end;  // lanes beyond the last sample have no noise
    for (int slot = 0; slot < max_draws; ++slot)
      if (i.result[slot] != Code<T>::unused)
        for (int c = 0; c < rows; ++c)
          registers[i.result[slot] * stride + c * L::lanes + l] =
              live ? noise.given[(i.ordinal[slot] * noise.stride + row + l) * rows + c] : T(0);
  });
}

}  // namespace detail

/// The one interpreter: runs instructions [from, to) on a tile of samples. Registers are
/// [register][row][lane]; the first lane is row `row` of the run, which has `end` rows. All drivers
/// call it: fused, batched, and the one that looks for bad values.
template <int Dim, Lanes L, class Model, class T = typename L::value_type>
RETRACE_INLINE void interpret(L const& lanes, Model const& model, Code<T> const* code, int from,
                              int to, int rows, T* registers, T* scratch,
                              NoiseSource<T> const& noise, std::int64_t row, std::int64_t end) {
  int const stride = rows * L::lanes;
  for (int k = from; k < to; ++k) {
    Code<T> const& i = code[k];
    switch (i.op) {
      case Op::eval:
        model(lanes, registers + i.eval.input * stride, registers + i.eval.result * stride,
              i.eval.evaluation, scratch);
        break;
      case Op::linear:
        switch (i.operands) {
          case 1:
            detail::linear<1>(lanes, rows, registers, i.linear);
            break;
          case 2:
            detail::linear<2>(lanes, rows, registers, i.linear);
            break;
          case 3:
            detail::linear<3>(lanes, rows, registers, i.linear);
            break;
          case 4:
            detail::linear<4>(lanes, rows, registers, i.linear);
            break;
          case 5:
            detail::linear<5>(lanes, rows, registers, i.linear);
            break;
          default:
            detail::linear<6>(lanes, rows, registers, i.linear);
        }
        break;
      case Op::normal:
        if (noise.given != nullptr)
          detail::given_normal(lanes, rows, registers, i.normal, noise, row, end);
        else
          detail::normal<Dim>(lanes, rows, registers, i.normal, noise, row);
        break;
    }
  }
}

}  // namespace retrace
