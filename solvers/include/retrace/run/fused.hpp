// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/run/dimension_case.hpp>
#include <retrace/run/executor.hpp>
#include <retrace/run/loaded.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace retrace {

/// Samples that a tile holds: wide where the dimension is known, so that instructions cost little;
/// narrower elsewhere and in double, so that registers stay in the first cache levels. On a device
/// a lane is a thread of the team.
template <class T>
[[nodiscard]] constexpr int tile_lanes(int dimension_at_compile_time) {
  if (dimension_at_compile_time == 0) return 64;
  return std::is_same_v<Execution::memory_space, Kokkos::HostSpace> && sizeof(T) == 4 ? 256 : 128;
}

/// Whole programs in one kernel, the model inside. `Source` is a TileModelSource, Dim its dimension
/// or 0.
template <class T, class Source, int Dim, class Isa = simd::Native, int L = tile_lanes<T>(Dim)>
class FusedExecutor final : public Executor<T> {
 public:
  explicit FusedExecutor(Source source) : source_(std::move(source)) {}

  [[nodiscard]] Prediction prediction() const override { return source_.prediction; }
  [[nodiscard]] int dimension() const override { return source_.dimension(); }
  [[nodiscard]] std::size_t bytes_per_level() const override {
    return source_.template bytes_per_level<T>();
  }

  std::int64_t run(Program const& program, Segment<T> const& segment) override {
    Execution const exec;
    Loaded<T> const loaded(program, dimension());
    auto const prepared = source_.template prepare<T, Dim, Execution>(exec, program.levels);
    auto const n = static_cast<std::int64_t>(segment.x.extent(0));
    Kokkos::View<std::int64_t, typename Executor<T>::Memory> nonfinite("retrace::nonfinite");
    int const carried = std::max(segment.in == Transfer::carry ? loaded.inputs_count : 0,
                                 segment.out == Transfer::carry ? loaded.outputs_count : 0);
    using Model = decltype(prepared.tile);
    Trajectories<Execution, Model, L, Isa, Registers::scratch> const kernel{
        .model = prepared.tile,
        .code = loaded.code.data(),
        .from = 0,
        .to = static_cast<int>(loaded.code.extent(0)),
        .registers = loaded.registers,
        .outputs = loaded.outputs.data(),
        .inputs_count = loaded.inputs_count,
        .outputs_count = loaded.outputs_count,
        .in = segment.in,
        .out = segment.out,
        .noise = segment.noise,
        .tiles = {.rows = segment.x.data(), .n = n, .carry = this->carry(carried, n, L)},
        .nonfinite = nonfinite.data()};
    kernel.launch(exec, "retrace::fused");
    exec.fence("retrace::fused");
    throw_if_interrupted();
    std::int64_t count = 0;
    Kokkos::deep_copy(count, nonfinite);
    return count;
  }

 private:
  Source source_;
};

/// The fused executor of a source, instantiated for dimensions 1, 2 and 3 and for any other at run
/// time.
template <class T, TileModelSource Source>
[[nodiscard]] std::unique_ptr<Executor<T>> fused_executor(Source source) {
  return with_dimension_case(
      source.dimension(),
      [&]<int Dim>(std::integral_constant<int, Dim>) -> std::unique_ptr<Executor<T>> {
        return std::make_unique<FusedExecutor<T, Source, Dim>>(std::move(source));
      });
}

}  // namespace retrace
