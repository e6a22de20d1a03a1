// SPDX-License-Identifier: Apache-2.0
#include "lanes.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <random>
#include <type_traits>

namespace retrace::testing {
namespace {

template <class T>
constexpr T special[] = {T(0),
                         T(-0.0),
                         T(0.5),
                         T(-0.5),
                         T(1.5),
                         T(2.5),
                         T(-100),
                         T(-100.5),
                         T(-1000.5),
                         std::numeric_limits<T>::denorm_min(),
                         std::numeric_limits<T>::min(),
                         std::numeric_limits<T>::lowest(),
                         -std::numeric_limits<T>::infinity(),
                         std::numeric_limits<T>::quiet_NaN()};

constexpr std::uint32_t special_words[] = {0,          1,          0x1fffffff, 0x20000000,
                                           0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000,
                                           0xc0000000, 0xffffff7f, 0xffffff80, 0xffffffff};

/// A fifth of what comes out is special.
class Arbitrary {
 public:
  std::uint64_t bits() { return engine_(); }
  std::uint32_t word() {
    return pick() ? special_words[bits() % std::size(special_words)]
                  : static_cast<std::uint32_t>(bits());
  }
  template <class T>
  T number(T low, T high) {
    return pick() ? special<T>[bits() % std::size(special<T>)] : plain(low, high);
  }
  template <class T>
  T plain(T low, T high) {
    return std::uniform_real_distribution<T>(low, high)(engine_);
  }
  int whole(int bound) { return std::uniform_int_distribution<int>(-bound, bound)(engine_); }

 private:
  bool pick() { return bits() % 5 == 0; }
  std::mt19937_64 engine_{1};
};

std::unique_ptr<LaneInputs const> make_inputs() {
  auto in = std::make_unique<LaneInputs>();
  Arbitrary draw;
  for (int i = 0; i < LaneInputs::count; ++i) {
    in->exponent[i] = draw.number(-130.f, 126.f);
    in->wide_exponent[i] = draw.number(-1100.0, 1022.0);
    in->positive[i] = std::ldexp(draw.plain(1.f, 2.f), draw.whole(i % 2 == 0 ? 2 : 25));
    in->wide_positive[i] = std::ldexp(draw.plain(1.0, 2.0), draw.whole(900));
    in->whole[i] = static_cast<float>(draw.whole(100));
    in->wide_whole[i] = draw.whole(100);
    in->a[i] = draw.number(-1e3f, 1e3f);
    in->b[i] = draw.number(-1e3f, 1e3f);
    in->c[i] = draw.number(-1e6f, 1e6f);
    in->wide_a[i] = draw.number(-1e3, 1e3);
    in->wide_b[i] = draw.number(-1e3, 1e3);
    in->wide_c[i] = draw.number(-1e6, 1e6);
    in->word[i] = draw.word();
  }
  for (int r = 0; r < LaneInputs::count / LaneInputs::run; ++r) {
    in->factor[r] = draw.word();
    in->seed[r] = draw.bits();
    in->first[r] = draw.bits();
    if (r % 3 == 1) in->first[r] = (std::uint64_t{draw.word()} << 32) - draw.bits() % 20;
  }
  return in;
}

template <class T>
bool same_bits(T a, T b) {
  if constexpr (std::floating_point<T>) {
    if (std::isnan(a) && std::isnan(b)) return true;  // a device has only one of them
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    return std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b);
  } else {
    return a == b;
  }
}

template <class T>
void expect_same(char const* what, T const (&found)[LaneInputs::count],
                 T const (&one)[LaneInputs::count]) {
  int different = 0, at = 0;
  for (int i = LaneInputs::count - 1; i >= 0; --i) {
    if (!same_bits(found[i], one[i])) ++different, at = i;
  }
  EXPECT_EQ(different, 0) << what << " differs in lane " << at << ": " << found[at] << ", not "
                          << one[at];
}

class Lanes : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    in_ = make_inputs();
    one_ = std::make_unique<LaneOutputs>();
    evaluate_scalar(*in_, *one_);
  }
  static void TearDownTestSuite() {
    in_.reset();
    one_.reset();
  }

  inline static std::unique_ptr<LaneInputs const> in_;
  inline static std::unique_ptr<LaneOutputs> one_;
};

TEST_F(Lanes, OfOneNumberAreWhatTheyAreNamedAfter) {
  ASSERT_EQ(one_->width, 1);
  for (int i = 0; i < LaneInputs::count; ++i) {
    int const run = i / LaneInputs::run;
    std::uint64_t const product = std::uint64_t{in_->word[i]} * in_->factor[run];
    ASSERT_EQ(one_->product_high[i], product >> 32);
    ASSERT_EQ(one_->product_low[i], product & 0xffffffff);
    std::uint64_t const number = in_->first[run] + static_cast<unsigned>(i % LaneInputs::run);
    ASSERT_EQ(std::uint64_t{one_->count_high[i]} << 32 | one_->count_low[i], number);
    ASSERT_EQ(one_->to_float[i], static_cast<float>(in_->word[i]));
    ASSERT_EQ(one_->signed_to_float[i],
              static_cast<float>(static_cast<std::int64_t>(in_->word[i]) -
                                 (in_->word[i] >> 31 != 0 ? std::int64_t{1} << 32 : 0)));
    ASSERT_EQ(one_->scale2[i], std::ldexp(in_->positive[i], static_cast<int>(in_->whole[i])));
    ASSERT_EQ(one_->wide_scale2[i],
              std::ldexp(in_->wide_positive[i], static_cast<int>(in_->wide_whole[i])));
    ASSERT_TRUE(same_bits(one_->round_even[i], std::nearbyint(in_->exponent[i])));
    ASSERT_TRUE(same_bits(one_->select_odd[i], in_->word[i] % 2 == 1 ? in_->a[i] : in_->b[i]));
    ASSERT_TRUE(
        same_bits(one_->select_less[i], in_->a[i] < in_->b[i] ? in_->c[i] : in_->exponent[i]));
    bool const unordered = std::isnan(in_->a[i]) || std::isnan(in_->b[i]);
    ASSERT_TRUE(
        same_bits(one_->max[i], unordered || in_->a[i] <= in_->b[i] ? in_->b[i] : in_->a[i]));
  }
}

