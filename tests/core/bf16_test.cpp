// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/bf16.hpp>
#include <retrace/core/flushed_denormals.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace retrace {
namespace {

using simd::Word;
constexpr int lanes = 16;

/// Any bits; a third of them numbers as networks have them, a third near where rounding, overflow
/// and zero begin.
class Arbitrary {
 public:
  Word word() { return static_cast<Word>(engine_()); }
  float number() {
    Word const bits = word(), sign = bits & 0x80000000;
    constexpr Word special[] = {0,          1,          0x007fffff, 0x00800000, 0x1fffffff,
                                0x20000000, 0x1fff7fff, 0x1fff8000, 0x3f808000, 0x3f818000,
                                0x7f7f7fff, 0x7f7f8000, 0x7f7fffff, 0x7f800000, 0x7f800001,
                                0x7fc00000, 0x7fffffff};
    switch (engine_() % 3) {
      case 0:
        return simd::from_bits(bits);
      case 1:
        return simd::from_bits(sign | special[engine_() % std::size(special)]);
      default:
        return simd::from_bits((bits & 0x807fffff) | (Word(100 + engine_() % 40) << 23));
    }
  }
  /// A factor as kernels have them.
  float factor() {
    float const a = simd::bf16_nearest(number());
    return std::abs(a) < simd::bf16_least_factor ? 0.F : a;
  }
  float summand() {
    float const a = number();
    return std::abs(a) < simd::bf16_least_summand ? 0.F : a;
  }

 private:
  std::mt19937_64 engine_{1};
};

struct Inputs {
  alignas(64) float low[lanes], high[lanes], sum[lanes];
  alignas(64) Word factors[lanes];

  explicit Inputs(Arbitrary& arbitrary) {
    for (int i = 0; i < lanes; ++i) {
      low[i] = arbitrary.number();
      high[i] = arbitrary.number();
      sum[i] = arbitrary.summand();
      factors[i] = simd::bf16_pair(arbitrary.factor(), arbitrary.factor());
    }
  }
};
struct Results {
  alignas(64) Word pairs[lanes];
  alignas(64) float sums[lanes];
};

/// Not inlined: the processor's mode is set around it.
template <class Isa>
[[gnu::noinline]] Results evaluate(Inputs const& in) {
  using P = simd::pack<float, Isa>;
  using W = typename simd::traits<P>::words;
  Results out{};
  for (int i = 0; i < lanes; i += simd::width<P>) {
    W const pair = simd::bf16_pair(simd::load<P>(in.low + i), simd::load<P>(in.high + i));
    simd::store(out.pairs + i, pair);
    simd::store(out.sums + i,
                simd::bf16_dot(pair, simd::load<W>(in.factors + i), simd::load<P>(in.sum + i)));
  }
  return out;
}

/// Which NaN it is that several make is nobody's promise.
void expect_same(Results const& found, Results const& expected) {
  for (int i = 0; i < lanes; ++i) {
    ASSERT_EQ(found.pairs[i], expected.pairs[i]);
    if (!std::isnan(expected.sums[i]) || !std::isnan(found.sums[i])) {
      ASSERT_EQ(simd::bits(found.sums[i]), simd::bits(expected.sums[i]))
          << found.sums[i] << " for " << expected.sums[i];
    }
  }
}

TEST(Bf16, HasTheSameBitsInLanesOfEveryKind) {
  Arbitrary arbitrary;
  for (int run = 0; run < 100'000; ++run) {
    Inputs const in(arbitrary);
    Results const expected = evaluate<simd::Scalar>(in);
    ASSERT_NO_FATAL_FAILURE(expect_same(evaluate<simd::Native>(in), expected));
#if !defined(__CUDACC__) && defined(__AVX2__) && defined(__FMA__)
    ASSERT_NO_FATAL_FAILURE(expect_same(evaluate<simd::Avx2>(in), expected));
#endif
    FlushedDenormals const mode;  // it must not matter
    ASSERT_NO_FATAL_FAILURE(expect_same(evaluate<simd::Scalar>(in), expected));
    ASSERT_NO_FATAL_FAILURE(expect_same(evaluate<simd::Native>(in), expected));
  }
}

TEST(Bf16, IsTheNearestNumberOfEightBits) {
  Arbitrary arbitrary;
  for (int run = 0; run < 1'000'000; ++run) {
    float const a = arbitrary.number(), found = simd::bf16_nearest(a);
    EXPECT_EQ(simd::bits(found) & 0xffff, 0U);
    if (std::isnan(a)) {
      ASSERT_TRUE(std::isnan(found));
    } else if (std::abs(a) < 0x1p-62F) {
      ASSERT_TRUE(found == 0 || std::abs(found) >= simd::bf16_least);
    } else if (std::abs(a) < 0x1.fep127F) {
      int exponent = 0;
      std::frexp(double(a), &exponent);
      double const unit = std::ldexp(1.0, exponent - 8);
      ASSERT_EQ(double(found), std::nearbyint(double(a) / unit) * unit) << a;
    } else {
      ASSERT_GE(std::abs(found), 0x1.fep127F);
    }
  }
  EXPECT_EQ(simd::bf16_nearest(std::numeric_limits<float>::infinity()),
            std::numeric_limits<float>::infinity());
}

}  // namespace
}  // namespace retrace
