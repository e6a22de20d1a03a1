// SPDX-License-Identifier: Apache-2.0
#include "floating_point_modes.hpp"

#include <retrace/core/flushed_denormals.hpp>
#include <retrace/core/lane_math.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <random>
#include <tuple>
#include <vector>

// The lanes of this build and one lane; lanes_test compares all of them.
namespace retrace {
namespace {

/// f of a pack applied to every number. Not inlined: the processor's modes are set around it.
template <class P, class F>
[[gnu::noinline]] std::vector<typename simd::traits<P>::value> mapped(
    F f, std::vector<typename simd::traits<P>::value> const& x) {
  constexpr std::size_t width = simd::width<P>;
  alignas(64) typename simd::traits<P>::value lane[width];
  std::vector<typename simd::traits<P>::value> out(x.size());
  for (std::size_t i = 0; i < x.size(); i += width) {
    for (std::size_t j = 0; j < width; ++j) lane[j] = x[std::min(i + j, x.size() - 1)];
    simd::store(lane, f(simd::load<P>(lane)));
    for (std::size_t j = 0; j < width && i + j < x.size(); ++j) out[i + j] = lane[j];
  }
  return out;
}

template <class T, class Isa = simd::Native>
std::vector<T> exp2_of(std::vector<T> const& t) {
  using P = simd::pack<T, Isa>;
  return mapped<P>([](P a) { return simd::exp2(a); }, t);
}

template <class T, class Isa = simd::Native>
std::vector<T> log_of(std::vector<T> const& x) {
  using P = simd::pack<T, Isa>;
  return mapped<P>([](P a) { return simd::log(a); }, x);
}

template <class T>
std::vector<T> random_numbers(T low, T high, int count = 1000000) {
  std::mt19937_64 engine(1);
  std::uniform_real_distribution<T> draw(low, high);
  std::vector<T> x(static_cast<std::size_t>(count));
  for (T& v : x) v = draw(engine);
  return x;
}

template <class T>
double largest_relative_error(std::vector<T> const& found, std::vector<T> const& x,
                              long double (*exact)(long double)) {
  long double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    long double const value = exact(static_cast<long double>(x[i]));
    worst = std::max(worst, value == 0 ? std::abs(static_cast<long double>(found[i]))
                                       : std::abs(static_cast<long double>(found[i]) / value - 1));
  }
  return static_cast<double>(worst);
}

long double exact_exp2(long double t) { return std::exp2(t); }
long double exact_log(long double x) { return std::log(x); }

TEST(Exp2, OfFloatHasARelativeErrorBelowTheStatedOne) {
  for (auto const& t : {random_numbers(-100.f, 126.f), random_numbers(-1.f, 1.f)})
    EXPECT_LE(largest_relative_error(exp2_of(t), t, exact_exp2), 1.5e-7);
}

TEST(Exp2, IsInfiniteWhereItIsTooLarge) {
  auto const check = []<class T, class Isa>(T most, Isa) {
    using P = simd::pack<T, Isa>;
    auto const power = [](P a) { return simd::exp2_to_infinity(a); };
    std::vector<T> const below = random_numbers(T(-100), most - T(1e-3));
    EXPECT_EQ(mapped<P>(power, below).size(), below.size());
    EXPECT_LE(largest_relative_error(mapped<P>(power, below), below, exact_exp2),
              sizeof(T) == 4 ? 1.5e-7 : 1.7e-16);
    for (T const value : mapped<P>(power, {most, most + 1, 2 * most, T(1e30)}))
      EXPECT_EQ(value, std::numeric_limits<T>::infinity());
    EXPECT_TRUE(std::isnan(mapped<P>(power, {std::numeric_limits<T>::quiet_NaN()})[0]));
  };
  check(128.f, simd::Native{});
  check(128.f, simd::Scalar{});
  check(1024.0, simd::Native{});
  check(1024.0, simd::Scalar{});
}

TEST(Exp2, MinusOneDoesNotCancel) {
  auto const check = []<class T>(T low, T high, double tolerance) {
    using P = simd::pack<T, simd::Native>;
    auto const function = [](P a) { return simd::exp2_minus_1(a); };
    auto const exact = [](long double t) -> long double {
      return std::expm1(t * std::numbers::ln2_v<long double>);
    };
    for (auto const& t : {random_numbers(low, high), random_numbers(T(-1), T(1)),
                          random_numbers(T(-1e-4), T(1e-4))})
      EXPECT_LE(largest_relative_error(mapped<P>(function, t), t, exact), tolerance);
  };
  check(-100.f, 126.f, 9e-7);
  check(-1000.0, 1022.0, 6e-16);
}

TEST(Exp2, OfDoubleHasARelativeErrorBelowTheStatedOne) {
  for (auto const& t : {random_numbers(-1000.0, 1022.0), random_numbers(-1.0, 1.0)})
    EXPECT_LE(largest_relative_error(exp2_of(t), t, exact_exp2), 1.7e-16);
}

template <class T>
void expect_exact_powers(int low, int high) {
  std::vector<T> t;
  for (int n = low; n <= high; ++n) t.push_back(static_cast<T>(n));
  std::vector<T> const power = exp2_of(t);
  for (std::size_t i = 0; i < t.size(); ++i)
    EXPECT_EQ(power[i], std::ldexp(T(1), low + static_cast<int>(i)));
}

TEST(Exp2, IsExactForWholeNumbers) {
  expect_exact_powers<float>(-100, 127);
  expect_exact_powers<double>(-1000, 1023);
}

template <class T, class Isa>
void expect_a_floor(T floor) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  std::vector<T> const t = {std::nextafter(floor, -infinity), floor - 50, 2 * floor,
                            std::numeric_limits<T>::lowest(), -infinity};
  for (T const value : exp2_of<T, Isa>(t)) EXPECT_EQ(value, std::exp2(floor));
  EXPECT_GT(std::exp2(floor - 20), std::numeric_limits<T>::min());
}