#ifdef RETRACE_VECTOR_LANES

void expect_same_bits(LaneOutputs const& found, LaneOutputs const& one) {
  expect_same("exp2", found.exp2, one.exp2);
  expect_same("exp2_to_infinity", found.exp2_to_infinity, one.exp2_to_infinity);
  expect_same("exp2_minus_1", found.exp2_minus_1, one.exp2_minus_1);
  expect_same("exp2_to_infinity of double", found.wide_exp2_to_infinity, one.wide_exp2_to_infinity);
  expect_same("exp2_minus_1 of double", found.wide_exp2_minus_1, one.wide_exp2_minus_1);
  expect_same("log", found.log, one.log);
  expect_same("sine", found.sine, one.sine);
  expect_same("cosine", found.cosine, one.cosine);
  expect_same("exp2 of double", found.wide_exp2, one.wide_exp2);
  expect_same("cos_turns", found.cos_turns, one.cos_turns);
  expect_same("cos_turns of double", found.wide_cos_turns, one.wide_cos_turns);
  expect_same("log of double", found.wide_log, one.wide_log);
  expect_same("binary_exponent", found.wide_exponent, one.wide_exponent);
  expect_same("sincos_acute", found.acute_sine, one.acute_sine);
  expect_same("sincos_acute", found.acute_cosine, one.acute_cosine);
  expect_same("sincos_acute of double", found.wide_acute_sine, one.wide_acute_sine);
  expect_same("sincos_acute of double", found.wide_acute_cosine, one.wide_acute_cosine);
  expect_same("round_even", found.round_even, one.round_even);
  expect_same("scale2", found.scale2, one.scale2);
  expect_same("max", found.max, one.max);
  expect_same("sqrt", found.sqrt, one.sqrt);
  expect_same("fma", found.fma, one.fma);
  expect_same("round_even of double", found.wide_round_even, one.wide_round_even);
  expect_same("scale2 of double", found.wide_scale2, one.wide_scale2);
  expect_same("max of double", found.wide_max, one.wide_max);
  expect_same("sqrt of double", found.wide_sqrt, one.wide_sqrt);
  expect_same("fma of double", found.wide_fma, one.wide_fma);
  expect_same("to_float", found.to_float, one.to_float);
  expect_same("signed_to_float", found.signed_to_float, one.signed_to_float);
  expect_same("erfcx", found.erfcx, one.erfcx);
  expect_same("erfcx of double", found.wide_erfcx, one.wide_erfcx);
  expect_same("select_less", found.select_less, one.select_less);
  expect_same("select_less of double", found.wide_select_less, one.wide_select_less);
  for (int r = 0; r < LaneInputs::count / LaneInputs::run; ++r) {
    ASSERT_EQ(found.any_less[r], one.any_less[r]);
    ASSERT_EQ(found.wide_any_less[r], one.wide_any_less[r]);
  }
  expect_same("select_odd", found.select_odd, one.select_odd);
  expect_same("shift_signed", found.shift_signed, one.shift_signed);
  expect_same("high word of multiply_wide", found.product_high, one.product_high);
  expect_same("low word of multiply_wide", found.product_low, one.product_low);
  expect_same("low word of count_from", found.count_low, one.count_low);
  expect_same("high word of count_from", found.count_high, one.count_high);
  for (int k = 0; k < 4; ++k) {
    expect_same("philox", found.philox[k], one.philox[k]);
    expect_same("four_normals", found.normals[k], one.normals[k]);
  }
  expect_same("store of float as double", found.widened_normals, one.widened_normals);
}

TEST_F(Lanes, OfAvx2GiveTheBitsOfOne) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    GTEST_SKIP() << "this processor has no AVX2 with FMA";
  auto const found = std::make_unique<LaneOutputs>();
  evaluate_avx2(*in_, *found);
  EXPECT_EQ(found->width, 8);
  expect_same_bits(*found, *one_);
}

TEST_F(Lanes, OfAvx512GiveTheBitsOfOne) {
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512dq") ||
      !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl"))
    GTEST_SKIP() << "this processor has no AVX-512 with DQ, BW and VL";
  auto const found = std::make_unique<LaneOutputs>();
  evaluate_avx512(*in_, *found);
  EXPECT_EQ(found->width, 16);
  expect_same_bits(*found, *one_);
}

#endif

}  // namespace
}  // namespace retrace::testing
