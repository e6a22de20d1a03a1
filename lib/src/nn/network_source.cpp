// SPDX-License-Identifier: Apache-2.0
#include "packed.hpp"

#include <retrace/nn/network_source.hpp>

#include <algorithm>
#include <utility>

namespace retrace {

NetworkSource::NetworkSource(Network network) : prediction(network.prediction()) {
  network.check_usable();
  weights_ = std::make_shared<std::vector<double> const>(packed_weights(network));
  network_ = std::make_shared<Network const>(std::move(network));
}

NetworkShape NetworkSource::shape() const { return shape_of(network_->architecture()); }

std::vector<double> NetworkSource::level_rows(std::span<NoiseLevel const> levels) const {
  Architecture const& a = network_->architecture();
  std::vector<double> rows;
  rows.reserve(levels.size() * static_cast<std::size_t>(shape().row()));
  for (NoiseLevel const& level : levels) {
    Precondition const p = precondition(a, level);
    auto row = packed_biases(*network_, a.frequencies > 0 ? network_->embedding(condition(a, level))
                                                          : std::vector<double>{});
    row[0] = p.in;
    row[1] = p.skip;
    row[2] = p.out;
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

}  // namespace retrace
