// SPDX-License-Identifier: Apache-2.0

#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/sde/grid_rule.hpp>

#include <string>
#include <utility>

namespace retrace {

Ends ends_of(Sde const& sde, Span span) {
  if (sde.is_discrete())
    throw Error(Fault::argument,
                "a grid spaced between two times does not fit " + std::string(sde.name()),
                "its times are indices", "take a grid of indices: leading, trailing, linspace");
  Ends const ends{span.from.value_or(sde.t_max()),
                  span.to.value_or(sde.default_end(Solver::deterministic))};
  Range const times{.low = sde.t_min(), .high = sde.t_max()};
  std::string const takes = std::string(sde.name()) + " takes times in " + times.text();
  if (!times.holds(ends.from))
    throw Error(Fault::argument, "--from cannot be " + shortest(ends.from), takes);
  if (!times.holds(ends.to))
    throw Error(Fault::argument, "--to cannot be " + shortest(ends.to), takes);
  if (ends.from == ends.to)
    throw Error(Fault::argument, "--from and --to are both " + shortest(ends.to),
                "they must differ; " + takes);
  return ends;
}

Grid spaced(Sde const& sde, std::int64_t steps, Ends ends, Final final,
            std::function<double(double)> time_at) {
  Grid::check_steps(steps);
  if (final == Final::zero && ends.from < ends.to)
    throw Error(Fault::argument,
                "--from " + shortest(ends.from) + " is less than --to " + shortest(ends.to),
                "a grid from data to noise cannot go on to sigma = 0", "give the grid final=eps");
  std::int64_t const last = final == Final::zero ? steps - 1 : steps;
  return {sde, last + 1,
          [=, time_at = std::move(time_at)](std::int64_t k) {
            if (k == 0) return ends.from;
            if (k == last) return ends.to;
            return time_at(static_cast<double>(k) / static_cast<double>(last));
          },
          final};
}

}  // namespace retrace
