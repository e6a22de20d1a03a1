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
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

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

}  // namespace

void orders_command(Words const& words) {
  Arguments arguments(
      {.command = "orders",
       .summary =
           "Measure the order of every sampler beside what it claims: on a Gaussian mixture\n"
           "for ODE methods, exactly from moments (weak) and on one Brownian path (strong)\n"
           "for SDE methods, on grids even in log-snr, smooth ones, and one whose steps\n"
           "alternate in size. `!` marks a claim that does not hold.",
       .notes = names_of_samplers(),
       .examples = {"--sampler dpmpp-2m", "--sampler deis-3:start=low --sde vp --json"}});
  Given const sampler = arguments.option("--sampler", "NAME", "only this one");
  Given const sde = arguments.option("--sde", "NAME", "only on this one (default: vp, ve, sub-vp)");
  arguments.parse(words);

  std::vector<std::string> samplers, sdes(certified_sdes.begin(), certified_sdes.end());
  if (sampler) {
    static_cast<void>(make_sampler(sampler.text()));
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
  std::vector<std::pair<std::string, std::string>> work;
  for (std::string const& a : samplers)
    for (std::string const& b : sdes) work.emplace_back(a, b);
  std::vector<std::vector<OrderCertificate>> found(work.size());
  tbb::parallel_for(std::size_t{0}, work.size(), [&](std::size_t i) {
    throw_if_interrupted();
    found[i] = certify(work[i].first, work[i].second);
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