TEST(Exp2, StaysAboveAFloorFarFromDenormalNumbers) {
  expect_a_floor<float, simd::Native>(-100);
  expect_a_floor<float, simd::Scalar>(-100);
  expect_a_floor<double, simd::Native>(-1000);
  expect_a_floor<double, simd::Scalar>(-1000);
}

template <class T, class Isa>
void expect_to_pass_on_what_is_not_finite() {
  std::vector<T> const value =
      exp2_of<T, Isa>({std::numeric_limits<T>::quiet_NaN(), -std::numeric_limits<T>::quiet_NaN(),
                       std::numeric_limits<T>::infinity()});
  EXPECT_TRUE(std::isnan(value[0]));
  EXPECT_TRUE(std::isnan(value[1]));
  EXPECT_FALSE(std::isfinite(value[2]));
}

TEST(Exp2, HidesNeitherNaNNorInfinity) {
  expect_to_pass_on_what_is_not_finite<float, simd::Native>();
  expect_to_pass_on_what_is_not_finite<float, simd::Scalar>();
  expect_to_pass_on_what_is_not_finite<double, simd::Native>();
  expect_to_pass_on_what_is_not_finite<double, simd::Scalar>();
}

TEST(Log, HasErrorsBelowTheStatedOnes) {
  std::vector<float> const near = random_numbers(0.75f, 1.5f);
  std::vector<float> const found = log_of(near);
  for (std::size_t i = 0; i < near.size(); ++i)
    ASSERT_NEAR(static_cast<double>(found[i]), std::log(static_cast<double>(near[i])), 6e-8);
  EXPECT_LE(largest_relative_error(found, near, exact_log), 1.2e-7);
  EXPECT_EQ(log_of<float>({1.f})[0], 0);

  std::vector<float> wide = random_numbers(-126.f, 127.f);
  for (float& v : wide) v = std::exp2(v);
  EXPECT_LE(largest_relative_error(log_of(wide), wide, exact_log), 1.2e-7);
}

