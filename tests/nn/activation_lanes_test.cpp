// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/flushed_denormals.hpp>
#include <retrace/nn/activation_lanes.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace retrace {
namespace {

/// f(z) for pre-activations from far left to far right, many of them next to where exponentials
/// overflow and become denormal.
template <class F>
void for_all(F const& f) {
  for (double z = -2000; z < 2000; z += z < -120 || z > 120 ? 3.7 : 0.013) f(z);
}

/// Not inlined: the processor's mode is set around it.
template <class Act, class T>
[[gnu::noinline]] activations::Slope<T> slope_of(T t) {
  return Act::slope(t);
}

template <class T, class Act>
void check(Act, double tolerance) {
  for_all([&](double z) {
    auto const t = static_cast<T>(z * Act::to_argument);
    auto const [value, derivative] = slope_of<Act>(t);
    ASSERT_EQ(Act::value(t), value) << z;
    {
      FlushedDenormals const mode;  // it must not matter
      auto const [flushed, flushed_derivative] = slope_of<Act>(t);
      ASSERT_EQ(flushed, value) << z;
      ASSERT_EQ(flushed_derivative, derivative) << z;
    }
    // The derivative by differences of the value, in double.
    if constexpr (sizeof(T) == 8) {
      double const step = 1e-6 * std::max(1.0, std::abs(z)) * Act::to_argument;
      double const difference = (Act::value(t + step) - Act::value(t - step)) / (2 * step);
      if (std::abs(z) > 1e-2) {  // relu has none at 0
        ASSERT_NEAR(derivative, difference, tolerance) << z;
      }
    } else {
      auto const [wide, wide_derivative] = slope_of<Act>(static_cast<double>(t));
      ASSERT_NEAR(value, wide, tolerance * std::max(1.0, std::abs(z))) << z;
      ASSERT_NEAR(derivative, wide_derivative, tolerance) << z;
    }
  });
}

TEST(ActivationLanes, HaveTheirDerivativesAndMakeNoDenormalNumbers) {
  for (auto const& [name, activation] : names<Activation>()) {
    SCOPED_TRACE(name);
    activations::with(activation, [](auto act) {
      check<double>(act, 1e-7);
      check<float>(act, 2e-6);
    });
  }
}

}  // namespace
}  // namespace retrace
