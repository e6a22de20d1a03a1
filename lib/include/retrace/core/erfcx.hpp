// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/lane_math.hpp>

namespace retrace::simd {

/// e^(x^2) erfc(x) for x >= 0, infinity included: the tail of a normal distribution over its
/// density, which underflows nowhere. Relative error below 3e-7 (float) and 7e-16 (double). NaN
/// gives NaN. A polynomial in t = (x - k) / (x + k), which maps [0, inf] to [-1, 1], for (x + k)
/// erfcx(x), which is smooth there: Chebyshev interpolation of degree 10 (k = 5/2) and 22 (k =
/// 7/2), relative error 9e-9 and 8e-17 before rounding.
template <class P>
RETRACE_INLINE P erfcx(P x) {
  using T = typename traits<P>::value;
  constexpr T k = sizeof(T) == 4 ? T(2.5) : T(3.5);
  P const s = broadcast<P>(T(1)) / (x + broadcast<P>(k));
  P const t = fma(broadcast<P>(-2 * k), s, broadcast<P>(T(1)));
  if constexpr (sizeof(T) == 4) {
    constexpr float c[] = {-7.29214563e-5f, 2.68655916e-5f, 6.66220795e-4f, -4.136038e-4f,
                           -4.80345511e-3f, 8.38288822e-3f, 2.83588671e-2f, -0.171249419f,
                           0.45391425f,     -0.804651934f,  1.05403182f};
    return s * detail::polynomial(t, c);
  } else {
    constexpr double c[] = {-1.0131361379833075e-9, 1.4476565761346372e-9,  1.1956272918237141e-8,
                            -1.5311166117011932e-8, -8.6990387544707425e-8, 1.0628773601409798e-7,
                            5.5273580572350479e-7,  -7.8772439818292173e-7, -3.39280805778992e-6,
                            7.2393567621207657e-6,  1.8647332363518603e-5,  -7.4775351790355428e-5,
                            -4.2062171874115424e-5, 7.1453128066254096e-4,  -1.3053546932652586e-3,
                            -3.1770502846111737e-3, 2.6518619881841372e-2,  -9.2318706643144476e-2,
                            0.22573862164741135,    -0.43525602671671478,   0.69411364663464399,
                            -0.93779972456711396,   1.0870555892622601};
    return s * detail::polynomial(t, c);
  }
}

}  // namespace retrace::simd
