// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/run/code.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace retrace {

/// A host array copied to where kernels run.
template <class E>
Kokkos::View<E*, Execution::memory_space> on_device(std::vector<E> const& values,
                                                    std::string const& label) {
  Kokkos::View<E*, Execution::memory_space> view(
      Kokkos::view_alloc(Kokkos::WithoutInitializing, label), values.size());
  Kokkos::View<E const*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const host(
      values.data(), values.size());
  Kokkos::deep_copy(view, host);
  return view;
}

/// A program allocated, lowered and copied to where kernels run.
template <class T>
struct Loaded {
  Loaded(Program const& program, std::int64_t dimension)
      : Loaded(allocate(program, dimension), program, dimension) {}

  std::vector<Code<T>> host;
  Kokkos::View<Code<T>*, Execution::memory_space> code;
  Kokkos::View<std::uint16_t*, Execution::memory_space> outputs;
  int registers, inputs_count, outputs_count;

 private:
  Loaded(Allocation const& allocation, Program const& program, std::int64_t dimension)
      : host(lower<T>(allocation, dimension)),
        code(on_device(host, "retrace::program")),
        outputs(on_device(
            std::vector<std::uint16_t>(allocation.outputs.begin(), allocation.outputs.end()),
            "retrace::outputs")),
        registers(std::max(allocation.registers, 1)),
        inputs_count(program.inputs),
        outputs_count(static_cast<int>(allocation.outputs.size())) {}
};

}  // namespace retrace
