// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>

namespace retrace::testing {

/// Lets a model's loop over a batch run on the host, wherever the batch is: loop(x, out).
template <class T, class Loop>
void on_host(Batch<T const> x, Batch<T> out, Loop const& loop) {
  auto const input = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, x);
  auto const output = Kokkos::create_mirror_view(out);
  loop(input, output);
  Kokkos::deep_copy(out, output);
}

}  // namespace retrace::testing
