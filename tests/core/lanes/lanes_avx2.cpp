// SPDX-License-Identifier: Apache-2.0
#include "evaluate.hpp"

void retrace::testing::evaluate_avx2(LaneInputs const& in, LaneOutputs& out) {
  evaluate<simd::Avx2>(in, out);
}
