// SPDX-License-Identifier: Apache-2.0
#include <retrace/samplers/adaptive_sde.hpp>
#include <retrace/samplers/ancestral.hpp>
#include <retrace/samplers/ddim.hpp>
#include <retrace/samplers/deis.hpp>
#include <retrace/samplers/dpm2_ancestral.hpp>
#include <retrace/samplers/dpm_solver.hpp>
#include <retrace/samplers/dpmpp_2m.hpp>
#include <retrace/samplers/dpmpp_2m_sde.hpp>
#include <retrace/samplers/dpmpp_2s.hpp>
#include <retrace/samplers/dpmpp_2s_ancestral.hpp>
#include <retrace/samplers/dpmpp_3m.hpp>
#include <retrace/samplers/dpmpp_3m_sde.hpp>
#include <retrace/samplers/dpmpp_sde.hpp>
#include <retrace/samplers/edm_heun.hpp>
#include <retrace/samplers/embedded_pair.hpp>
#include <retrace/samplers/er_sde.hpp>
#include <retrace/samplers/euler_ancestral.hpp>
#include <retrace/samplers/euler_maruyama.hpp>
#include <retrace/samplers/exp_ab.hpp>
#include <retrace/samplers/exp_abm_5.hpp>
#include <retrace/samplers/ipndm.hpp>
#include <retrace/samplers/langevin.hpp>
#include <retrace/samplers/lms.hpp>
#include <retrace/samplers/pc_langevin.hpp>
#include <retrace/samplers/pndm.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/samplers/restart.hpp>
#include <retrace/samplers/reverse_diffusion.hpp>
#include <retrace/samplers/runge_kutta.hpp>
#include <retrace/samplers/sa_solver.hpp>
#include <retrace/samplers/seeds.hpp>
#include <retrace/samplers/sra1.hpp>
#include <retrace/samplers/stochastic_heun.hpp>
#include <retrace/samplers/unipc.hpp>
#include <retrace/sde/ddpm.hpp>
#include <retrace/sde/leading.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/vp.hpp>
#include <retrace/trace/cost.hpp>

#include <algorithm>
#include <optional>

