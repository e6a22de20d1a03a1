// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/sde/ddpm.hpp>

#include <utility>

namespace retrace {
namespace {

Chain chain_of_file(std::string const& file) {
  std::vector<double> betas = read_betas(file);
  try {
    if (static_cast<std::int64_t>(betas.size()) > most_chain_steps)
      throw Error(Fault::file, "it has " + std::to_string(betas.size()) + " betas",
                  "the limit is " + std::to_string(most_chain_steps));
    return Chain(std::move(betas));
  } catch (Error const& error) {
    throw Error(Fault::file, retrace::quoted(file) + ": " + error.what());
  }
}

}  // namespace

std::vector<Option<ddpm>> ddpm::options() {
  Option<ddpm> schedule = choice_option<ddpm, BetaSchedule>(
      "schedule", &ddpm::schedule, beta_schedules(), "how beta grows from step to step");
  // `given` can be told, but not asked for by name.
  schedule.get = [](ddpm const& made) -> OptionValue {
    return std::string(name_of(made.schedule));
  };
  return {std::move(schedule),
          integer_option("steps", &ddpm::steps, 1, most_chain_steps, "number of indices"),
          choice_option<ddpm, ZeroSnr>("zero_snr", &ddpm::zero_snr,
                                       {{"no", ZeroSnr::no}, {"yes", ZeroSnr::yes}},
                                       "whether the last level is moved to alpha = 0"),
          {.info = {.name = "file",
                    .summary = "betas, in place of schedule and steps",
                    .range = "FILE.npy"},
           .set = [](ddpm& made, std::string_view text) { made.file = text; },
           .get = [](ddpm const& made) -> OptionValue { return made.file; }}};
}

void ddpm::check() const {
  ddpm const usual;
  if (!chain && !file.empty() && (schedule != usual.schedule || steps != usual.steps))
    throw Error(Fault::argument, "file of ddpm is given beside schedule or steps",
                "the betas in it are the schedule", "leave the others out");
  if (!chain && file.empty() && schedule == BetaSchedule::given)
    throw Error(Fault::argument, "ddpm has no betas",
                "its schedule is given, and no chain or file");
}

void ddpm::prepare() {
  if (!chain) {
    Chain made = file.empty() ? Chain(betas_of(schedule, steps)) : chain_of_file(file);
    if (!file.empty()) schedule = BetaSchedule::given;
    if (zero_snr == ZeroSnr::yes) made = made.with_zero_snr();
    chain = std::make_shared<Chain const>(std::move(made));
  } else {
    schedule = BetaSchedule::given;
  }
  steps = chain->size();
}

}  // namespace retrace
