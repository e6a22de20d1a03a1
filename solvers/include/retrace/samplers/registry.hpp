// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/registry.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace retrace {

/// A sampler as `list` shows it.
struct SamplerEntry : Entry<AnySampler> {
  SamplerInfo info;
};

/// All samplers, in the order of `list`. Adding one is a line here and its file.
[[nodiscard]] std::vector<SamplerEntry> const& samplers();

/// `name:key=value,...`; throws Error (argument) with the nearest known name.
[[nodiscard]] AnySampler make_sampler(std::string_view text);
[[nodiscard]] SamplerEntry const& sampler_entry(std::string_view text);

/// The grid that a sampler's entry recommends for an SDE, by name.
[[nodiscard]] std::string recommended_grid(SamplerInfo const& info, Sde const& sde);

/// What tracing says of a sampler: whether it draws noise, and what one more step costs. Counted on
/// a small grid of vp, or of ddpm for what runs there.
struct Traits {
  Solver solver;
  std::int64_t evaluations_per_step;
};
[[nodiscard]] Traits traced_traits(AnySampler const& sampler, Time time = Time::continuous);

/// The sampler as it is asked for on a discrete process: one with an option `start` starts low
/// unless it was told otherwise, since a start at full order needs levels between the indices.
[[nodiscard]] std::string discrete_text(std::string text);

/// Throws Error (argument) with the names of those that do for a sampler that cannot run on a
/// discrete process: one that needs f, g2 or levels between the indices. Found by tracing it on
/// ddpm.
void require_discrete(std::string_view text);

}  // namespace retrace
