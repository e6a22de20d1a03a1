// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "columns.hpp"
#include "likelihood_plan.hpp"

#include <retrace/io/npy.hpp>

namespace retrace::app {

/// Takes the seed of a checkpoint that is there already where the command line gives none.
void adopt_seed(LikelihoodArguments const& arguments, LikelihoodPlan& plan);

/// Log likelihoods of all points, in parts of a second or so, whose results depend on no other
/// part. With --checkpoint what is done is kept, and not done again. Throws Error (argument) for
/// the checkpoint of another run, and as log_likelihood().
[[nodiscard]] Columns likelihood_run(LikelihoodArguments const& arguments,
                                     LikelihoodPlan const& plan, NpyArray const& points);

}  // namespace retrace::app
