// SPDX-License-Identifier: Apache-2.0
#include "packed.hpp"

#include <retrace/nn/activation_lanes.hpp>

#include <string>

namespace retrace {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// What output o of a layer is multiplied by: a constant of the activation, or the learned scale.
double output_factor(Network const& network, int layer, std::size_t o) {
  Architecture const& a = network.architecture();
  if (layer < a.depth) return factors_of(a.activation).to_argument;
  auto const scale = network.tensor("scale");
  return scale.empty() ? 1 : static_cast<double>(scale[o]);
}

std::string name_of(int layer, int depth, char const* kind) {
  return (layer == depth ? "o" : "l." + std::to_string(layer)) + kind;
}

/// Where the weight of input k and output o lies, after the first of its matrix.
std::size_t place(int o, int inputs, int k) {
  constexpr int block = NetworkShape::block;
  return index(std::int64_t{o / block * block} * inputs + std::int64_t{k} * block + o % block);
}

}  // namespace

NetworkShape shape_of(Architecture const& a) { return {a.dimension, a.width, a.depth}; }

ActivationFactors factors_of(Activation activation) {
  ActivationFactors factors{};
  activations::with(activation, [&](auto act) { factors = {act.to_argument, act.to_value}; });
  return factors;
}

std::vector<double> packed_weights(Network const& network) {
  Architecture const& a = network.architecture();
  NetworkShape const shape = shape_of(a);
  double const to_value = factors_of(a.activation).to_value;
  std::vector<double> packed(index(shape.weights()), 0.0);
  for (int layer = 0; layer <= a.depth; ++layer) {
    auto const weight = network.tensor(name_of(layer, a.depth, ".weight"));
    int const inputs = shape.inputs(layer);
    for (int o = 0; o < shape.outputs(layer); ++o) {
      double const factor = output_factor(network, layer, index(o)) / (layer == 0 ? 1 : to_value);
      for (int k = 0; k < inputs; ++k)
        packed[index(shape.weight(layer, o) + std::int64_t{k} * NetworkShape::block)] =
            factor * static_cast<double>(weight[index(std::int64_t{o} * inputs + k)]);
    }
  }
  return packed;
}

std::vector<double> packed_biases(Network const& network, std::vector<double> const& features) {
  Architecture const& a = network.architecture();
  NetworkShape const shape = shape_of(a);
  std::vector<double> row(index(shape.row()), 0.0);
  for (int layer = 0; layer <= a.depth; ++layer) {
    auto const bias = network.tensor(name_of(layer, a.depth, ".bias"));
    auto const embed = network.tensor("u." + std::to_string(layer) + ".weight");
    double* const sums = row.data() + shape.bias(layer);
    for (std::size_t o = 0; o < bias.size(); ++o) {
      double sum = static_cast<double>(bias[o]);
      if (!embed.empty())
        for (std::size_t k = 0; k < features.size(); ++k)
          sum += static_cast<double>(embed[o * features.size() + k]) * features[k];
      sums[o] = output_factor(network, layer, o) * sum;
    }
  }
  return row;
}

std::vector<double> packed_embedding(Network const& network) {
  Architecture const& a = network.architecture();
  int const features = 2 * a.frequencies;
  double const to_argument = factors_of(a.activation).to_argument;
  std::size_t const size = index(std::int64_t{NetworkShape::padded(a.width)} * features);
  std::vector<double> packed;
  for (int layer = 0; layer < a.depth; ++layer) {
    auto const weight = network.tensor("u." + std::to_string(layer) + ".weight");
    if (weight.empty()) break;
    std::size_t const first = packed.size();
    packed.resize(first + size, 0.0);
    for (int o = 0; o < a.width; ++o)
      for (int k = 0; k < features; ++k)
        packed[first + place(o, features, k)] =
            to_argument * static_cast<double>(weight[index(std::int64_t{o} * features + k)]);
  }
  return packed;
}

}  // namespace retrace
