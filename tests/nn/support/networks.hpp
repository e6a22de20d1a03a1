// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/network.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace retrace::testing {

/// One architecture for every activation, kind of skip, injection, conditioning, preconditioning
/// and scale, of odd sizes, all without conditions.
inline std::vector<Architecture> architectures(int dimension) {
  std::vector<Architecture> all;
  for (auto const& [name, activation] : names<Activation>())
    all.push_back({.dimension = dimension, .width = 21, .activation = activation});
  Architecture plain{.dimension = dimension, .width = 13, .frequencies = 5};
  auto const vary = [&](auto const& change) {
    all.push_back(plain);
    change(all.back());
  };
  vary([](Architecture& a) { a.depth = 1; });
  vary([](Architecture& a) { a.frequencies = 0; });
  vary([](Architecture& a) { a.injection = Injection::first_layer; });
  vary([](Architecture& a) { a.embedding = Embedding::sinusoidal; });
  vary([](Architecture& a) { a.conditioning = Conditioning::log_sigma; });
  vary([](Architecture& a) { a.skip = Skip::residual, a.depth = 4; });
  vary([](Architecture& a) { a.skip = Skip::residual, a.activation = Activation::gelu; });
  for (int const depth : {1, 2, 5, 6})
    vary([depth](Architecture& a) { a.skip = Skip::u_shape, a.depth = depth; });
  for (auto const& [name, activation] : names<Activation>())
    vary([activation = activation](Architecture& a) {
      a.norm = Norm::layer, a.activation = activation;
    });
  vary([](Architecture& a) {
    a.norm = Norm::layer, a.skip = Skip::u_shape, a.depth = 4, a.width = 16;
  });
  vary([](Architecture& a) { a.norm = Norm::layer, a.skip = Skip::residual; });
  vary([](Architecture& a) { a.skip = Skip::u_shape, a.activation = Activation::softplus; });
  vary([](Architecture& a) {
    a.prediction = Prediction::denoised, a.conditioning = Conditioning::log_sigma;
    a.preconditioning = Preconditioning::edm, a.width = 32;
  });
  vary([](Architecture& a) { a.scale = OutputScale::learned; });
  return all;
}

/// The same with conditions, one for every way in which they can enter.
inline std::vector<Architecture> conditional_architectures(int dimension) {
  std::vector<Architecture> all;
  Architecture plain{.dimension = dimension, .width = 13, .frequencies = 5, .conditions = 3};
  auto const vary = [&](auto const& change) {
    all.push_back(plain);
    change(all.back());
  };
  vary([](Architecture&) {});
  vary([](Architecture& a) { a.condition_kind = ConditionKind::vector, a.conditions = 1; });
  vary([](Architecture& a) { a.frequencies = 0; });
  vary([](Architecture& a) { a.frequencies = 32, a.conditions = 40; });
  vary([](Architecture& a) { a.injection = Injection::first_layer; });
  vary([](Architecture& a) { a.injection = Injection::first_layer, a.frequencies = 0; });
  vary([](Architecture& a) { a.scale = OutputScale::learned, a.skip = Skip::residual; });
  vary([](Architecture& a) {
    a.scale = OutputScale::learned, a.skip = Skip::u_shape, a.norm = Norm::layer, a.depth = 4;
  });
  vary([](Architecture& a) { a.injection = Injection::first_layer, a.norm = Norm::layer; });
  return all;
}

/// random_network(), with scales that are none of them 1, and norms that have learned something.
inline Network random_scaled_network(Architecture const& architecture, std::uint64_t seed) {
  Network network = random_network(architecture, seed);
  float next = 0.5F;
  for (float& scale : network.tensor("scale")) scale = next += 0.25F;
  for (TensorInfo const& info : network.layout())
    if (info.name.starts_with("n."))
      for (std::size_t i = 0; i < info.size; ++i)
        network.values()[info.offset + i] += 0.25F * std::sin(1.F + static_cast<float>(i));
  return network;
}

inline std::string text(Architecture const& a) {
  std::string text;
  for (auto const& [name, value] : names<Activation>())
    if (value == a.activation) text += name;
  if (a.norm == Norm::layer) text += " normalised";
  return text + " " + std::to_string(a.dimension) + "-" + std::to_string(a.width) + "x" +
         std::to_string(a.depth) + (a.skip == Skip::residual ? " residual" : "") +
         (a.skip == Skip::u_shape ? " u-shape" : "") +
         (a.preconditioning == Preconditioning::edm ? " edm" : "") +
         (a.frequencies == 0 ? " without level" : "") +
         (a.scale == OutputScale::learned ? " scaled" : "") +
         (a.conditions > 0 ? " conditions " + std::to_string(a.conditions) : "");
}

}  // namespace retrace::testing
