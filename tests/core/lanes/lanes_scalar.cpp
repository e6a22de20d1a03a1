// SPDX-License-Identifier: Apache-2.0
#include "evaluate.hpp"

void retrace::testing::evaluate_scalar(LaneInputs const& in, LaneOutputs& out) {
  evaluate<simd::Scalar>(in, out);
}
