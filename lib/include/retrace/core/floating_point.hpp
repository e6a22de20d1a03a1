// SPDX-License-Identifier: Apache-2.0
#pragma once

// Retrace finds NaN and infinity and promises equal bits everywhere; both are void under
// -ffast-math, which makes std::isfinite(NaN) true. -ffinite-math-only alone does the same.
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__) || \
    defined(__USE_FAST_MATH__)
#error "Retrace cannot be built with fast-math: it must see NaN and infinity. Remove -ffast-math."
#endif
