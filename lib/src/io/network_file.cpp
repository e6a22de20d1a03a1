// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/nearest.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/core/version.hpp>
#include <retrace/io/network_file.hpp>
#include <retrace/nn/conditioned.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

namespace retrace {
namespace {

using Sizes = std::vector<std::int64_t>;

/// The fields of the metadata by which an architecture is written and read, in one place.
template <class Arch, class Enum, class Integer, class Real>
void for_each_field(Arch& a, Enum const& of_enum, Integer const& of_integer, Real const& of_real) {
  of_integer("dimension", a.dimension);
  of_integer("width", a.width);
  of_integer("depth", a.depth);
  of_integer("frequencies", a.frequencies);
  of_enum("injection", a.injection);
  of_enum("activation", a.activation);
  of_enum("conditioning", a.conditioning);
  of_enum("embedding", a.embedding);
  of_enum("skip", a.skip);
  of_enum("norm", a.norm);
  of_enum("prediction", a.prediction);
  of_enum("preconditioning", a.preconditioning);
  of_real("sigma_data", a.sigma_data);
  of_integer("conditions", a.conditions);
  of_enum("condition", a.condition_kind);
  of_enum("scale", a.scale);
}

std::string const* field(SafetensorsFile const& file, std::string_view key) {
  auto const found = file.metadata().find(key);
  return found == file.metadata().end() ? nullptr : &found->second;
}

template <class Number>
Number parsed(SafetensorsFile const& file, std::string_view key, std::string const& text) {
  Number value{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    file.refuse("its metadata have " + retrace::quoted(text) + " as " + std::string(key),
                "expected is a number");
  return value;
}

template <class E>
void read_enum(SafetensorsFile const& file, std::string_view key, E& value) {
  std::string const* const text = field(file, key);
  if (text == nullptr) return;
  std::string known;
  for (auto const& [name, choice] : names<E>()) {
    if (name == *text) {
      value = choice;
      return;
    }
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  file.refuse("its metadata have " + retrace::quoted(*text) + " as " + std::string(key),
              "expected is one of " + known);
}

int size_of(SafetensorsFile const& file, std::string const& tensor, std::size_t dimensions,
            std::size_t which) {
  Sizes const& shape = file.shape(tensor);
  constexpr std::int64_t most = 1 << 20;
  if (shape.size() != dimensions || shape[which] > most)
    file.refuse("its tensor " + retrace::quoted(tensor) + " has " + std::to_string(shape.size()) +
                    " dimensions" + (shape.size() == dimensions ? ", too large ones" : ""),
                "expected are " + std::to_string(dimensions));
  return static_cast<int>(shape[which]);
}

Architecture architecture_of(SafetensorsFile const& file) {
  Architecture a;
  a.width = size_of(file, "l.0.weight", 2, 0);
  a.dimension = size_of(file, "l.0.weight", 2, 1);
  a.depth = 1;
  while (file.has("l." + std::to_string(a.depth) + ".weight")) ++a.depth;
  a.frequencies = file.has("freq") ? size_of(file, "freq", 1, 0) : 0;
  a.conditions = file.has("c.0.weight") ? size_of(file, "c.0.weight", 2, 1) : 0;
  bool const matters = a.features() > 0 && a.depth > 1;
  bool const first_only = matters && !file.has(a.frequencies > 0 ? "u.1.weight" : "c.1.weight");
  a.injection = first_only ? Injection::first_layer : Injection::every_layer;
  a.scale = file.has("scale") ? OutputScale::learned : OutputScale::none;

  a.norm = file.has("n.0.weight") ? Norm::layer : Norm::none;

  Architecture const found = a;
  for_each_field(
      a, [&](std::string_view key, auto& value) { read_enum(file, key, value); },
      [&](std::string_view key, int of_shapes) {
        std::string const* const text = field(file, key);
        if (text != nullptr && parsed<int>(file, key, *text) != of_shapes)
          file.refuse("its metadata have the " + std::string(key) + " " + retrace::quoted(*text),
                      "its tensors have " + std::to_string(of_shapes));
      },
      [&](std::string_view key, double& value) {
        if (std::string const* const text = field(file, key))
          value = parsed<double>(file, key, *text);
      });
  // With one layer, or nothing to inject, there is nothing that could tell them apart.
  if (a.injection != found.injection && matters)
    file.refuse("its metadata and its tensors differ in the injection",
                "a tensor 'u.1.weight' or 'c.1.weight' says every-layer");
  if (a.scale != found.scale)
    file.refuse("its metadata and its tensors differ in the scale of the output",
                "a tensor 'scale' says learned");
  if (a.norm != found.norm)
    file.refuse("its metadata and its tensors 'n.i.weight' differ in the norm");
  try {
    check(a);
  } catch (Error const& error) {
    file.refuse("it is no network", error.what());
  }
  return a;
}

std::vector<double> numbers(SafetensorsFile const& file, std::string_view key, int count) {
  auto const refuse = [&] {
    file.refuse("its metadata have a " + std::string(key) + " that is no list of " +
                std::to_string(count) + " numbers");
  };
  auto const list = nlohmann::json::parse(*field(file, key), nullptr, false);
  if (!list.is_array() || list.size() != static_cast<std::size_t>(count)) refuse();
  std::vector<double> values;
  for (auto const& item : list) {
    if (!item.is_number()) refuse();
    values.push_back(item.get<double>());
    if (!std::isfinite(values.back())) refuse();
  }
  return values;
}

/// What the metadata call `mean` and `std` behind a prefix.
Normalisation normalisation_of(SafetensorsFile const& file, std::string const& prefix, int count) {
  std::string const mean = prefix + "mean", std = prefix + "std";
  bool const has_mean = field(file, mean) != nullptr;
  if (has_mean != (field(file, std) != nullptr))
    file.refuse("its metadata have one of " + mean + " and " + std, "expected are both or none");
  if (!has_mean) return {};
  Normalisation made{numbers(file, mean, count), numbers(file, std, count)};
  if (!std::all_of(made.std.begin(), made.std.end(), [](double s) { return s > 0; }))
    file.refuse("its metadata have a " + std + " that is not positive");
  return made;
}

constexpr char const *condition_prefix = "condition_", *drop_key = "drop_condition";

bool beside_the_network(std::string_view tensor) {
  return tensor.starts_with("ema/") || tensor.starts_with("train/");
}

std::string list_text(std::vector<double> const& values) {
  std::string text;
  for (double const value : values) text += (text.empty() ? "[" : ",") + shortest(value);
  return text + "]";
}

}  // namespace

TrainedNetwork read_network(SafetensorsFile const& file) {
  Architecture const architecture = architecture_of(file);
  // Before memory is taken on the word of the first few.
  for (TensorInfo const& info : tensor_layout(architecture)) file.require(info.name, info.shape);
  TrainedNetwork made{.network = Network(architecture)};
  for (TensorInfo const& info : made.network.layout()) {
    auto const values = file.values(info.name, info.shape);
    auto const into = made.network.tensor(info.name);
    std::transform(values.begin(), values.end(), into.begin(),
                   [](double v) { return static_cast<float>(v); });
    for (std::size_t i = 0; i < into.size(); ++i)
      if (!std::isfinite(into[i]))
        file.refuse("entry " + std::to_string(i) + " of its tensor " + retrace::quoted(info.name) +
                    " is " + (std::isnan(into[i]) ? "NaN" : "infinite"));
  }
  for (auto const& [name, entry] : file.tensors())
    if (!beside_the_network(name) && made.network.tensor(name).empty())
      file.refuse("it has a tensor " + retrace::quoted(name) + " that no network has",
                  "see docs/networks.md for the names");
  if (std::string const* const sde = field(file, "sde")) made.sde = *sde;
  made.normalisation = normalisation_of(file, "", architecture.dimension);
  made.of_conditions = normalisation_of(file, condition_prefix, architecture.conditions);
  if (std::string const* const share = field(file, drop_key))
    made.drop_condition = parsed<double>(file, drop_key, *share);
  return made;
}

double Normalisation::log_volume() const {
  double sum = 0;
  for (double const along : std) sum += std::log(std::abs(along));
  return sum;
}

TrainedNetwork conditioned(TrainedNetwork const& trained, std::vector<double> condition) {
  check_condition(trained.network.architecture(), condition);
  trained.of_conditions.to_network(std::span(condition));
  return {.network = conditioned(trained.network, condition),
          .sde = trained.sde,
          .normalisation = trained.normalisation};
}

TrainedNetwork read_network(std::filesystem::path const& path) {
  return read_network(SafetensorsFile(path));
}

TensorMetadata network_metadata(TrainedNetwork const& trained) {
  TensorMetadata metadata{{"sde", trained.sde}, {"version", std::string(version)}};
  for_each_field(
      trained.network.architecture(),
      [&]<class E>(char const* key, E const& value) {
        for (auto const& [name, choice] : names<E>())
          if (choice == value) metadata[key] = name;
      },
      [&](char const* key, int value) { metadata[key] = std::to_string(value); },
      [&](char const* key, double value) { metadata[key] = shortest(value); });
  auto const add = [&](std::string const& prefix, Normalisation const& n) {
    if (n.empty()) return;
    metadata[prefix + "mean"] = list_text(n.mean);
    metadata[prefix + "std"] = list_text(n.std);
  };
  add("", trained.normalisation);
  add(condition_prefix, trained.of_conditions);
  if (trained.network.architecture().conditions == 0)
    for (auto const* const key : {"conditions", "condition"}) metadata.erase(key);
  if (trained.drop_condition) metadata[drop_key] = shortest(*trained.drop_condition);
  return metadata;
}

std::vector<TensorData> network_tensors(Network const& network, std::span<float const> values,
                                        std::string const& prefix) {
  std::vector<TensorData> tensors;
  for (TensorInfo const& info : network.layout())
    tensors.emplace_back(prefix + info.name, info.shape, values.subspan(info.offset, info.size));
  return tensors;
}

void write_network(std::filesystem::path const& path, TrainedNetwork const& trained) {
  write_safetensors(path, network_tensors(trained.network, trained.network.values()),
                    network_metadata(trained));
}

}  // namespace retrace
