// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/network.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace retrace {

/// Where training keeps the parameters of a network: the matrices [inputs, outputs] of a layer,
/// that of its state above those of the embedding and of the conditions, in panels (nn/panels.hpp),
/// and its bias, and scales and offsets of its norm, then the scale of the output. What fills up
/// panels is 0 and stays so. Frequencies are not among them.
class Trainable {
 public:
  struct Layer {
    int state;      ///< inputs from the layer before
    int embedding;  ///< inputs from the embedding and the conditions, 0 where it sees none
    int outputs;
    std::size_t weight, bias;  ///< offsets
    std::size_t norm;          ///< of the scales of its norm, and in a row behind them its offsets
    std::size_t transposed;    ///< offset in the transposed matrices, of the state alone

    [[nodiscard]] int inputs() const { return state + embedding; }
    /// Of the offsets of its norm.
    [[nodiscard]] std::size_t norm_offsets() const;
  };

  explicit Trainable(Architecture const& architecture);

  [[nodiscard]] Architecture const& architecture() const { return architecture_; }
  /// Hidden layers, then the last one.
  [[nodiscard]] std::span<Layer const> layers() const { return layers_; }
  /// Offset of the scale of the output, where there is one.
  [[nodiscard]] std::optional<std::size_t> scale() const { return scale_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t transposed_size() const { return transposed_size_; }

  /// The parameters among `values`, which have the layout of the network.
  template <class T>
  void gather(std::span<float const> values, std::span<T> parameters) const;
  /// Puts them back; the frequencies are left as they are.
  template <class T>
  void scatter(std::span<T const> parameters, std::span<float> values) const;

  /// The transposes of the matrices through which gradients go back, [outputs, state] in panels.
  template <class T>
  void transpose(std::span<T const> parameters, std::span<T> transposed) const;

 private:
  template <class F>
  void for_each_value(F const& f) const;

  Architecture architecture_;
  std::vector<TensorInfo> tensors_;
  std::vector<Layer> layers_;
  std::optional<std::size_t> scale_;
  std::size_t size_ = 0, transposed_size_ = 0;
};

}  // namespace retrace
