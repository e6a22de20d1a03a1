// SPDX-License-Identifier: Apache-2.0
#include "batch.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace retrace {
namespace {

template <class E>
std::string name_of(E value) {
  for (auto const& [name, choice] : names<E>())
    if (choice == value) return std::string(name);
  return {};
}

/// All that decides what a run gives, by the names of `retrace train`'s options.
TensorMetadata fields_of(TrainingTask const& task) {
  TrainingOptions const& o = task.options;
  std::string averages;
  for (double const rate : o.ema) averages += (averages.empty() ? "" : ",") + shortest(rate);
  TensorMetadata fields{{"data", task.data.name()},
                        {"iterations", std::to_string(o.iterations)},
                        {"batch", std::to_string(o.batch)},
                        {"seed", std::to_string(o.seed)},
                        {"weighting", name_of(o.weighting)},
                        {"time_sampling", name_of(o.time_sampling)},
                        {"learning_rate", shortest(o.learning_rate)},
                        {"warm_up", std::to_string(o.warm_up)},
                        {"weight_decay", shortest(o.weight_decay)},
                        {"clip", shortest(o.clip)},
                        {"ema", averages},
                        {"drop_condition", shortest(o.drop_condition)}};
  auto const of_network = network_metadata({.network = Network(task.architecture),
                                            .sde = task.sde,
                                            .normalisation = task.data.normalisation(),
                                            .of_conditions = task.data.of_conditions()});
  fields.insert(of_network.begin(), of_network.end());
  return fields;
}

constexpr char const* iteration_key = "iteration";

void read_into(SafetensorsFile const& file, std::string const& name, std::span<float> into) {
  std::array const shape{static_cast<std::int64_t>(into.size())};
  auto const values = file.values(name, shape);
  std::ranges::transform(values, into.begin(), [](double v) { return static_cast<float>(v); });
}

}  // namespace

std::vector<Network> Trainer::averages() const {
  std::vector<Network> networks;
  for (std::size_t a = 0; a < weights_.averages.size(); ++a) networks.push_back(network(a).network);
  return networks;
}

std::vector<TensorData> Trainer::average_tensors(std::vector<Network> const& networks) const {
  auto tensors = network_tensors(networks[0], networks[0].values());
  for (std::size_t a = 1; a < networks.size(); ++a) {
    auto const more = network_tensors(networks[a], networks[a].values(),
                                      "ema/" + shortest(task_.options.ema[a]) + "/");
    tensors.insert(tensors.end(), more.begin(), more.end());
  }
  return tensors;
}

void Trainer::write(std::filesystem::path const& path) const {
  std::vector<Network> const networks = averages();
  write_safetensors(path, average_tensors(networks), network_metadata(network()));
}

void Trainer::write_checkpoint(std::filesystem::path const& path) const {
  std::vector<Network> const networks = averages();
  auto tensors = average_tensors(networks);
  auto const add = [&]<class T>(std::string const& name, std::span<T const> values) {
    tensors.emplace_back("train/" + name,
                         std::vector<std::int64_t>{static_cast<std::int64_t>(values.size())},
                         values);
  };
  std::array const losses{current_, previous_, first_};
  add("losses", std::span<double const>(losses));
  add("parameters", std::span<float const>(weights_.parameters));
  add("first_moment", std::span<float const>(weights_.first_moment));
  add("second_moment", std::span<float const>(weights_.second_moment));
  for (std::size_t a = 0; a < weights_.averages.size(); ++a)
    add("average_" + std::to_string(a), std::span<float const>(weights_.averages[a]));
  add("time_history", times_.history());
  TensorMetadata metadata = fields_of(task_);
  metadata[iteration_key] = std::to_string(iteration_);
  write_safetensors(path, std::move(tensors), std::move(metadata));
}

Trainer::Trainer(TrainingTask task, std::filesystem::path const& checkpoint)
    : Trainer(std::move(task)) {
  SafetensorsFile const file(checkpoint);
  file.verify();
  for (auto const& [key, mine] : fields_of(task_)) {
    auto const found = file.metadata().find(key);
    std::string const its = found == file.metadata().end() ? "" : found->second;
    if (its != mine)
      file.refuse(
          "it is a checkpoint of another run",
          "its " + key + " is " + retrace::quoted(its) + ", here it is " + retrace::quoted(mine));
  }
  auto const found = file.metadata().find(iteration_key);
  std::string const text = found == file.metadata().end() ? "" : found->second;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), iteration_);
  if (error != std::errc{} || end != text.data() + text.size() || iteration_ < 0 ||
      iteration_ > task_.options.iterations)
    file.refuse("its iteration is " + retrace::quoted(text));
  read_into(file, "train/parameters", weights_.parameters);
  read_into(file, "train/first_moment", weights_.first_moment);
  read_into(file, "train/second_moment", weights_.second_moment);
  for (std::size_t a = 0; a < weights_.averages.size(); ++a)
    read_into(file, "train/average_" + std::to_string(a), weights_.averages[a]);
  std::vector<float> history(times_.history().size());
  read_into(file, "train/time_history", history);
  times_.restore(history);
  auto const losses = file.values("train/losses", std::array{std::int64_t{3}});
  current_ = losses[0];
  previous_ = losses[1];
  first_ = losses[2];
}

}  // namespace retrace