namespace retrace {
namespace {

template <class S>
SamplerEntry entry() {
  return {{.name = std::string(S::info.name),
           .summary = std::string(S::info.summary),
           .paper = std::string(S::info.paper),
           .options = option_infos<S>(),
           .make = [](Spec const& spec) -> AnySampler { return from_spec<S>(spec); }},
          S::info};
}

Grid small_grid(Time time, std::int64_t steps) {
  return time == Time::indices ? grids::leading{}(ddpm{}, steps) : grids::log_snr{}(vp{}, steps);
}

/// Why the sampler cannot be traced on ddpm; nothing if it can.
std::optional<std::string> discrete_obstacle(std::string const& text) {
  constexpr std::int64_t steps = 8;
  AnySampler const sampler = make_sampler(text);
  if (sampler_entry(text).info.stepping == Stepping::adaptive) return "levels between the indices";
  try {
    if (sampler.own_grid(ddpm{}, steps, {})) return "a grid of its own, between the indices";
    static_cast<void>(cost(sampler, small_grid(Time::indices, steps)));
  } catch (Error const& error) {
    std::string_view const message = error.what();
    return std::string(message.substr(0, message.find(';')));
  }
  return {};
}

}  // namespace

std::vector<SamplerEntry> const& samplers() {
  static std::vector<SamplerEntry> const all{
      entry<euler_maruyama>(),
      entry<reverse_diffusion>(),
      entry<ancestral>(),
      entry<euler_ancestral>(),
      entry<langevin>(),
      entry<pc_langevin>(),
      entry<dpm2_ancestral>(),
      entry<dpmpp_2s_ancestral>(),
      entry<dpmpp_sde>(),
      entry<dpmpp_2m_sde>(),
      entry<dpmpp_3m_sde>(),
      entry<sa_solver>(),
      entry<er_sde_1>(),
      entry<er_sde_2>(),
      entry<er_sde_3>(),
      entry<seeds_1>(),
      entry<seeds_2>(),
      entry<seeds_3>(),
      entry<stochastic_heun>(),
      entry<sra1>(),
      entry<restart>(),
      entry<ddim>(),
      entry<euler>(),
      entry<midpoint>(),
      entry<heun>(),
      entry<rk4>(),
      entry<edm_heun>(),
      entry<bosh3>(),
      entry<dpm_solver<1>>(),
      entry<dpm_solver<2>>(),
      entry<dpm_solver<3>>(),
      entry<dpmpp_2s>(),
      entry<dpmpp_3m>(),
      entry<unipc<1>>(),
      entry<unipc<2>>(),
      entry<unipc<3>>(),
      entry<deis<1>>(),
      entry<deis<2>>(),
      entry<deis<3>>(),
      entry<deis<4>>(),
      entry<lms<1>>(),
      entry<lms<2>>(),
      entry<lms<3>>(),
      entry<lms<4>>(),
      entry<ipndm<1>>(),
      entry<ipndm<2>>(),
      entry<ipndm<3>>(),
      entry<ipndm<4>>(),
      entry<pndm>(),
      entry<exp_ab<2>>(),
      entry<exp_ab<3>>(),
      entry<exp_ab<4>>(),
      entry<exp_abm_5>(),
      entry<dpmpp_2m>(),
      entry<adaptive_sde>(),
      entry<dopri5>(),
      entry<rk45>(),
      entry<tsit5>(),
      entry<cash_karp54>(),
      entry<fehlberg78>(),
  };
  return all;
}

SamplerEntry const& sampler_entry(std::string_view text) {
  return find_entry("sampler", Spec::parse(text).name, samplers());
}

AnySampler make_sampler(std::string_view text) {
  return sampler_entry(text).make(Spec::parse(text));
}

std::string recommended_grid(SamplerInfo const& info, Sde const& sde) {
  if (sde.is_discrete()) return "leading";
  double const alpha = sde.at(sde.t_max()).alpha();
  return std::string(alpha == 0   ? info.grid.flow
                     : alpha == 1 ? info.grid.exploding
                                  : info.grid.preserving);
}

Traits traced_traits(AnySampler const& sampler, Time time) {
  auto const counted = [&](std::int64_t steps) {
    Grid const grid = small_grid(time, steps);
    auto const own = sampler.own_grid(grid.sde(), steps, {});
    return cost(sampler, own ? *own : grid);
  };
  Cost const shorter = counted(8), longer = counted(9);
  return {.solver = longer.draws > 0 ? Solver::stochastic : Solver::deterministic,
          .evaluations_per_step = longer.evaluations - shorter.evaluations};
}

std::string discrete_text(std::string text) {
  constexpr std::string_view start = "start";
  Spec const spec = Spec::parse(text);
  auto const& options = sampler_entry(text).options;
  bool const has = std::any_of(options.begin(), options.end(),
                               [&](OptionInfo const& option) { return option.name == start; });
  bool const chosen = std::any_of(spec.options.begin(), spec.options.end(),
                                  [&](auto const& option) { return option.first == start; });
  if (has && !chosen) text += std::string(spec.options.empty() ? ":" : ",") + "start=low";
  return text;
}

void require_discrete(std::string_view text) {
  auto const obstacle = discrete_obstacle(std::string(text));
  if (!obstacle) return;
  std::string fitting;
  for (SamplerEntry const& entry : samplers())
    if (!discrete_obstacle(discrete_text(entry.name)))
      fitting += (fitting.empty() ? "" : ", ") + entry.name;
  throw Error(Fault::argument, "sampler " + quoted(text) + " does not fit sde 'ddpm'",
              "it needs what a discrete chain does not have: " + *obstacle,
              "use one of " + fitting);
}

}  // namespace retrace
