// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/models/batch_model.hpp>
#include <retrace/run/executor.hpp>

#include <memory>

namespace retrace {

/// The same interpreter over whole arrays, for models that see batches: registers of all tiles live
/// in memory, and what lies between two evaluations is one kernel.
template <class T>
[[nodiscard]] std::unique_ptr<Executor<T>> batched_executor(AnyBatchModel<T> model);

/// Fills x with a prior's draws: row i is sigma times the start normal of sample first + i. Throws
/// Error (numerics) where T cannot hold them.
template <class T>
void draw_prior(Batch<T> x, double sigma, std::uint64_t seed, std::uint64_t first_sample);

}  // namespace retrace
