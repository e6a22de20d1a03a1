// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/network.hpp>

#include <memory>
#include <span>

namespace retrace {

/// A network at one point, on the host, in double: plain matrix products, the oracle of the
/// kernels. A value; copies share the parameters. Calls may run in parallel.
class HostNetwork {
 public:
  /// Throws as Network::check_usable().
  explicit HostNetwork(Network const& network);
  /// At a condition, [m], of a network that has them. Throws Error (numerics) for parameters that
  /// are not finite, (argument) for a condition that does not fit.
  HostNetwork(Network const& network, std::span<double const> condition);

  [[nodiscard]] Architecture const& architecture() const;
  [[nodiscard]] int dimension() const { return architecture().dimension; }
  [[nodiscard]] Prediction prediction() const { return architecture().prediction; }

  /// The prediction at x, [d], and a level. Throws Error (argument) for levels where the network
  /// has no condition or no preconditioning.
  void predict(std::span<double const> x, NoiseLevel const& level, std::span<double> out) const;
  /// The prediction, and its Jacobian times each of the tangents, [n][d] both.
  void products(std::span<double const> x, NoiseLevel const& level,
                std::span<double const> tangents, std::span<double> out,
                std::span<double> products) const;
  /// The prediction and its divergence in x, by d derivatives.
  double divergence(std::span<double const> x, NoiseLevel const& level,
                    std::span<double> out) const;

 private:
  struct Layers;
  std::shared_ptr<Layers const> layers_;
};

}  // namespace retrace
