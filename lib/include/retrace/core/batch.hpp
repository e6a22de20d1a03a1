// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Kokkos_Core.hpp>

#include <cstdint>

namespace retrace {

/// Where models and kernels run.
using Execution = Kokkos::DefaultExecutionSpace;

/// n samples of d numbers, row-major, where kernels run; does not own them. Any Kokkos::View<T**,
/// LayoutRight> of that memory converts to it. `Batch<T const>` is read only.
template <class T>
using Batch = Kokkos::View<T**, Kokkos::LayoutRight, Execution::memory_space,
                           Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

/// The same, owning, in host memory: what results come in.
template <class T>
using HostArray = Kokkos::View<T**, Kokkos::LayoutRight, Kokkos::HostSpace>;

}  // namespace retrace
