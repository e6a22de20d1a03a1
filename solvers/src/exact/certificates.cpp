// SPDX-License-Identifier: Apache-2.0
#include "flow_problem.hpp"

#include <retrace/core/error.hpp>
#include <retrace/exact/certificates.hpp>
#include <retrace/exact/moments.hpp>
#include <retrace/exact/path_error.hpp>
#include <retrace/exact/point_law.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>

namespace retrace {
namespace {

constexpr std::array<std::string_view, 4> grids{"log-snr", "quadratic", "karras", "alternating"};

constexpr Normal data{0.7, 0.25};

NormalMixture const& mixture() {
  static NormalMixture const two{{0.6, 0.4}, {{-0.6, 0.3}, {0.7, 0.2}}};
  return two;
}

/// Two levels amid the noise. Methods of high order reach rounding there in a few steps, before
/// they show their order: they go a longer way.
enum class Way { short_one, long_one };

Span span_of(Sde const& sde, Way way) {
  bool const is_long = way == Way::long_one;
  if (sde.name() == "vp" || sde.name() == "sub-vp")
    return is_long ? Span{0.95, 0.01} : Span{0.5, 0.1};
  if (sde.name() == "ve") return is_long ? Span{0.9, 0.1} : Span{0.75, 0.4};
  double const lambda = is_long ? 3 : 1.1;
  return {sde.at_lambda(-lambda).t(), sde.at_lambda(lambda).t()};
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

Grid grid_of(std::string_view rule, Sde const& sde, Span const& span, std::int64_t steps) {
  if (rule == "alternating") return alternating(sde, steps, span);
  return make_grid(std::string(rule) + (rule == "karras" ? ":final=eps" : ""), sde, steps, span);
}

using Error_of = std::function<double(Grid const&)>;

/// How the slope of an error is taken: over `halvings` of the steps, the last ones that rounding
/// leaves alone, from `most` steps down.
struct Fit {
  std::int64_t most;
  double floor;
  int halvings = 1;
};

double slope(Error_of const& error, std::string_view rule, Sde const& sde, Span const& span,
             Fit const& fit) {
  constexpr std::int64_t fewest = 8;
  double fine = error(grid_of(rule, sde, span, fit.most));
  std::int64_t steps = fit.most;
  for (; fine <= fit.floor && steps > fewest << fit.halvings; steps /= 2)
    fine = error(grid_of(rule, sde, span, steps / 2));
  double const coarse = error(grid_of(rule, sde, span, steps >> fit.halvings));
  return std::log2(coarse / fine) / fit.halvings;
}

std::string remark_of(double claimed, double measured) {
  if (measured <= claimed + 0.5) return {};
  if (claimed > 5) return "rounding is reached before the error settles";
  return "the leading error vanishes here, or is small beside the next";
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

std::vector<OrderCertificate> certify(std::string_view sampler_text, std::string_view sde_text) {
  Sde const sde = make_sde(sde_text);
  if (sde.is_discrete())
    throw Error(Fault::argument, "orders do not exist on sde " + quoted(sde.name()),
                "its steps do not shrink", "take a continuous one, for example vp");
  AnySampler const sampler = make_sampler(sampler_text);
  SamplerInfo const& info = sampler_entry(sampler_text).info;
  bool const deterministic = traced_traits(sampler).solver == Solver::deterministic;

  bool const high = info.order.value_or(0) > 5;  // settles slowly
  Span const span = span_of(sde, high ? Way::long_one : Way::short_one);

  struct Problem {
    Error_of error;
    Fit fit;
  };
  struct Claim {
    OrderKind kind;
    std::optional<double> order;
    std::vector<Problem> problems;  // weak: linear, nonlinear
  };
  std::vector<Claim> claims;
  if (deterministic) {
    auto const problem = std::make_shared<FlowProblem>(sde, span);
    claims.push_back({OrderKind::ode,
                      info.order,
                      {{[=](Grid const& grid) { return problem->error(sampler, grid); },
                        {.most = 2048, .floor = 3e-13, .halvings = high ? 3 : 1}}}});
  } else {
    claims.push_back({OrderKind::weak,
                      info.weak_order,
                      {{[=](Grid const& grid) {
                          Normal const law =
                              moments(sampler, grid, data, marginal(data, grid.level(0)));
                          return wasserstein2(law, marginal(data, grid.level(grid.count())));
                        },
                        {.most = 2048, .floor = 1e-13}},
                       {[=](Grid const& grid) {
                          return weak_distance(point_law(sampler, grid, mixture()),
                                               marginal(mixture(), grid.level(grid.count())));
                        },
                        {.most = 256, .floor = 1e-7}}}});
    claims.push_back({OrderKind::strong,
                      info.strong_order,
                      {{[=](Grid const& grid) {
                          return path_error(sampler, grid, data, marginal(data, grid.level(0)));
                        },
                        {.most = 512, .floor = 1e-12}}}});
  }
  std::vector<OrderCertificate> certificates;
  for (Claim const& claim : claims) {
    if (!claim.order) continue;
    for (std::string_view const rule : grids) {
      if (rule == "alternating" && info.steps == Steps::smooth) continue;
      std::vector<double> slopes;
      for (auto const& [error, fit] : claim.problems)
        slopes.push_back(slope(error, rule, sde, span, fit));
      OrderCertificate certificate{.sampler = std::string(sampler_text),
                                   .sde = std::string(sde_text),
                                   .grid = std::string(rule),
                                   .kind = claim.kind,
                                   .claimed = *claim.order,
                                   .measured = *std::min_element(slopes.begin(), slopes.end())};
      if (claim.kind == OrderKind::weak) {
        certificate.linear = slopes[0];
        certificate.nonlinear = slopes[1];
      }
      certificate.remark = remark_of(certificate.claimed, certificate.measured);
      certificates.push_back(certificate);
    }
  }
  return certificates;
}

}  // namespace retrace
