// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"
#include "choices.hpp"
#include "commands.hpp"
#include "comparison.hpp"
#include "gnuplot.hpp"
#include "json.hpp"
#include "output.hpp"
#include "pictures.hpp"
#include "progress.hpp"
#include "report_folder.hpp"
#include "report_page.hpp"
#include "subject.hpp"
#include "table.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/runtime.hpp>
#include <retrace/core/version.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/registry.hpp>

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace retrace::app {
namespace {

constexpr std::int64_t default_samples = 10'000;
constexpr std::int64_t most_evaluations = 1'000'000;

struct CompareArguments : Arguments {
  CompareArguments()
      : Arguments(
            {.command = "compare",
             .summary = "Compare samplers on a target with its exact score, at equal numbers "
                        "of model evaluations.\nWrites a page with pictures (index.html) and "
                        "the numbers (results.json) into a folder. With --model\nevery sampler "
                        "runs on that model as well, so that the error of the model and "
                        "that of\nthe solver can be told apart.",
             .notes = names_of_samplers() + names_of_sdes() + names_of_grids() +
                      names_of_targets() +
                      "  or a mixture: FILE.json, or a data set: data:file=FILE.npy,bandwidth=B\n" +
                      names_of_score_errors(),
             .examples = {"--target swiss-roll --sde vp --samplers ddim,edm-heun,dpmpp-2m "
                          "--evaluations 6,12,24 --report report"}}) {}

  Given target = option("--target", "NAME", "the target");
  Given model = option("--model", "FILE",
                       "a score network of it, .safetensors, or a TorchScript\n"
                       "module, .pt, to compare too");
  Given of_class = option("--class", "K", help_of_class);
  Given condition = option("--condition", "Y,Y,...", help_of_condition);
  ModuleOptions module{*this};
  Given sde = option("--sde", "NAME", help_of_sde);
  Given samplers = option("--samplers", "A,B,...", "the samplers, with options: ddim:eta=1,heun");
  Given evaluations = option("--evaluations", "N,N,...", "model calls that a sample may cost");
  Given samples = option("--samples", "N", "samples of each run (default: 10000)");
  Given seed = option("--seed", "S", "0 to 2^64 - 1 (default: 0)");
  Given grid = option("--grid", "NAME", "for all (default: what each sampler recommends)");
  Given from = option("--from", "T", help_of_from);
  Given to = option("--to", "T", help_of_to);
  Given score_error = option("--score-error", "KIND", help_of_score_error);
  Given report = option("--report", "DIR", "folder of the report, made if missing");
};

template <class T>
void refuse_repetition(Given const& option, std::vector<T> values) {
  std::sort(values.begin(), values.end());
  if (std::adjacent_find(values.begin(), values.end()) != values.end())
    throw Error(Fault::argument, option.name() + " has an entry twice", "",
                "leave the second one out");
}

std::vector<Contest> contests_of(CompareArguments const& arguments, Sde const& sde) {
  std::vector<std::string> texts = split_specs(arguments.samplers.text());
  std::vector<std::int64_t> const evaluations = arguments.evaluations.integers(1, most_evaluations);
  refuse_repetition(arguments.samplers, texts);
  refuse_repetition(arguments.evaluations, evaluations);
  std::vector<ChosenSampler> samplers;
  for (std::string& text : texts) {
    samplers.push_back(choose_sampler(std::move(text), sde));
    if (samplers.back().info.stepping == Stepping::adaptive)
      throw Error(Fault::argument,
                  "sampler " + retrace::quoted(samplers.back().text) + " cannot be compared",
                  "it is adaptive: its tolerance, not a number of evaluations, says what it costs");
    refuse_own_grid(samplers.back(), sde, arguments.grid);
  }
  std::optional<std::string> rule;
  if (arguments.grid) rule = arguments.grid.text();
  Span const span = span_of(sde, arguments.from, arguments.to);
  std::vector<Contest> contests;
  for (ChosenSampler const& sampler : samplers)
    for (std::int64_t const budget : evaluations) {
      contests.push_back(make_contest(sampler, sde, rule, span, budget));
      if (!contests.back().grid.grid.runs_backwards())
        throw Error(Fault::argument, "--from is less than --to",
                    "samplers are compared from noise to data");
    }
  return contests;
}

Json to_json(ProjectedDistances const& distances) {
  return {{"sliced_wasserstein", distances.sliced_wasserstein},
          {"energy_distance", distances.energy_distance}};
}

Json to_json(Row const& row) {
  return {{"sampler", row.sampler},
          {"score", row.score},
          {"evaluations", row.evaluations},
          {"evaluations_used", row.evaluations_used},
          {"steps", row.steps},
          {"grid", row.grid},
          {"sliced_wasserstein", row.distances.sliced_wasserstein},
          {"energy_distance", row.distances.energy_distance},
          {"nonfinite", row.nonfinite},
          {"seconds", row.seconds}};
}

std::string table_of(Comparison const& comparison) {
  Table table({"sampler", "evaluations", "used", "steps", "grid", "sliced_wasserstein",
               "energy_distance", "seconds"});
  for (Row const& row : comparison.rows)
    table.add({printable(row.sampler), std::to_string(row.evaluations),
               std::to_string(row.evaluations_used), std::to_string(row.steps), printable(row.grid),
               short_number(row.distances.sliced_wasserstein),
               short_number(row.distances.energy_distance), short_number(row.seconds, 3)});
  table.add({"floor (exact draws)", "", "", "", "",
             short_number(comparison.floor.sliced_wasserstein),
             short_number(comparison.floor.energy_distance), ""});
  std::string text = table.text();
  for (Row const& row : comparison.rows)
    if (row.nonfinite > 0)
      text += printable(row.sampler) + " at " + std::to_string(row.evaluations) +
              " evaluations: " + std::to_string(row.nonfinite) + " samples are not finite\n";
  return text;
}

/// The target, and what else samplers run on.
Contenders contenders_of(CompareArguments const& arguments) {
  if (arguments.model && !arguments.target)
    throw Error(Fault::argument, "--target is missing",
                "a model is compared with exact draws of what it has learnt");
  Contenders contenders{.target = make_target(arguments.target.text())};
  int const dimension = contenders.target.dimension();
  contenders.error = score_error_of(arguments.score_error, dimension);
  contenders.model =
      model_of(arguments.model, {arguments.of_class, arguments.condition}, arguments.module);
  if (!contenders.model) return contenders;
  refuse_together(arguments.model, arguments.score_error, "one error at a time can be told apart");
  if (int const d = contenders.model->dimension(); d != dimension)
    throw Error(Fault::argument,
                "--model " + retrace::quoted(arguments.model.text()) + " has " + std::to_string(d) +
                    " dimensions",
                "the target has " + std::to_string(dimension));
  return contenders;
}

}  // namespace

void compare_command(Words const& words) {
  CompareArguments arguments;
  arguments.parse(words);
  Contenders const contenders = contenders_of(arguments);
  std::string const sde_text =
      contenders.model ? sde_text_of(arguments.sde, *contenders.model) : arguments.sde.text();
  Sde const sde = make_sde(sde_text);
  std::vector<Contest> const contests = contests_of(arguments, sde);
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 4;
  std::int64_t const samples =
      arguments.samples ? arguments.samples.integer(1, most) : default_samples;
  std::uint64_t const seed = arguments.seed ? arguments.seed.seed() : 0;
  std::string const& folder_name = arguments.report.text();
  require_gnuplot();
  require_room(contenders.target, samples);
  ReportFolder folder(folder_name);

  Runtime const runtime(arguments.threads());
  Comparison comparison;
  {
    Progress progress(arguments,
                      static_cast<std::int64_t>(contests.size()) * contenders.runs() * samples);
    std::function<void(std::int64_t)> show;
    if (progress.shown()) show = [&](std::int64_t done) { progress.show(done); };
    comparison = compare(contenders, contests, samples, seed, show);
  }
  std::vector<Picture> const pictures = draw_pictures(comparison);

  Json facts{{"target", arguments.target.text()},
             {"sde", sde_text},
             {"samples", samples},
             {"seed", seed},
             {"rows", Json::array()},
             {"floor", to_json(comparison.floor)},
             {"report", folder_name},
             {"pictures", Json::array()},
             {"version", version}};
  if (contenders.error) facts["score_error"] = arguments.score_error.text();
  if (contenders.model) facts["model"] = arguments.model.text();
  ConditionOptions{arguments.of_class, arguments.condition}.add_to(facts);
  for (Row const& row : comparison.rows) facts["rows"].push_back(to_json(row));
  for (Picture const& picture : pictures) facts["pictures"].push_back(picture.file);

  Words line{"retrace", "compare"};
  line.insert(line.end(), words.begin(), words.end());
  std::string const document = json_document(facts);
  for (Picture const& picture : pictures) folder.write(picture.file, picture.png);
  folder.write("results.json", document);
  folder.write("index.html", report_page(facts, pictures, shell_line(line)));

  if (arguments.json())
    print(document);
  else if (!arguments.quiet())
    print(table_of(comparison) + "report: " + retrace::quoted(folder_name + "/index.html") + "\n");
  folder.keep();
}

}  // namespace retrace::app
