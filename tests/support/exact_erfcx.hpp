// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace retrace::testing {

/// e^(x^2) erfc(x) for x >= 0 to 30 digits and more, T a number type of 50 digits: from the series
/// of erf with positive terms, beyond 4 from the continued fraction of Laplace,
/// whose error after n terms is exp(-2 x sqrt(2 n)).
template <class T>
T exact_erfcx(T const& x) {
  static T const root_pi = sqrt(4 * atan(T(1)));
  if (x > 4) {
    T fraction = x;
    for (int n = 10 + static_cast<int>(1600 / (x * x)); n >= 1; --n)
      fraction = x + T(n) / 2 / fraction;
    return 1 / (root_pi * fraction);
  }
  T term = x, sum = x;
  for (int n = 1; term > 1e-45 * sum; ++n) sum += term *= 2 * x * x / (2 * n + 1);
  return exp(x * x) - 2 * sum / root_pi;
}

}  // namespace retrace::testing
