// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"

#include <retrace/models/score_error.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/grid.hpp>
#include <retrace/sde/sde.hpp>
#include <retrace/trace/trace.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace retrace::app {

/// A sampler as asked for, with what its registry entry and its trace say of it.
struct ChosenSampler {
  std::string text;
  AnySampler sampler;
  SamplerInfo info;
  Traits traits;
};

/// Throws Error (argument) for a sampler that does not fit the kind of SDE. On a discrete one a
/// sampler with an option `start` starts low, and says so in its text.
[[nodiscard]] ChosenSampler choose_sampler(std::string text, Sde const& sde);

/// A grid, and how a report names it.
struct ChosenGrid {
  std::string text;
  Grid grid;
};

/// What commands that run samplers say of --from and --to.
inline constexpr char const* help_of_from = "first time (default: the largest)";
inline constexpr char const* help_of_to =
    "last time with sigma > 0 (default: 1e-3 for stochastic\n"
    "samplers, else 1e-5; edm: sigma_min)";

inline constexpr char const* help_of_score_error = "spoil the exact score: field:size=0.1,seed=7";

/// --score-error, where given, as fits the dimension; throws Error (argument) where it does not.
[[nodiscard]] std::optional<ScoreError> score_error_of(Given const& option, int dimension);

/// The times that --from, --to, --t and --times may have.
[[nodiscard]] Range times_of(Sde const& sde);

/// --from and --to, as far as they are given. A discrete SDE takes neither.
[[nodiscard]] Span span_of(Sde const& sde, Given const& from, Given const& to);

/// The rule that commands take where neither the user nor a sampler says: uniform, on a discrete
/// SDE leading.
[[nodiscard]] std::string default_rule(Sde const& sde);

/// The grid of a rule. A rule that would go on to sigma = 0 by default ends at --to where the grid
/// runs from data to noise.
[[nodiscard]] ChosenGrid rule_grid(std::string rule, Sde const& sde, std::int64_t steps, Span span);

/// The grid of the rule asked for, else the one that the sampler brings, else the one that its
/// entry recommends. Ends where runs of its kind end, unless the span says otherwise.
[[nodiscard]] ChosenGrid sampler_grid(ChosenSampler const& chosen, Sde const& sde,
                                      std::optional<std::string> const& rule, std::int64_t steps,
                                      Span span);

/// --times; errors name it. On a discrete SDE they are indices, and the clean end follows.
[[nodiscard]] ChosenGrid times_grid(Sde const& sde, Given const& times);

/// The options that say where steps are.
struct GridOptions {
  Given const &steps, &grid, &times, &from, &to;
};

/// The grid that they ask for; what they leave open of the span is that of `otherwise`, then as
/// sampler_grid(). Throws Error (argument) for options that exclude each other and for no steps at
/// all.
[[nodiscard]] ChosenGrid asked_grid(ChosenSampler const& chosen, Sde const& sde,
                                    GridOptions const& options, Span const& otherwise = {});

/// Throws Error (argument) where a sampler that brings its own grid is given another by `option`.
void refuse_own_grid(ChosenSampler const& chosen, Sde const& sde, Given const& option);

/// `Samplers: a, b, c` and the same of the other registries, for help.
[[nodiscard]] std::string names_of_samplers();
[[nodiscard]] std::string names_of_sdes();
[[nodiscard]] std::string names_of_grids();
[[nodiscard]] std::string names_of_targets();

/// The kinds of score errors, with the defaults of their options.
[[nodiscard]] std::string names_of_score_errors();

}  // namespace retrace::app