TEST(Log, OfDoubleHasErrorsBelowTheStatedOnes) {
  std::vector<double> const near = random_numbers(0.75, 1.5);
  std::vector<double> const found = log_of(near);
  for (std::size_t i = 0; i < near.size(); ++i)
    ASSERT_NEAR(found[i], std::log(near[i]), 2e-16 + 1e-16 * std::abs(found[i]));
  EXPECT_EQ(log_of<double>({1.0})[0], 0);

  std::vector<double> wide = random_numbers(-1022.0, 1023.0);
  for (double& v : wide) v = std::exp2(v);
  EXPECT_LE(largest_relative_error(log_of(wide), wide, exact_log), 3e-16);
}

template <class T>
void expect_sincos_acute(double tolerance) {
  using P = simd::pack<T, simd::Native>;
  std::vector<T> angles = random_numbers(T(0), static_cast<T>(std::numbers::pi / 2));
  for (int n = 1; n < 30; ++n) {  // also next to both ends
    angles.push_back(std::exp2(T(-n)));
    angles.push_back(static_cast<T>(std::numbers::pi / 2) - std::exp2(T(-n)));
  }
  auto const part = [&](auto const& take) {
    return mapped<P>(
        [&](P a) {
          P sine, cosine;
          simd::sincos_acute(a, sine, cosine);
          return take(sine, cosine);
        },
        angles);
  };
  auto const sines = part([](P sine, P) { return sine; }),
             cosines = part([](P, P cosine) { return cosine; });
  for (std::size_t i = 0; i < angles.size(); ++i) {
    auto const angle = static_cast<long double>(angles[i]);
    // Next to pi/2 an angle's own rounding makes as much of the cosine.
    long double const known = 1.5 * std::numeric_limits<T>::epsilon() / std::abs(std::cos(angle));
    ASSERT_NEAR(static_cast<double>(static_cast<long double>(sines[i]) / std::sin(angle)), 1,
                tolerance)
        << angles[i];
    ASSERT_NEAR(static_cast<double>(static_cast<long double>(cosines[i]) / std::cos(angle)), 1,
                tolerance + static_cast<double>(known))
        << angles[i];
  }
}

TEST(SincosAcute, HasARelativeErrorBelowTheStatedOne) {
  expect_sincos_acute<float>(3e-7);
  expect_sincos_acute<double>(5e-16);
}

TEST(SincosAcute, IsExactAtZeroAndNotANumberWhereTheAngleIsNone) {
  double sine, cosine;
  simd::sincos_acute(0.0, sine, cosine);
  EXPECT_EQ(sine, 0);
  EXPECT_EQ(cosine, 1);
  simd::sincos_acute(std::numeric_limits<double>::quiet_NaN(), sine, cosine);
  EXPECT_TRUE(std::isnan(sine) && std::isnan(cosine));
}

TEST(SinCosTurn, HaveAbsoluteErrorsBelowTheStatedOne) {
  constexpr std::uint64_t turn = std::uint64_t{1} << 32;
  for (std::uint64_t w = 0; w < turn; w += 4093) {
    float sine, cosine;
    simd::sincos_turn(static_cast<simd::Word>(w), sine, cosine);
    double const angle = 2 * std::numbers::pi * static_cast<double>(w) * 0x1p-32;
    ASSERT_NEAR(static_cast<double>(sine), std::sin(angle), 1.2e-7) << w;
    ASSERT_NEAR(static_cast<double>(cosine), std::cos(angle), 1.2e-7) << w;
  }
}

TEST(SinCosTurn, AreZeroAtQuarterTurnsAndNearlyOne) {
  constexpr float sines[] = {0, 1, 0, -1};
  for (unsigned quarter = 0; quarter < 4; ++quarter) {
    float sine, cosine;
    simd::sincos_turn(simd::Word{quarter << 30}, sine, cosine);
    EXPECT_EQ(sine, sines[quarter]);
    EXPECT_EQ(cosine, sines[(quarter + 1) % 4]);
  }
}

