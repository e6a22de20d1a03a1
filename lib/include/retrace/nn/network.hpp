// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/architecture.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retrace {

/// Where a parameter tensor lies among the values of a network: row-major, [out, in] for weights.
struct TensorInfo {
  std::string name;
  std::vector<std::int64_t> shape;
  std::size_t offset;
  std::size_t size;
};

/// The tensors of an architecture in their order: `freq` [n] (if there are frequencies), for each
/// hidden layer i `l.i.weight`, `l.i.bias` and, where it sees them, `u.i.weight` [width, 2n] of the
/// embedding and `c.i.weight` [width, m] of the conditions, where it is normalised `n.i.weight` and
/// `n.i.bias`, then `o.weight`, `o.bias` and, where it is learned, `scale` [d]. Throws as check().
[[nodiscard]] std::vector<TensorInfo> tensor_layout(Architecture const& architecture);

/// A tensor as it comes from elsewhere.
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<float const> values;
};

/// A score network: an architecture and its parameters, float, all in one array in the order of
/// tensor_layout(). A value. Host only; kernels are made of it by NetworkSource.
class Network {
 public:
  /// All parameters 0. Throws as check().
  explicit Network(Architecture const& architecture);
  /// Of tensors in any order. Throws Error (file) that names the tensor for one that is missing,
  /// unknown, there twice, of another shape, or has a value that is not finite.
  Network(Architecture const& architecture, std::span<NamedTensor const> tensors);

  [[nodiscard]] Architecture const& architecture() const { return architecture_; }
  [[nodiscard]] int dimension() const { return architecture_.dimension; }
  [[nodiscard]] Prediction prediction() const { return architecture_.prediction; }
  [[nodiscard]] std::span<TensorInfo const> layout() const { return layout_; }

  [[nodiscard]] std::span<float const> values() const { return values_; }
  [[nodiscard]] std::span<float> values() { return values_; }
  /// What training changes: everything but the frequencies, which come first.
  [[nodiscard]] std::span<float> trainable() {
    return values().subspan(static_cast<std::size_t>(architecture_.frequencies));
  }
  /// The values of the tensor of that name; empty where there is none.
  [[nodiscard]] std::span<float const> tensor(std::string_view name) const;
  [[nodiscard]] std::span<float> tensor(std::string_view name);

  /// Throws Error (numerics) that names the first tensor with a value that is not finite.
  void check_finite() const;
  /// The same, and Error (argument) where the network is conditioned on numbers that it has not
  /// been given (nn/conditioned.hpp).
  void check_usable() const;

  /// e at a conditioning number, 2n numbers, in double.
  [[nodiscard]] std::vector<double> embedding(double c) const;

 private:
  [[nodiscard]] TensorInfo const* find(std::string_view name) const;

  Architecture architecture_;
  std::vector<TensorInfo> layout_;
  std::vector<float> values_;
};

/// A network with random parameters: weights and biases uniform on +-1/sqrt(inputs of the matrix),
/// as PyTorch's nn.Linear has them; scales 1, offsets of norms 0; frequencies as Embedding says. A
/// pure function of architecture and seed, purpose `network`.
[[nodiscard]] Network random_network(Architecture const& architecture, std::uint64_t seed);

}  // namespace retrace
