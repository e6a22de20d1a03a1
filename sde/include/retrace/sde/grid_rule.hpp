// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/sde/grid.hpp>

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace retrace {

/// What the registry says of a rule that makes grids.
struct GridInfo {
  std::string_view name;
  std::string_view summary;
  std::string_view paper;
  Time time = Time::continuous;  ///< of the processes that it is for
};

/// A rule with its options chosen: the grid of so many steps over a span of times. A new one is a
/// struct in namespace `grids` with these arguments, its options as members, `static options()` and
/// `static constexpr GridInfo info`.
using GridRule = std::function<Grid(Sde const&, std::int64_t steps, Span)>;

struct Ends {
  double from, to;
};

/// The ends of `span` with defaults filled in. Throws Error (argument) that names `--from` or
/// `--to` and the allowed range where one lies outside it or is NaN, or where both are the same,
/// and for a discrete process, which rules over a span do not fit.
[[nodiscard]] Ends ends_of(Sde const& sde, Span span);

/// The grid of `steps` steps at times time_at(r), r going evenly from 0 to 1. With Final::eps these
/// are steps + 1 levels, with Final::zero `steps` levels and the clean end. The ends are `ends`
/// themselves, not rounded; time_at is asked for 0 < r < 1 only. Throws Error (argument) for a bad
/// number of steps, and for from < to with Final::zero.
[[nodiscard]] Grid spaced(Sde const& sde, std::int64_t steps, Ends ends, Final final,
                          std::function<double(double)> time_at);

/// The option `final` of a rule.
template <class Rule>
Option<Rule> final_option() {
  return choice_option(
      "final", &Rule::final,
      std::vector<std::pair<std::string_view, Final>>{{"eps", Final::eps}, {"zero", Final::zero}},
      "eps: the last level is --to; zero: from --to one more step, to sigma = 0");
}

}  // namespace retrace
