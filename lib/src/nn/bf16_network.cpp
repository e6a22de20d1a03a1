// SPDX-License-Identifier: Apache-2.0
#include "packed.hpp"

#include <retrace/nn/bf16_network.hpp>

namespace retrace {

Bf16Network::Bf16Network(Network const& network)
    : prediction(network.prediction()),
      full_(network),
      pairs_(std::make_shared<std::vector<std::uint32_t> const>(
          packed_pairs(network, packed_weights(network)))) {}

}  // namespace retrace
