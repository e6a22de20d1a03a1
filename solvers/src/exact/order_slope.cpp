// SPDX-License-Identifier: Apache-2.0
#include "order_slope.hpp"

#include <retrace/core/error.hpp>
#include <retrace/exact/certificates.hpp>
#include <retrace/sde/registry.hpp>

#include <array>
#include <cmath>
#include <vector>

namespace retrace {
namespace {

constexpr std::array<std::string_view, 4> rules{"log-snr", "quadratic", "karras", "alternating"};

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

}  // namespace

std::span<std::string_view const> certified_grids() { return rules; }

Sde continuous_sde(std::string_view text) {
  Sde sde = make_sde(text);
  if (sde.is_discrete())
    throw Error(Fault::argument, "orders do not exist on sde " + quoted(sde.name()),
                "its steps do not shrink", "take a continuous one, for example vp");
  return sde;
}

Span certified_span(Sde const& sde, Way way) {
  bool const is_long = way == Way::long_one;
  if (sde.name() == "vp" || sde.name() == "sub-vp")
    return is_long ? Span{0.95, 0.01} : Span{0.5, 0.1};
  if (sde.name() == "ve") return is_long ? Span{0.9, 0.1} : Span{0.75, 0.4};
  double const lambda = is_long ? 3 : 1.1;
  return {sde.at_lambda(-lambda).t(), sde.at_lambda(lambda).t()};
}

double order_slope(std::function<double(Grid const&)> const& error, std::string_view rule,
                   Sde const& sde, Span const& span, Fit const& fit) {
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

}  // namespace retrace
