// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/sde/index_grid.hpp>

#include <string>
#include <utility>

namespace retrace {

Grid index_grid(std::string_view rule, Sde const& sde, std::int64_t steps, Span span,
                IndexCount usable,
                std::function<std::int64_t(std::int64_t, std::int64_t, std::int64_t)> index) {
  std::string const name = "grid " + retrace::quoted(rule), process(sde.name());
  if (!sde.is_discrete())
    throw Error(Fault::argument, name + " does not fit sde " + retrace::quoted(process),
                "it is made of the indices of a discrete chain", "take --sde ddpm or grid uniform");
  if (span.from || span.to)
    throw Error(Fault::argument, "--from and --to do not fit sde " + retrace::quoted(process),
                name + " says which indices it takes", "give --times instead");
  auto const m = static_cast<std::int64_t>(sde.t_max()) + 1;
  std::int64_t const most = usable == IndexCount::all ? m : m - 1;
  if (steps < 1 || steps > most)
    throw Error(
        Fault::argument,
        name + " of " + std::to_string(steps) + " steps does not fit a chain of " +
            std::to_string(m),
        most > 0 ? "it has from 1 to " + std::to_string(most) : "it has none on so short a chain");
  return {sde, steps,
          [=, index = std::move(index)](std::int64_t k) {
            return static_cast<double>(index(m, steps, k));
          },
          Final::zero};
}

}  // namespace retrace