template <class T>
double largest_error_of_cos_turns(std::vector<T> const& turns) {
  using P = simd::pack<T, simd::Native>;
  auto const found = mapped<P>([](P a) { return simd::cos_turns(a); }, turns);
  long double worst = 0;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    long double const whole = std::nearbyint(static_cast<long double>(turns[i]));
    long double const angle = 2 * std::numbers::pi_v<long double> * (turns[i] - whole);
    worst = std::max(worst, std::abs(static_cast<long double>(found[i]) - std::cos(angle)));
  }
  return static_cast<double>(worst);
}

TEST(CosTurns, HasAnAbsoluteErrorBelowTheStatedOne) {
  for (float const bound : {0.5f, 3.f, 1e4f})
    EXPECT_LE(largest_error_of_cos_turns(random_numbers(-bound, bound)), 8e-7);
  for (double const bound : {0.5, 3.0, 1e9})
    EXPECT_LE(largest_error_of_cos_turns(random_numbers(-bound, bound)), 1.3e-15);
}

TEST(CosTurns, IsOneAtWholeTurnsAndNotANumberAtInfinity) {
  for (double const turns : {0.0, 1.0, -7.0, 1e300}) EXPECT_EQ(simd::cos_turns(turns), 1);
  EXPECT_TRUE(std::isnan(simd::cos_turns(std::numeric_limits<float>::infinity())));
  EXPECT_TRUE(std::isnan(simd::cos_turns(std::numeric_limits<double>::quiet_NaN())));
}

/// Arguments over the whole range, those that overflow the floor and denormal ones.
template <class T>
std::vector<T> hostile_exponents(T lowest, T highest) {
  std::vector<T> t = random_numbers(lowest, highest, 100000);
  t.insert(t.end(), {T(0), std::numeric_limits<T>::denorm_min(), -std::numeric_limits<T>::min() / 2,
                     T(0.5), T(-0.5), T(1.5), std::numeric_limits<T>::lowest()});
  return t;
}

TEST(LaneMath, GivesTheSameBitsWhereACallerFlushesDenormals) {
  if (!FlushedDenormals::possible) GTEST_SKIP() << "this processor has another switch";
  auto const t = hostile_exponents(-300.f, 126.f);
  auto const wide_t = hostile_exponents(-3000.0, 1022.0);
  std::vector<float> const x = random_numbers(0x1p-33f, 1.f, 100000);
  auto all = [&] { return std::tuple(exp2_of(t), exp2_of(wide_t), log_of(x)); };
  auto const plain = all();
  FlushedDenormals const flushed;
  float volatile smallest = std::numeric_limits<float>::min();
  ASSERT_EQ(smallest / 2, 0) << "the mode was not in force";
  EXPECT_EQ(all(), plain);
}

TEST(LaneMath, StaysAccurateWhereACallerRoundsUpward) {
  std::vector<float> const t = random_numbers(-100.f, 126.f, 100000);
  std::vector<double> const wide_t = random_numbers(-1000.0, 1022.0, 100000);
  std::vector<float> const x = random_numbers(0x1p-33f, 1.f, 100000);
  auto all = [&] {
    testing::RoundingUpward const upward;
    return std::tuple(exp2_of(t), exp2_of<float, simd::Scalar>(t), exp2_of(wide_t),
                      exp2_of<double, simd::Scalar>(wide_t), log_of(x));
  };
  auto const [power, one, wide_power, wide_one, logarithm] = all();
  // Vector lanes round t to nearest whatever the mode; one lane leaves [-1/2, 1/2].
  bool const scalar = simd::width<simd::pack<float, simd::Native>> == 1;
  EXPECT_LE(largest_relative_error(power, t, exact_exp2), scalar ? 2e-4 : 3e-7);
  EXPECT_LE(largest_relative_error(one, t, exact_exp2), 2e-4);
  EXPECT_LE(largest_relative_error(wide_power, wide_t, exact_exp2), scalar ? 3e-11 : 5e-16);
  EXPECT_LE(largest_relative_error(wide_one, wide_t, exact_exp2), 3e-11);
  EXPECT_LE(largest_relative_error(logarithm, x, exact_log), 2e-7);
  EXPECT_NE(logarithm, log_of(x)) << "the mode was not in force";
}

}  // namespace
}  // namespace retrace
