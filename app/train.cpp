// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "table.hpp"
#include "training_plan.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/core/runtime.hpp>
#include <retrace/io/atomic_file.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace retrace::app {
namespace {

using Clock = std::chrono::steady_clock;

std::string conditions_text(Architecture const& a) {
  if (a.conditions == 0) return {};
  return (a.condition_kind == ConditionKind::of_class ? ",classes=" : ",conditions=") +
         std::to_string(a.conditions);
}

std::string model_text(Architecture const& a) {
  return "mlp:width=" + std::to_string(a.width) + ",depth=" + std::to_string(a.depth) +
         ",activation=" + name_of(a.activation) + ",prediction=" + name_of(a.prediction) +
         conditions_text(a);
}

std::int64_t parameters_of(Network const& network) {
  return static_cast<std::int64_t>(network.values().size()) - network.architecture().frequencies;
}

/// Trains to the end, or to the error that stops it: then the last checkpoint stays, and is named.
void train(Trainer& trainer, TrainingPlan const& plan, Progress& progress) {
  std::int64_t saved = -1;
  auto const save = [&] {
    if (plan.checkpoint.empty() || saved == trainer.iteration()) return;
    trainer.write_checkpoint(plan.checkpoint);
    saved = trainer.iteration();
  };
  save();
  try {
    while (!trainer.done()) {
      throw_if_interrupted();
      static_cast<void>(trainer.step());
      if (plan.checkpoint_every > 0 && trainer.iteration() % plan.checkpoint_every == 0) save();
      progress.show(trainer.iteration());
    }
  } catch (Error const& error) {
    if (saved < 0 || error.fault() == Fault::file) throw;
    throw Error(error.fault(), error.what(),
                retrace::quoted(plan.checkpoint) + " has the weights of iteration " +
                    std::to_string(saved));
  }
  save();
}

Json report_of(TrainArguments const& arguments, Trainer const& trainer, double seconds,
               std::int64_t done) {
  TrainingTask const& task = trainer.task();
  TrainingOptions const& o = task.options;
  double mean = 0;
  Json parts = Json::array();
  auto const losses = trainer.validate();
  for (auto const& [from, to, loss] : losses) {
    mean += loss / static_cast<double>(losses.size());
    parts.push_back(Json{{"from", from}, {"to", to}, {"loss", loss}});
  }
  auto const trained = static_cast<double>(done * o.batch);
  Json report{{"model", model_text(task.architecture)},
              {"sde", task.sde},
              {arguments.data ? "data" : "target",
               arguments.data ? arguments.data.text() : arguments.target.text()},
              {"parameters", parameters_of(trainer.network().network)},
              {"iterations", trainer.iteration()},
              {"batch", o.batch},
              {"weighting", name_of(o.weighting)},
              {"time_sampling", name_of(o.time_sampling)},
              {"seed", o.seed},
              {"loss", trainer.recent_loss()},
              {"validation_loss", mean},
              {"validation", parts},
              {"seconds", seconds},
              {"samples_per_second", done > 0 ? trained / seconds : 0.0},
              {"out", arguments.out.text()}};
  if (arguments.labels) report["labels"] = arguments.labels.text();
  if (arguments.conditions) report["conditions"] = arguments.conditions.text();
  if (o.drop_condition > 0) report["drop_condition"] = o.drop_condition;
  if (arguments.resume) report["resumed_at"] = o.iterations - done;
  return report;
}

}  // namespace

void train_command(Words const& words) {
  TrainArguments arguments;
  arguments.parse(words);
  TrainingPlan plan = plan_of(arguments);
  Outlet const outlet(arguments, arguments.out.text());
  if (!plan.checkpoint.empty()) {
    if (plan.checkpoint == arguments.out.text())
      throw Error(Fault::argument, "--checkpoint and --out name the same file",
                  retrace::quoted(plan.checkpoint), "give another --checkpoint");
    check_writable(plan.checkpoint);
  }

  Runtime const runtime(arguments.threads());
  auto const trainer = plan.resume ? std::make_unique<Trainer>(std::move(plan.task), *plan.resume)
                                   : std::make_unique<Trainer>(std::move(plan.task));
  std::int64_t const before = trainer->iteration();
  auto const begin = Clock::now();
  {
    Progress progress(arguments, trainer->task().options.iterations);
    train(*trainer, plan, progress);
  }
  double const seconds = std::chrono::duration<double>(Clock::now() - begin).count();

  Json const report = report_of(arguments, *trainer, seconds, trainer->iteration() - before);
  trainer->write(arguments.out.text());
  Written written(arguments.out.text());
  if (arguments.json()) {
    print(json_document(report));
  } else {
    auto const number = [&](char const* key) { return short_number(report[key].get<double>(), 4); };
    outlet.say(json_text(report["parameters"]) + " parameters trained in " +
               json_text(report["iterations"]) + " iterations of " + json_text(report["batch"]) +
               ", " + number("seconds") + " s (" + number("samples_per_second") +
               " examples a second), seed " + json_text(report["seed"]) + "\nloss " +
               number("loss") + ", on draws not seen " + number("validation_loss") + "\n" +
               retrace::quoted(arguments.out.text()) + ": " +
               model_text(trainer->task().architecture) + "\n");
  }
  written.keep();
}

}  // namespace retrace::app
