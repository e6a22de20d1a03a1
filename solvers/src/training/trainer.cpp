// SPDX-License-Identifier: Apache-2.0
#include "batch.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/memory.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/sde/registry.hpp>

#include <cmath>

namespace retrace {
namespace {

constexpr std::int64_t window = 100;  // iterations over which losses are added up
constexpr double most_growth = 100;   // of a window's loss over that of the first

AlignedVector<float> gathered(Trainable const& trainable, Network const& network) {
  AlignedVector<float> parameters(trainable.size());
  trainable.gather<float>(network.values(), parameters);
  return parameters;
}

std::string condition_text(int conditions, ConditionKind kind) {
  if (conditions == 0) return "nothing";
  return std::to_string(conditions) + (kind == ConditionKind::of_class ? " classes" : " numbers");
}

TrainingTask checked(TrainingTask task) {
  check(task.options);
  if (make_sde(task.sde).is_discrete()) {
    if (task.architecture.prediction == Prediction::flow)
      throw Error(Fault::argument, "a network cannot learn the flow of " + task.sde,
                  "a discrete process has none", "let it predict noise or v");
    if (task.options.weighting == Weighting::likelihood)
      throw Error(Fault::argument, "weighting 'likelihood' needs g^2",
                  task.sde + " is discrete and has none", "take another weighting");
  }
  if (task.architecture.dimension != task.data.dimension())
    throw Error(Fault::argument,
                "the network is for " + std::to_string(task.architecture.dimension) + " numbers",
                "the data have " + std::to_string(task.data.dimension()));
  if (task.architecture.conditions != task.data.conditions() ||
      (task.data.conditions() > 0 &&
       task.architecture.condition_kind != task.data.condition_kind()))
    throw Error(
        Fault::argument,
        "the network is conditioned on " +
            condition_text(task.architecture.conditions, task.architecture.condition_kind),
        "the data have " + condition_text(task.data.conditions(), task.data.condition_kind()));
  if (task.options.drop_condition > 0 &&
      (task.data.conditions() == 0 || task.data.condition_kind() != ConditionKind::of_class))
    throw Error(Fault::argument, "only classes can be withheld from a network",
                task.data.conditions() == 0 ? "the data have none"
                                            : "a vector of zeros is a condition like any other",
                "train without dropping the condition");
  auto const layout = tensor_layout(task.architecture);
  std::size_t const numbers = layout.back().offset + layout.back().size;
  // Gradients of up to 16 blocks, moments, averages and copies of them.
  std::size_t const copies = 24 + 2 * task.options.ema.size();
  require_memory("the network and what training remembers of it", numbers * copies * sizeof(float));
  return task;
}

[[noreturn]] void diverged(std::int64_t iteration, std::string const& what) {
  throw Error(Fault::numerics,
              "training diverged in iteration " + std::to_string(iteration) + ": " + what, {},
              "a smaller learning rate may help");
}

}  // namespace

Trainer::Trainer(TrainingTask task)
    : task_(checked(std::move(task))),
      start_(random_network(task_.architecture, task_.options.seed)),
      trainable_(task_.architecture),
      times_(make_sde(task_.sde), task_.options.time_sampling),
      weights_(gathered(trainable_, start_), task_.options.ema.size()),
      batch_(std::make_unique<Batch>(task_, start_, trainable_, times_)) {
  // What does not go together shows at a level, before any thread meets it.
  NoiseLevel const level = times_.at(0.5);
  static_cast<void>(precondition(task_.architecture, level));
  static_cast<void>(condition(task_.architecture, level));
  static_cast<void>(loss_weight(task_.options.weighting, task_.architecture.prediction,
                                task_.architecture.sigma_data, level));
}

Trainer::~Trainer() = default;

double Trainer::step() {
  TrainingOptions const& options = task_.options;
  batch_->run(weights_.parameters, iteration_);
  double sum = 0;
  for (float const loss : batch_->losses()) sum += static_cast<double>(loss);
  double const loss = sum / static_cast<double>(options.batch);
  if (!std::isfinite(loss)) diverged(iteration_, "the loss is not finite");
  double const norm = reduce(batch_->gradients(), options.batch);
  if (!std::isfinite(norm)) diverged(iteration_, "the gradient is not finite");
  update(weights_, batch_->gradients()[0], norm, options, iteration_);
  if (options.time_sampling == TimeSampling::importance) {
    std::vector<float> own(batch_->losses().begin(), batch_->losses().end());
    for (std::size_t i = 0; i < own.size(); ++i) own[i] /= batch_->factors()[i];
    times_.learn(options.seed, iteration_, own);
  }
  if (iteration_ == 0) first_ = loss;
  current_ += loss;
  if (++iteration_ % window == 0) {
    previous_ = std::exchange(current_, 0.0);
    if (previous_ > most_growth * first_ * window)
      diverged(iteration_, "its loss is " + shortest(previous_ / window) + ", at first it was " +
                               shortest(first_));
  }
  return loss;
}

double Trainer::recent_loss() const {
  auto const under_way = static_cast<double>(iteration_ % window);
  if (iteration_ < window) return under_way > 0 ? current_ / under_way : 0;
  return (previous_ * (1 - under_way / window) + current_) / window;
}

std::vector<ValidationLoss> Trainer::validate() const {
  constexpr int parts = 10, draws = 512;
  std::vector<ValidationLoss> losses;
  std::vector<double> places(draws);
  for (int part = 0; part < parts; ++part) {
    for (int i = 0; i < draws; ++i)
      places[static_cast<std::size_t>(i)] = (part + (i + 0.5) / draws) / parts;
    losses.push_back(
        {times_.at(static_cast<double>(part) / parts).t(),
         times_.at(static_cast<double>(part + 1) / parts).t(),
         batch_->validation_loss(weights_.averages[0], std::int64_t{part} * draws, places)});
  }
  return losses;
}

TrainedNetwork Trainer::network(std::size_t average) const {
  TrainedNetwork made{.network = start_,
                      .sde = task_.sde,
                      .normalisation = task_.data.normalisation(),
                      .of_conditions = task_.data.of_conditions()};
  if (task_.architecture.conditions > 0) made.drop_condition = task_.options.drop_condition;
  trainable_.scatter<float>(weights_.averages[average], made.network.values());
  return made;
}

}  // namespace retrace
