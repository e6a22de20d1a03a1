// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/core/error.hpp>
#include <retrace/core/memory.hpp>
#include <retrace/core/runtime.hpp>
#include <retrace/run/check_samples.hpp>

#include <string>

namespace retrace {

void check_samples(std::int64_t samples, int dimension, std::size_t bytes) {
  Runtime::require();
  if (samples < 0)
    throw Error(Fault::argument, "samples cannot be " + std::to_string(samples),
                "it takes a number of 0 or more");
  if (dimension < 1 || dimension > DrawKey::max_dimension)
    throw Error(Fault::argument, "the dimension cannot be " + std::to_string(dimension),
                "it takes a number in [1, 4194304]");
  require_memory(std::to_string(samples) + " samples of " + std::to_string(dimension) + " numbers",
                 saturated_product({samples, dimension, static_cast<std::int64_t>(bytes)}));
}

}  // namespace retrace
