// SPDX-License-Identifier: Apache-2.0
#include "packed.hpp"

#include <retrace/nn/activation_lanes.hpp>
#include <retrace/nn/bf16_layers.hpp>

#include <cmath>
#include <string>

namespace retrace {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

std::string name_of(int layer, int depth, char const* kind) {
  return (layer == depth ? "o" : "l." + std::to_string(layer)) + kind;
}

/// Where the weight of input k and output o lies, after the first of its matrix.
std::size_t place(int o, int inputs, int k) {
  constexpr int block = NetworkShape::block;
  return index(std::int64_t{o / block * block} * inputs + std::int64_t{k} * block + o % block);
}

/// What goes into the matrices of hidden layers; into scale and offset of a norm instead, if there
/// is one.
double argument_factor(Architecture const& a) {
  return a.norm == Norm::layer ? 1 : factors_of(a.activation).to_argument;
}

/// What output o of a layer is multiplied by: a constant of the activation, or the learned scale.
double output_factor(Network const& network, int layer, std::size_t o) {
  Architecture const& a = network.architecture();
  if (layer < a.depth) return argument_factor(a);
  auto const scale = network.tensor("scale");
  return scale.empty() ? 1 : static_cast<double>(scale[o]);
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
  ActivationFactors const factors = factors_of(a.activation);
  std::vector<double> packed(index(a.norm == Norm::layer ? shape.norm(a.depth) : shape.weights()),
                             0.0);
  for (int layer = 0; layer <= a.depth; ++layer) {
    auto const weight = network.tensor(name_of(layer, a.depth, ".weight"));
    int const inputs = shape.inputs(layer);
    for (int o = 0; o < shape.outputs(layer); ++o) {
      double const factor =
          output_factor(network, layer, index(o)) / (layer == 0 ? 1 : factors.to_value);
      for (int k = 0; k < inputs; ++k)
        packed[index(shape.weight(layer, o) + std::int64_t{k} * NetworkShape::block)] =
            factor * static_cast<double>(weight[index(std::int64_t{o} * inputs + k)]);
    }
  }
  for (int layer = 0; a.norm == Norm::layer && layer < a.depth; ++layer) {
    auto const scale = network.tensor("n." + std::to_string(layer) + ".weight"),
               offset = network.tensor("n." + std::to_string(layer) + ".bias");
    double* const rows = &packed[index(shape.norm(layer))];
    for (std::size_t o = 0; o < scale.size(); ++o) {
      rows[o] = factors.to_argument * static_cast<double>(scale[o]);
      rows[index(NetworkShape::padded(a.width)) + o] =
          factors.to_argument * static_cast<double>(offset[o]);
    }
  }
  return packed;
}

std::vector<std::uint32_t> packed_pairs(Network const& network,
                                        std::vector<double> const& weights) {
  constexpr int block = NetworkShape::block;
  NetworkShape const shape = shape_of(network.architecture());
  std::vector<std::uint32_t> packed(index(Bf16Layers::pair_place(shape.width, shape.depth, 0)));
  auto const weight = [&](int layer, int o, int k) {
    if (k >= shape.width) return 0.F;
    auto const value = static_cast<float>(weights[index(shape.weight(layer, o) + k * block)]);
    return std::abs(value) < simd::bf16_least_factor ? 0.F : value;
  };
  for (int layer = 1; layer < shape.depth; ++layer)
    for (int o = 0; o < shape.width; ++o)
      for (int k = 0; k < shape.width; k += 2)
        packed[index(Bf16Layers::pair_place(shape.width, layer, o) + std::int64_t{k} / 2 * block)] =
            simd::bf16_pair(weight(layer, o, k), weight(layer, o, k + 1));
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
      sum *= output_factor(network, layer, o);
      // Sums that begin with what is hardly there would go through denormal numbers.
      sums[o] = std::abs(sum) < static_cast<double>(simd::bf16_least_summand) ? 0 : sum;
    }
  }
  return row;
}

std::vector<double> packed_embedding(Network const& network) {
  Architecture const& a = network.architecture();
  int const features = 2 * a.frequencies;
  double const to_argument = argument_factor(a);
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
