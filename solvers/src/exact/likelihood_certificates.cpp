// SPDX-License-Identifier: Apache-2.0
#include "likelihood_problem.hpp"
#include "order_slope.hpp"

#include <retrace/core/error.hpp>
#include <retrace/exact/certificates.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

namespace retrace {

std::vector<OrderCertificate> certify_likelihood(std::string_view sampler_text,
                                                 std::string_view sde_text) {
  Sde const sde = continuous_sde(sde_text);
  AnySampler const sampler = make_sampler(sampler_text);
  SamplerInfo const& info = sampler_entry(sampler_text).info;
  if (!info.order || traced_traits(sampler).solver != Solver::deterministic) return {};

  int const order = *info.order;
  Span const span = certified_span(sde, order > 5 ? Way::long_one : Way::short_one);
  // Above order 4 the errors of two orders cancel at some number of steps: slopes over a wider
  // range. The long way leaves rounding of 1e-13.
  Fit const fit{.most = order > 2 ? 2048 : 512,
                .floor = order > 5 ? 1e-12 : 1e-13,
                .halvings = order > 4 ? 3 : 1};
  LikelihoodProblem const problem;
  std::vector<OrderCertificate> certificates;
  for (std::string_view const rule : certified_grids()) {
    if (rule == "alternating" && info.steps == Steps::smooth) continue;
    OrderCertificate certificate{
        .sampler = std::string(sampler_text),
        .sde = std::string(sde_text),
        .grid = std::string(rule),
        .kind = OrderKind::likelihood,
        .claimed = static_cast<double>(order),
        .measured =
            order_slope([&](Grid const& grid) { return problem.error(sampler, grid.reversed()); },
                        rule, sde, span, fit)};
    certificate.remark = remark_of(certificate.claimed, certificate.measured);
    certificates.push_back(certificate);
  }
  return certificates;
}

}  // namespace retrace
