// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/likelihood/divergence.hpp>

namespace retrace {

void DivergenceEstimator::throw_no_further() {
  throw Error(Fault::argument, "the divergence has no further estimates", "its number is fixed",
              "take probes that are drawn: divergences::hutchinson, divergences::hutch_pp");
}

}  // namespace retrace
