// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace retrace::testing {

/// What every instruction set computes from. Plain arrays: nothing else crosses between units that
/// are compiled for different processors.
struct LaneInputs {
  static constexpr int count = 1 << 16;
  static constexpr int run = 16;  ///< lanes of the widest pack: every run has its own scalars

  alignas(64) float exponent[count];  ///< for exp2 and round_even: anything but plus infinity
  alignas(64) double wide_exponent[count];
  alignas(64) float positive[count];  ///< normal numbers
  alignas(64) double wide_positive[count];
  alignas(64) float whole[count];  ///< |n| <= 100
  alignas(64) double wide_whole[count];
  alignas(64) float a[count], b[count], c[count];  ///< anything
  alignas(64) double wide_a[count], wide_b[count], wide_c[count];
  alignas(64) std::uint32_t word[count];
  std::uint32_t factor[count / run];
  std::uint64_t first[count / run];  ///< some of them next to a carry
  std::uint64_t seed[count / run];
};

/// One array for each operation.
struct LaneOutputs {
  static constexpr int count = LaneInputs::count;

  int width;
  alignas(64) float erfcx[count], exp2[count], log[count], sine[count], cosine[count];
  alignas(64) double wide_exp2[count], wide_erfcx[count];
  alignas(64) float exp2_to_infinity[count], exp2_minus_1[count];
  alignas(64) double wide_exp2_to_infinity[count], wide_exp2_minus_1[count];
  alignas(64) float cos_turns[count];
  alignas(64) double wide_cos_turns[count], wide_log[count], wide_exponent[count];
  alignas(64) float acute_sine[count], acute_cosine[count];
  alignas(64) double wide_acute_sine[count], wide_acute_cosine[count];
  alignas(64) float round_even[count], scale2[count], max[count], sqrt[count], fma[count];
  alignas(64) double wide_round_even[count],
      wide_scale2[count], wide_max[count], wide_sqrt[count], wide_fma[count];
  alignas(64) float to_float[count], signed_to_float[count], select_odd[count], select_less[count];
  alignas(64) double wide_select_less[count];
  bool any_less[count / LaneInputs::run], wide_any_less[count / LaneInputs::run];
  alignas(64) std::uint32_t shift_signed[count], product_high[count], product_low[count];
  alignas(64) std::uint32_t count_low[count], count_high[count], philox[4][count];
  alignas(64) float normals[4][count];
  alignas(64) double widened_normals[count];
};

void evaluate_scalar(LaneInputs const& in, LaneOutputs& out);
void evaluate_avx2(LaneInputs const& in, LaneOutputs& out);
void evaluate_avx512(LaneInputs const& in, LaneOutputs& out);

}  // namespace retrace::testing
