// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/nn/conditioned.hpp>
#include <retrace/nn/guided.hpp>

#include <cmath>

namespace retrace {

GuidedNetwork guided(Network const& network, std::int64_t of_class, double weight) {
  if (!(weight >= 0) || !std::isfinite(weight))
    throw Error(Fault::argument, "the weight of guidance is " + shortest(weight),
                "it must be 0 or more");
  Architecture const& a = network.architecture();
  return {conditioned(network, class_condition(a, of_class)),
          conditioned(network, class_condition(a, no_class)), weight};
}

}  // namespace retrace
