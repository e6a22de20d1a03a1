// SPDX-License-Identifier: Apache-2.0
#include <retrace/nn/panels.hpp>
#include <retrace/nn/trainable.hpp>

#include <algorithm>
#include <cassert>
#include <string>

namespace retrace {
namespace {

using panels::columns;

/// Where number (row, column) of a matrix in panels lies.
std::size_t place_in_panels(int rows, int row, int column) {
  auto const panel = static_cast<std::size_t>(column / columns);
  return (panel * static_cast<std::size_t>(rows) + static_cast<std::size_t>(row)) * columns +
         static_cast<std::size_t>(column % columns);
}

std::size_t padded_size(int rows, int all_columns) {
  return static_cast<std::size_t>(panels::count(all_columns)) * static_cast<std::size_t>(rows) *
         columns;
}

}  // namespace

std::size_t Trainable::Layer::norm_offsets() const { return norm + padded_size(1, outputs); }

Trainable::Trainable(Architecture const& a) : architecture_(a), tensors_(tensor_layout(a)) {
  for (int i = 0; i <= a.depth; ++i) {
    bool const last = i == a.depth;
    Layer layer{.state = i == 0 ? a.dimension : a.width,
                .embedding = !last && a.sees_features(i) ? a.features() : 0,
                .outputs = last ? a.dimension : a.width,
                .weight = size_,
                .bias = 0,
                .norm = 0,
                .transposed = transposed_size_};
    size_ += padded_size(layer.inputs(), layer.outputs);
    layer.bias = size_;
    size_ += padded_size(1, layer.outputs);
    layer.norm = size_;
    if (a.norm == Norm::layer && !last) size_ += padded_size(2, layer.outputs);
    if (i > 0) transposed_size_ += padded_size(layer.outputs, layer.state);
    layers_.push_back(layer);
  }
  if (a.scale == OutputScale::none) return;
  scale_ = size_;
  size_ += padded_size(1, a.dimension);
}

/// f(place among the parameters, place among the values of the network) for every one of them.
template <class F>
void Trainable::for_each_value(F const& f) const {
  auto const offset_of = [&](std::string const& name) {
    auto const found = std::find_if(tensors_.begin(), tensors_.end(),
                                    [&](TensorInfo const& info) { return info.name == name; });
    assert(found != tensors_.end());
    return found->offset;
  };
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Layer const& layer = layers_[i];
    std::string const name = i + 1 == layers_.size() ? "o" : "l." + std::to_string(i);
    auto const matrix = [&](std::size_t from, int first_row, int inputs) {
      for (int o = 0; o < layer.outputs; ++o)
        for (int k = 0; k < inputs; ++k)
          f(layer.weight + place_in_panels(layer.inputs(), first_row + k, o), from++);
    };
    matrix(offset_of(name + ".weight"), 0, layer.state);
    if (layer.embedding > 0) {
      int const features = 2 * architecture_.frequencies, conditions = architecture_.conditions;
      std::string const number = std::to_string(i);
      if (features > 0) matrix(offset_of("u." + number + ".weight"), layer.state, features);
      if (conditions > 0)
        matrix(offset_of("c." + number + ".weight"), layer.state + features, conditions);
    }
    std::size_t const bias = offset_of(name + ".bias");
    for (int o = 0; o < layer.outputs; ++o)
      f(layer.bias + static_cast<std::size_t>(o), bias + static_cast<std::size_t>(o));
    if (architecture_.norm == Norm::none || i + 1 == layers_.size()) continue;
    std::size_t const scale = offset_of("n." + std::to_string(i) + ".weight"),
                      offset = offset_of("n." + std::to_string(i) + ".bias");
    for (std::size_t o = 0; o < static_cast<std::size_t>(layer.outputs); ++o) {
      f(layer.norm + o, scale + o);
      f(layer.norm_offsets() + o, offset + o);
    }
  }
  if (scale_)
    for (std::size_t j = 0, from = offset_of("scale");
         j < static_cast<std::size_t>(architecture_.dimension); ++j)
      f(*scale_ + j, from + j);
}

template <class T>
void Trainable::gather(std::span<float const> values, std::span<T> parameters) const {
  std::fill(parameters.begin(), parameters.end(), T(0));
  for_each_value([&](std::size_t mine, std::size_t its) { parameters[mine] = T(values[its]); });
}

template <class T>
void Trainable::scatter(std::span<T const> parameters, std::span<float> values) const {
  for_each_value([&](std::size_t mine, std::size_t its) {
    values[its] = static_cast<float>(parameters[mine]);
  });
}

template <class T>
void Trainable::transpose(std::span<T const> parameters, std::span<T> transposed) const {
  for (Layer const& layer : layers().subspan(1)) {
    // Square by square, so that both sides stay in the cache.
    for (int o = 0; o < layer.outputs; o += columns)
      for (int k = 0; k < layer.state; k += columns) {
        int const wide = std::min(columns, layer.outputs - o),
                  high = std::min(columns, layer.state - k);
        T const* const from = &parameters[layer.weight + place_in_panels(layer.inputs(), k, o)];
        T* const to = &transposed[layer.transposed + place_in_panels(layer.outputs, o, k)];
        for (int c = 0; c < wide; ++c)
          for (int r = 0; r < high; ++r) to[c * columns + r] = from[r * columns + c];
      }
  }
}

template void Trainable::gather(std::span<float const>, std::span<float>) const;
template void Trainable::gather(std::span<float const>, std::span<double>) const;
template void Trainable::scatter(std::span<float const>, std::span<float>) const;
template void Trainable::scatter(std::span<double const>, std::span<float>) const;
template void Trainable::transpose(std::span<float const>, std::span<float>) const;
template void Trainable::transpose(std::span<double const>, std::span<double>) const;

}  // namespace retrace
