// SPDX-License-Identifier: Apache-2.0
#include "flow_problem.hpp"

#include <retrace/core/error.hpp>
#include <retrace/exact/certificates.hpp>
#include <retrace/exact/moments.hpp>
#include <retrace/exact/path_error.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>

namespace retrace {
namespace {

constexpr std::array<std::string_view, 4> grids{"log-snr", "quadratic", "karras", "alternating"};

constexpr Normal data{0.7, 0.25};

Span span_of(Sde const& sde) {
  if (sde.name() == "vp" || sde.name() == "sub-vp") return {0.5, 0.1};
  if (sde.name() == "ve") return {0.75, 0.4};
  return {sde.at_lambda(-1.1).t(), sde.at_lambda(1.1).t()};
}

Grid alternating(Sde const& sde, std::int64_t steps, Span span) {
  double const first = sde.at(*span.from).lambda(), length = sde.at(*span.to).lambda() - first;
  std::vector<double> times{*span.from};
  for (std::int64_t k = 1; k < steps; ++k) {
    double const place = static_cast<double>(k) - (k % 2 == 1 ? 0.5 : 0);
    times.push_back(sde.at_lambda(first + length * place / static_cast<double>(steps)).t());
  }
  times.push_back(*span.to);
  return {sde, times};
}

Grid grid_of(std::string_view rule, Sde const& sde, std::int64_t steps) {
  Span const span = span_of(sde);
  if (rule == "alternating") return alternating(sde, steps, span);
  return make_grid(std::string(rule) + (rule == "karras" ? ":final=eps" : ""), sde, steps, span);
}

using Error_of = std::function<double(Grid const&)>;

/// The slope of an error over the last halving of the steps that rounding leaves alone, from `most`
/// steps down.
double slope(Error_of const& error, std::string_view rule, Sde const& sde, std::int64_t most,
             double floor) {
  double fine = error(grid_of(rule, sde, most));
  for (std::int64_t steps = most / 2;; steps /= 2) {
    double const coarse = error(grid_of(rule, sde, steps));
    if (fine > floor || steps <= 8) return std::log2(coarse / fine);
    fine = coarse;
  }
}

std::string remark_of(double claimed, double measured) {
  if (measured > claimed + 0.5) return "the leading error vanishes here";
  return {};
}

}  // namespace

std::string_view name(OrderKind kind) {
  constexpr std::array<std::string_view, 3> names{"ode", "weak", "strong"};
  return names[static_cast<std::size_t>(kind)];
}

bool OrderCertificate::holds() const {
  double const smooth = kind == OrderKind::strong ? 0.15 : 0.1;
  return measured >= claimed - (grid == "log-snr" ? smooth : 0.3);
}

std::span<std::string_view const> certified_grids() { return grids; }

std::vector<OrderCertificate> certify(std::string_view text, std::string_view sde_name) {
  Sde const sde = make_sde(sde_name);
  if (sde.is_discrete())
    throw Error(Fault::argument, "orders do not exist on sde " + quoted(sde.name()),
                "its steps do not shrink", "take a continuous one, for example vp");
  AnySampler const sampler = make_sampler(text);
  SamplerInfo const& info = sampler_entry(text).info;
  bool const deterministic = traced_traits(sampler).solver == Solver::deterministic;

  struct Claim {
    OrderKind kind;
    std::optional<double> order;
    Error_of error;
    std::int64_t most;
    double floor;
  };
  std::vector<Claim> claims;
  if (deterministic) {
    auto const problem = std::make_shared<FlowProblem>(sde, span_of(sde));
    claims.push_back({OrderKind::ode, info.order,
                      [=](Grid const& grid) { return problem->error(sampler, grid); }, 2048,
                      2e-11});
  } else {
    claims.push_back({OrderKind::weak, info.weak_order,
                      [=](Grid const& grid) {
                        Normal const law =
                            moments(sampler, grid, data, marginal(data, grid.level(0)));
                        return wasserstein2(law, marginal(data, grid.level(grid.count())));
                      },
                      2048, 1e-13});
    claims.push_back({OrderKind::strong, info.strong_order,
                      [=](Grid const& grid) {
                        return path_error(sampler, grid, data, marginal(data, grid.level(0)));
                      },
                      512, 1e-12});
  }
  std::vector<OrderCertificate> certificates;
  for (Claim const& claim : claims) {
    if (!claim.order) continue;
    for (std::string_view const rule : grids) {
      if (rule == "alternating" && info.steps == Steps::smooth) continue;
      double const measured = slope(claim.error, rule, sde, claim.most, claim.floor);
      certificates.push_back({.sampler = std::string(text),
                              .sde = std::string(sde_name),
                              .grid = std::string(rule),
                              .kind = claim.kind,
                              .claimed = *claim.order,
                              .measured = measured,
                              .remark = remark_of(*claim.order, measured)});
    }
  }
  return certificates;
}

}  // namespace retrace
