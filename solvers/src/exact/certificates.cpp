// SPDX-License-Identifier: Apache-2.0
#include "flow_problem.hpp"
#include "order_slope.hpp"

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

constexpr Normal certified_data{0.7, 0.25};

NormalMixture const& mixture() {
  static NormalMixture const two{{0.6, 0.4}, {{-0.6, 0.3}, {0.7, 0.2}}};
  return two;
}

}  // namespace

std::string_view name(OrderKind kind) {
  constexpr std::array<std::string_view, 4> names{"ode", "weak", "strong", "likelihood"};
  return names[static_cast<std::size_t>(kind)];
}

bool OrderCertificate::holds() const {
  double const smooth = kind == OrderKind::strong ? 0.15 : 0.1;
  return measured >= claimed - (grid == "log-snr" ? smooth : 0.3);
}

std::vector<OrderCertificate> certify(std::string_view sampler_text, std::string_view sde_text) {
  Sde const sde = continuous_sde(sde_text);
  AnySampler const sampler = make_sampler(sampler_text);
  SamplerInfo const& info = sampler_entry(sampler_text).info;
  bool const deterministic = traced_traits(sampler).solver == Solver::deterministic;

  bool const high = info.order.value_or(0) > 5;  // settles slowly
  Span const span = certified_span(sde, high ? Way::long_one : Way::short_one);

  struct Problem {
    std::function<double(Grid const&)> error;
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
    claims.push_back(
        {OrderKind::weak,
         info.weak_order,
         {{[=](Grid const& grid) {
             Normal const law =
                 moments(sampler, grid, certified_data, marginal(certified_data, grid.level(0)));
             return wasserstein2(law, marginal(certified_data, grid.level(grid.count())));
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
                          return path_error(sampler, grid, certified_data,
                                            marginal(certified_data, grid.level(0)));
                        },
                        {.most = 512, .floor = 1e-12}}}});
  }
  std::vector<OrderCertificate> certificates;
  for (Claim const& claim : claims) {
    if (!claim.order) continue;
    for (std::string_view const rule : certified_grids()) {
      if (rule == "alternating" && info.steps == Steps::smooth) continue;
      std::vector<double> slopes;
      for (auto const& [error, fit] : claim.problems)
        slopes.push_back(order_slope(error, rule, sde, span, fit));
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
