// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/core/error.hpp>
#include <retrace/core/finite.hpp>
#include <retrace/nn/network.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace retrace {
namespace {

std::string shape_text(std::span<std::int64_t const> shape) {
  std::string text = "[";
  for (std::int64_t const size : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

bool has_nonfinite(std::span<float const> values) {
  return !all_finite(static_cast<int>(values.size()), [&](int i) { return values[size_t(i)]; });
}

std::size_t total(std::span<TensorInfo const> layout) {
  return layout.back().offset + layout.back().size;
}

}  // namespace

std::vector<TensorInfo> tensor_layout(Architecture const& a) {
  check(a);
  std::vector<TensorInfo> layout;
  std::size_t offset = 0;
  auto const add = [&](std::string name, std::vector<std::int64_t> shape) {
    std::size_t size = 1;
    for (std::int64_t const extent : shape) size *= static_cast<std::size_t>(extent);
    layout.push_back({std::move(name), std::move(shape), offset, size});
    offset += size;
  };
  if (a.frequencies > 0) add("freq", {a.frequencies});
  for (int i = 0; i < a.depth; ++i) {
    std::string const number = std::to_string(i);
    add("l." + number + ".weight", {a.width, i == 0 ? a.dimension : a.width});
    add("l." + number + ".bias", {a.width});
    if (a.sees_features(i) && a.frequencies > 0)
      add("u." + number + ".weight", {a.width, std::int64_t{2} * a.frequencies});
    if (a.sees_features(i) && a.conditions > 0)
      add("c." + number + ".weight", {a.width, a.conditions});
    if (a.norm == Norm::layer) {
      add("n." + number + ".weight", {a.width});
      add("n." + number + ".bias", {a.width});
    }
  }
  add("o.weight", {a.dimension, a.width});
  add("o.bias", {a.dimension});
  if (a.scale == OutputScale::learned) add("scale", {a.dimension});
  return layout;
}

Network::Network(Architecture const& architecture)
    : architecture_(architecture),
      layout_(tensor_layout(architecture)),
      values_(total(layout_), 0.0F) {}

Network::Network(Architecture const& architecture, std::span<NamedTensor const> tensors)
    : Network(architecture) {
  std::vector<bool> seen(layout_.size());
  for (NamedTensor const& tensor : tensors) {
    TensorInfo const* const info = find(tensor.name);
    if (info == nullptr)
      throw Error(Fault::file, "the network has no tensor " + quoted(tensor.name),
                  "its architecture has " + layout_.front().name + " to " + layout_.back().name);
    if (seen[static_cast<std::size_t>(info - layout_.data())])
      throw Error(Fault::file, "tensor " + quoted(tensor.name) + " is there twice");
    seen[static_cast<std::size_t>(info - layout_.data())] = true;
    if (tensor.shape != info->shape || tensor.values.size() != info->size)
      throw Error(Fault::file,
                  "tensor " + quoted(tensor.name) + " has shape " + shape_text(tensor.shape),
                  "the architecture needs " + shape_text(info->shape));
    if (has_nonfinite(tensor.values))
      throw Error(Fault::file, "tensor " + quoted(tensor.name) + " has a value that is not finite");
    std::copy(tensor.values.begin(), tensor.values.end(),
              values_.begin() + static_cast<std::ptrdiff_t>(info->offset));
  }
  for (std::size_t i = 0; i < seen.size(); ++i)
    if (!seen[i])
      throw Error(Fault::file, "tensor '" + layout_[i].name + "' is missing",
                  "the architecture needs it, of shape " + shape_text(layout_[i].shape));
}

TensorInfo const* Network::find(std::string_view name) const {
  auto const at = std::find_if(layout_.begin(), layout_.end(),
                               [&](TensorInfo const& info) { return info.name == name; });
  return at == layout_.end() ? nullptr : &*at;
}

std::span<float const> Network::tensor(std::string_view name) const {
  TensorInfo const* const info = find(name);
  return info == nullptr ? std::span<float const>{} : values().subspan(info->offset, info->size);
}

std::span<float> Network::tensor(std::string_view name) {
  TensorInfo const* const info = find(name);
  return info == nullptr ? std::span<float>{} : values().subspan(info->offset, info->size);
}

void Network::check_finite() const {
  for (TensorInfo const& info : layout_)
    if (has_nonfinite(values().subspan(info.offset, info.size)))
      throw Error(Fault::numerics,
                  "tensor '" + info.name + "' of the network has a value that is not finite");
}

void Network::check_usable() const {
  check_finite();
  if (architecture_.conditions > 0)
    throw Error(
        Fault::argument,
        "the network is conditioned on " + std::to_string(architecture_.conditions) +
            (architecture_.condition_kind == ConditionKind::of_class ? " classes" : " numbers"),
        "and it does not know which", "say it by conditioned(network, y)");
}

std::vector<double> Network::embedding(double c) const {
  std::span<float const> const freq = tensor("freq");
  std::vector<double> e(2 * freq.size());
  for (std::size_t i = 0; i < freq.size(); ++i) {
    double const angle = 2 * std::numbers::pi * c * static_cast<double>(freq[i]);
    e[i] = std::sin(angle);
    e[freq.size() + i] = std::cos(angle);
  }
  return e;
}

Network random_network(Architecture const& architecture, std::uint64_t seed) {
  Network network(architecture);
  double const spread = architecture.conditioning == Conditioning::time ? 16 : 1;
  for (std::size_t number = 0; number < network.layout().size(); ++number) {
    TensorInfo const& info = network.layout()[number];
    std::span<float> const values = network.values().subspan(info.offset, info.size);
    DrawKey const key{.step = static_cast<std::int64_t>(number)};
    if (info.name == "freq") {
      draw_normals(seed, 0, Purpose::network, key, values);
      for (std::size_t i = 0; i < values.size(); ++i) {
        double const place = static_cast<double>(i) / static_cast<double>(values.size());
        values[i] = static_cast<float>(architecture.embedding == Embedding::fourier
                                           ? spread * static_cast<double>(values[i])
                                           : 1000 / (2 * std::numbers::pi) * std::pow(1e-4, place));
      }
      continue;
    }
    if (info.name.starts_with("n.") || info.name == "scale") {
      std::fill(values.begin(), values.end(), info.name.ends_with(".bias") ? 0.F : 1.F);
      continue;
    }
    // A bias has the bound of the weight before it.
    bool const is_bias = info.shape.size() == 1;
    std::int64_t const inputs = (is_bias ? network.layout()[number - 1] : info).shape.back();
    double const bound = 1 / std::sqrt(static_cast<double>(inputs));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] =
          static_cast<float>(bound * (2 * draw_uniform(seed, i, Purpose::network, key) - 1));
  }
  return network;
}

}  // namespace retrace
