// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"
#include "choices.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "table.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/core/runtime.hpp>
#include <retrace/exact/certificates.hpp>
#include <retrace/exact/error_split.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/trace/cost.hpp>

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace retrace::app {
namespace {

constexpr std::array<std::string_view, 3> certified_sdes{"vp", "ve", "sub-vp"};

Json to_json(OrderCertificate const& c) {
  Json item{{"sampler", c.sampler}, {"sde", c.sde},         {"grid", c.grid},
            {"kind", name(c.kind)}, {"claimed", c.claimed}, {"measured", c.measured},
            {"holds", c.holds()}};
  if (c.linear) item["linear"] = *c.linear;
  if (c.nonlinear) item["nonlinear"] = *c.nonlinear;
  if (!c.remark.empty()) item["remark"] = c.remark;
  return item;
}

/// A line a sampler, SDE and kind; the measured orders of its grids side by side.
std::string table_of(std::vector<OrderCertificate> const& certificates) {
  std::vector<std::string> head{"sampler", "sde", "kind", "claimed"};
  for (std::string_view const grid : certified_grids()) head.emplace_back(grid);
  Table table(head);
  for (std::size_t i = 0; i < certificates.size();) {
    OrderCertificate const& first = certificates[i];
    std::vector<std::string> row{printable(first.sampler), first.sde, std::string(name(first.kind)),
                                 short_number(first.claimed)};
    for (std::string_view const grid : certified_grids()) {
      std::string text;
      if (i < certificates.size() && certificates[i].grid == grid &&
          certificates[i].sampler == first.sampler && certificates[i].kind == first.kind) {
        text = short_number(certificates[i].measured, 3) + (certificates[i].holds() ? "" : " !");
        ++i;
      }
      row.push_back(text);
    }
    table.add(row);
  }
  return table.text();
}

/// Eigendirections of the data of --split: narrow, common and wide.
constexpr std::array<Normal, 3> split_data{{{-0.3, 0.01}, {0.7, 0.25}, {0, 2}}};
constexpr std::int64_t most_steps = 10'000;

/// The errors of initialisation, discretisation and truncation apart, for each number of steps.
void show_split(Arguments const& arguments, std::vector<std::string> const& samplers,
                std::vector<std::string> const& sdes, std::vector<std::int64_t> const& steps) {
  Json list = Json::array();
  Table table({"sampler", "sde", "grid", "steps", "evaluations", "initialisation", "discretisation",
               "truncation", "total"});
  for (std::string const& text : samplers)
    for (std::string const& sde_text : sdes)
      for (std::int64_t const n : steps) {
        throw_if_interrupted();
        Sde const sde = make_sde(sde_text);
        ChosenSampler const chosen = choose_sampler(text, sde);
        ChosenGrid const grid = sampler_grid(chosen, sde, {}, n, {});
        ErrorSplit const split = error_split(chosen.sampler, grid.grid, split_data);
        std::int64_t const evaluations = cost(chosen.sampler, grid.grid).evaluations;
        list.push_back({{"sampler", text},
                        {"sde", sde_text},
                        {"grid", grid.text},
                        {"steps", n},
                        {"evaluations", evaluations},
                        {"initialisation", split.initialisation},
                        {"discretisation", split.discretisation},
                        {"truncation", split.truncation},
                        {"total", split.total}});
        table.add({printable(text), sde_text, grid.text, std::to_string(n),
                   std::to_string(evaluations), short_number(split.initialisation, 3),
                   short_number(split.discretisation, 3), short_number(split.truncation, 3),
                   short_number(split.total, 3)});
      }
  if (arguments.json()) return print(json_document({{"split", list}}));
  if (!arguments.quiet()) print(table.text());
}

}  // namespace

void orders_command(Words const& words) {
  Arguments arguments(
      {.command = "orders",
       .summary =
           "Measure the order of every sampler beside what it claims: on a Gaussian mixture\n"
           "for ODE methods; for SDE methods from exact laws on Gaussian data and on a mixture,\n"
           "the smaller (weak), and on one Brownian path (strong); on grids even in log-snr,\n"
           "smooth ones, and one whose steps alternate in size. `!` marks a claim that does not\n"
           "hold. With --likelihood: of log p by the sampler's steps from data to noise.",
       .notes = names_of_samplers(),
       .examples = {"--sampler dpmpp-2m", "--sampler deis-3:start=low --sde vp --json",
                    "--likelihood --sampler dpm-solver-3", "--split --sampler dpmpp-2m --sde vp"}});
  Given const sampler = arguments.option("--sampler", "NAME", "only this one");
  Given const sde = arguments.option("--sde", "NAME", "only on this one (default: vp, ve, sub-vp)");
  Given const likelihood =
      arguments.flag("--likelihood",
                     "instead: the orders of log likelihoods by deterministic samplers, from data\n"
                     "to noise on the same grids, against exact densities of a mixture");
  Given const split =
      arguments.flag("--split",
                     "instead: exact Wasserstein-2 errors on Gaussian data, divided into\n"
                     "initialisation, discretisation and truncation");
  Given const steps = arguments.option("--steps", "N,N,...", "of --split (default: 10,20,50,100)");
  arguments.parse(words);
  if (steps && !split)
    throw Error(Fault::argument, "--steps belongs to --split", "certificates choose their steps");
  refuse_together(likelihood, split, "a table has one kind of figures");

  std::vector<std::string> samplers, sdes(certified_sdes.begin(), certified_sdes.end());
  if (sampler) {
    Solver const kind = traced_traits(make_sampler(sampler.text())).solver;
    if (likelihood && kind == Solver::stochastic)
      throw Error(Fault::argument,
                  "sampler " + retrace::quoted(sampler.text()) + " makes no likelihoods",
                  "it is stochastic: they need the probability flow, which has no noise",
                  "take a deterministic one");
    samplers = {sampler.text()};
  } else {
    for (SamplerEntry const& entry : retrace::samplers()) samplers.push_back(entry.name);
  }
  if (sde) {
    if (make_sde(sde.text()).is_discrete())
      throw Error(Fault::argument, "--sde " + retrace::quoted(sde.text()) + " has no orders",
                  "steps of a discrete chain do not shrink", "take a continuous one");
    sdes = {sde.text()};
  }

  Runtime const runtime(arguments.threads());
  if (split)
    return show_split(
        arguments, samplers, sdes,
        steps ? steps.integers(1, most_steps) : std::vector<std::int64_t>{10, 20, 50, 100});
  std::vector<std::pair<std::string, std::string>> work;
  for (std::string const& a : samplers)
    for (std::string const& b : sdes) work.emplace_back(a, b);
  std::vector<std::vector<OrderCertificate>> found(work.size());
  tbb::parallel_for(std::size_t{0}, work.size(), [&](std::size_t i) {
    throw_if_interrupted();
    found[i] = (likelihood ? certify_likelihood : certify)(work[i].first, work[i].second);
  });
  std::vector<OrderCertificate> all;
  for (auto& part : found) all.insert(all.end(), part.begin(), part.end());

  if (arguments.json()) {
    Json list = Json::array();
    for (OrderCertificate const& c : all) list.push_back(to_json(c));
    return print(json_document({{"orders", list}}));
  }
  if (arguments.quiet()) return;
  auto const held = std::count_if(all.begin(), all.end(), [](auto const& c) { return c.holds(); });
  print((all.empty() ? std::string() : table_of(all)) + std::to_string(held) + " of " +
        std::to_string(all.size()) + " claims hold\n");
}

}  // namespace retrace::app
