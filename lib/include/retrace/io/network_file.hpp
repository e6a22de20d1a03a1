// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/io/safetensors.hpp>
#include <retrace/nn/network.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace retrace {

/// What a network was trained on is (x - mean) / std, component by component; samples of it become
/// data by mean + std x. Empty where the data were taken as they are.
struct Normalisation {
  std::vector<double> mean, std;

  [[nodiscard]] bool empty() const { return mean.empty(); }

  /// Data x, [n][d], as the network knows them; in place.
  template <class T>
  void to_network(std::span<T> x) const {
    each(x, [](double value, double m, double s) { return (value - m) / s; });
  }
  /// The way back.
  template <class T>
  void to_data(std::span<T> x) const {
    each(x, [](double value, double m, double s) { return m + s * value; });
  }
  /// log p(data) = log p(network's) - log_volume(); 0 where empty.
  [[nodiscard]] double log_volume() const;
  [[nodiscard]] friend bool operator==(Normalisation const&, Normalisation const&) = default;

 private:
  template <class T, class F>
  void each(std::span<T> x, F const& f) const {
    if (empty()) return;
    for (std::size_t row = 0; row < x.size(); row += mean.size())
      for (std::size_t c = 0; c < mean.size(); ++c)
        x[row + c] = static_cast<T>(f(static_cast<double>(x[row + c]), mean[c], std[c]));
  }
};

/// A score network with what must be known to use it.
struct TrainedNetwork {
  Network network;
  std::string sde = "vp";  ///< the forward process, as make_sde() takes it
  Normalisation normalisation{};
  Normalisation of_conditions{};  ///< (y - mean) / std is what the network is conditioned on
  /// The share of examples that it was trained on without their class, where that is known.
  std::optional<double> drop_condition{};
};

/// The network at a condition y, [m], given as the data had it. Throws as check_condition().
[[nodiscard]] TrainedNetwork conditioned(TrainedNetwork const& trained,
                                         std::vector<double> condition);

/// Reads a network from safetensors: the tensors of tensor_layout(), of any float type (doubles are
/// rounded). Those whose names begin with `ema/` or `train/` are left alone. What `__metadata__`
/// says (docs/networks.md), it must say of this network; what it does not say is taken from the
/// shapes (dimension, width, depth, frequencies, injection, norm, conditions, scale) or is the
/// default of Architecture and of TrainedNetwork. Anything that does not fit, and weights that are
/// not finite, are refused: Fault::file, naming file, tensor or field, expected and found.
[[nodiscard]] TrainedNetwork read_network(std::filesystem::path const& path);
[[nodiscard]] TrainedNetwork read_network(SafetensorsFile const& file);

/// The metadata that describe a network: all that read_network() understands, and `version`.
[[nodiscard]] TensorMetadata network_metadata(TrainedNetwork const& trained);

/// The tensors of a network as they go into a file, their names behind `prefix`. They refer to
/// `values`, which has the layout of the network.
[[nodiscard]] std::vector<TensorData> network_tensors(Network const& network,
                                                      std::span<float const> values,
                                                      std::string const& prefix = {});

/// Writes the network as read_network() reads it, complete or not at all.
void write_network(std::filesystem::path const& path, TrainedNetwork const& trained);

}  // namespace retrace
