// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lanes.hpp"

#include <retrace/core/erfcx.hpp>
#include <retrace/core/normal.hpp>

namespace retrace::testing {

/// Every operation of the lanes of Isa. Each unit is compiled for one instruction set, so whatever
/// is instantiated here must carry Isa in its name.
template <class Isa>
void evaluate(LaneInputs const& in, LaneOutputs& out) {
  using F = simd::pack<float, Isa>;
  using D = simd::pack<double, Isa>;
  using W = simd::pack<simd::Word, Isa>;
  constexpr int width = simd::width<F>;
  static_assert(LaneInputs::run % width == 0);
  out.width = width;

  for (int i = 0; i < LaneInputs::count; i += width) {
    F const a = simd::load<F>(in.a + i), b = simd::load<F>(in.b + i), c = simd::load<F>(in.c + i);
    F const positive = simd::load<F>(in.positive + i), exponent = simd::load<F>(in.exponent + i);
    W const word = simd::load<W>(in.word + i);
    simd::store(out.exp2 + i, simd::exp2(exponent));
    simd::store(out.exp2_to_infinity + i, simd::exp2_to_infinity(a));
    simd::store(out.exp2_minus_1 + i,
                simd::exp2_minus_1(simd::max(simd::broadcast<F>(-100.f), exponent)));
    simd::store(out.round_even + i, simd::round_even(exponent));
    simd::store(out.cos_turns + i, simd::cos_turns(a));
    simd::store(out.log + i, simd::log(positive));
    simd::store(out.sqrt + i, simd::sqrt(positive));
    simd::store(out.scale2 + i, simd::scale2(positive, simd::load<F>(in.whole + i)));
    simd::store(out.max + i, simd::max(a, b));
    simd::store(out.fma + i, simd::fma(a, b, c));
    simd::store(out.to_float + i, simd::to_float(word));
    simd::store(out.signed_to_float + i, simd::signed_to_float(word));
    simd::store(out.shift_signed + i, simd::shift_signed(word, 23));
    simd::store(out.select_odd + i, simd::select_odd(word, a, b));
    simd::store(out.select_less + i, simd::select_less(a, b, c, exponent));
    simd::store(out.erfcx + i, simd::erfcx(positive));
    out.any_less[i / LaneInputs::run] |= simd::any_less(a, b);
    F sine, cosine;
    simd::sincos_turn(word, sine, cosine);
    simd::store(out.sine + i, sine);
    simd::store(out.cosine + i, cosine);
    simd::sincos_acute(a, sine, cosine);
    simd::store(out.acute_sine + i, sine);
    simd::store(out.acute_cosine + i, cosine);

    int const run = i / LaneInputs::run;
    W high, low;
    simd::multiply_wide(word, in.factor[run], high, low);
    simd::store(out.product_high + i, high);
    simd::store(out.product_low + i, low);
    std::uint64_t const first = in.first[run] + static_cast<std::uint64_t>(i % LaneInputs::run);
    simd::count_from(first, low, high);
    simd::store(out.count_low + i, low);
    simd::store(out.count_high + i, high);

    PhiloxKeys const keys(in.seed[run]);
    W c2 = word, c3 = word ^ low;
    philox(keys, low, high, c2, c3);
    simd::store(out.philox[0] + i, low);
    simd::store(out.philox[1] + i, high);
    simd::store(out.philox[2] + i, c2);
    simd::store(out.philox[3] + i, c3);
    F z[4];
    four_normals(keys, first, in.factor[run], ~in.factor[run], z);
    for (int k = 0; k < 4; ++k) simd::store(out.normals[k] + i, z[k]);
    simd::store(out.widened_normals + i, z[3]);
  }

  for (int i = 0; i < LaneInputs::count; i += simd::width<D>) {
    D const a = simd::load<D>(in.wide_a + i), b = simd::load<D>(in.wide_b + i);
    D const positive = simd::load<D>(in.wide_positive + i);
    D const exponent = simd::load<D>(in.wide_exponent + i);
    simd::store(out.wide_exp2 + i, simd::exp2(exponent));
    simd::store(out.wide_exp2_to_infinity + i, simd::exp2_to_infinity(exponent + exponent));
    simd::store(out.wide_exp2_minus_1 + i,
                simd::exp2_minus_1(simd::max(simd::broadcast<D>(-1000.), exponent)));
    simd::store(out.wide_round_even + i, simd::round_even(exponent));
    simd::store(out.wide_cos_turns + i, simd::cos_turns(a));
    simd::store(out.wide_log + i, simd::log(positive));
    simd::store(out.wide_exponent + i, simd::binary_exponent(positive));
    D sine, cosine;
    simd::sincos_acute(a, sine, cosine);
    simd::store(out.wide_acute_sine + i, sine);
    simd::store(out.wide_acute_cosine + i, cosine);
    simd::store(out.wide_sqrt + i, simd::sqrt(positive));
    simd::store(out.wide_scale2 + i, simd::scale2(positive, simd::load<D>(in.wide_whole + i)));
    simd::store(out.wide_select_less + i, simd::select_less(a, b, positive, exponent));
    simd::store(out.wide_erfcx + i, simd::erfcx(positive));
    out.wide_any_less[i / LaneInputs::run] |= simd::any_less(a, b);
    simd::store(out.wide_max + i, simd::max(a, b));
    simd::store(out.wide_fma + i, simd::fma(a, b, simd::load<D>(in.wide_c + i)));
  }
}

}  // namespace retrace::testing
