// SPDX-License-Identifier: Apache-2.0
#include <retrace/nn/network_source.hpp>

#include <string>
#include <utility>

namespace retrace {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

NetworkShape shape_of(Architecture const& a) { return {a.dimension, a.width, a.depth}; }

/// What the numbers that an activation takes and gives are multiplied by.
struct Factors {
  double to_argument, to_value;
};

Factors factors_of(Activation activation) {
  Factors factors{};
  activations::with(activation, [&](auto act) { factors = {act.to_argument, act.to_value}; });
  return factors;
}

std::string name_of(int layer, int depth, char const* kind) {
  return (layer == depth ? "o" : "l." + std::to_string(layer)) + kind;
}

std::vector<double> packed_weights(Network const& network) {
  Architecture const& a = network.architecture();
  NetworkShape const shape = shape_of(a);
  Factors const factors = factors_of(a.activation);
  std::vector<double> packed(index(shape.weights()), 0.0);
  for (int layer = 0; layer <= a.depth; ++layer) {
    double const factor =
        (layer == a.depth ? 1 : factors.to_argument) / (layer == 0 ? 1 : factors.to_value);
    auto const weight = network.tensor(name_of(layer, a.depth, ".weight"));
    int const inputs = shape.inputs(layer);
    for (int o = 0; o < shape.outputs(layer); ++o)
      for (int k = 0; k < inputs; ++k)
        packed[index(shape.weight(layer, o) + std::int64_t{k} * NetworkShape::block)] =
            factor * static_cast<double>(weight[index(std::int64_t{o} * inputs + k)]);
  }
  return packed;
}

}  // namespace

NetworkSource::NetworkSource(Network network) : prediction(network.prediction()) {
  network.check_finite();
  weights_ = std::make_shared<std::vector<double> const>(packed_weights(network));
  network_ = std::make_shared<Network const>(std::move(network));
}

NetworkShape NetworkSource::shape() const { return shape_of(network_->architecture()); }

std::vector<double> NetworkSource::level_rows(std::span<NoiseLevel const> levels) const {
  Architecture const& a = network_->architecture();
  NetworkShape const at = shape();
  double const to_argument = factors_of(a.activation).to_argument;
  auto const width = index(at.row());
  std::vector<double> rows(levels.size() * width, 0.0);
  for (std::size_t n = 0; n < levels.size(); ++n) {
    double* const row = rows.data() + n * width;
    Precondition const p = precondition(a, levels[n]);
    row[0] = p.in;
    row[1] = p.skip;
    row[2] = p.out;
    auto const e =
        a.frequencies > 0 ? network_->embedding(condition(a, levels[n])) : std::vector<double>{};
    for (int layer = 0; layer <= a.depth; ++layer) {
      auto const bias = network_->tensor(name_of(layer, a.depth, ".bias"));
      auto const embed = network_->tensor("u." + std::to_string(layer) + ".weight");
      double* const sums = row + at.bias(layer);
      for (std::size_t o = 0; o < bias.size(); ++o) {
        double sum = static_cast<double>(bias[o]);
        if (!embed.empty())
          for (std::size_t k = 0; k < e.size(); ++k)
            sum += static_cast<double>(embed[o * e.size() + k]) * e[k];
        sums[o] = (layer == a.depth ? 1 : to_argument) * sum;
      }
    }
  }
  return rows;
}

}  // namespace retrace
