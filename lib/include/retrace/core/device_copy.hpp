// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Kokkos_Core.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace retrace {

/// The values where kernels of `exec` run, as numbers of type To. Waits until they are there: the
/// copy's source ends here.
template <class To, class Exec, class From>
[[nodiscard]] Kokkos::View<To*, typename Exec::memory_space> device_copy(
    Exec const& exec, std::vector<From> const& values, std::string const& label) {
  Kokkos::View<To*, typename Exec::memory_space> view(
      Kokkos::view_alloc(exec, Kokkos::WithoutInitializing, label), values.size());
  auto const mirror = Kokkos::create_mirror_view(view);
  for (std::size_t i = 0; i < values.size(); ++i) mirror(i) = static_cast<To>(values[i]);
  Kokkos::deep_copy(exec, view, mirror);
  exec.fence(label);
  return view;
}

}  // namespace retrace
