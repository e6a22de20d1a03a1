// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/metrics/checked.hpp>
#include <retrace/targets/mixture.hpp>

#include <cstdint>
#include <span>

namespace retrace {

inline constexpr std::int64_t default_references = 100'000;

/// Mean of log p(x) over samples x [n][d] (rows contiguous), in nats, beside its mean under the law
/// itself: the one check that sees a component a little too wide. The expected value and the
/// standard deviation are exact for a single Gaussian, -(d + log det 2 pi C) / 2 and sqrt(d / 2);
/// elsewhere those of `references` exact draws of fixed seed. The threshold is check_z standard
/// errors of the difference, that of the draws included. The same bits for any number of threads.
///
/// Throws Fault::argument for samples that are none (empty, no whole number of rows, not finite)
/// and for fewer than 2 references.
[[nodiscard]] Checked mean_log_density(std::span<double const> x, Mixture const& law,
                                       std::int64_t references = default_references);

}  // namespace retrace
