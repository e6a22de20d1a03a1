// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/run/adaptive_tiles.hpp>
#include <retrace/run/dimension_case.hpp>
#include <retrace/run/loaded.hpp>
#include <retrace/run/step_program.hpp>
#include <retrace/targets/mixture.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace retrace {

/// A run of step programs: angles and what the control may not exceed.
struct AdaptiveSpan {
  double from, to;  ///< angles
  Tolerance tolerance;
  std::int64_t max_evaluations;
  int free_components = 0;  ///< the last of a state, which the error norm leaves out
  int kept_steps = 0;       ///< of every sample, the first, whose ends are recorded
};

/// What it leaves for each sample, on the host.
struct AdaptiveCounts {
  std::vector<double> angle;  ///< reached
  std::vector<std::int32_t> evaluations, steps, rejections;
  std::vector<Outcome> outcomes;
  double lane_use = 0;        ///< share of the lanes' attempts that belonged to a sample
  std::vector<double> taken;  ///< [n][kept_steps]: the angle at the end of each
};

/// Runs step programs with one model in one precision: each sample with steps of its own, many
/// samples at once. The only thing that is compiled for a model.
template <class T>
class AdaptiveExecutor {
 public:
  AdaptiveExecutor() = default;
  virtual ~AdaptiveExecutor() = default;
  AdaptiveExecutor(AdaptiveExecutor const&) = delete;
  AdaptiveExecutor& operator=(AdaptiveExecutor const&) = delete;

  [[nodiscard]] virtual int dimension() const = 0;
  /// Integrates z, [n][d], from one angle to the other, and waits.
  [[nodiscard]] virtual AdaptiveCounts run(StepProgram const& step, AdaptiveSpan const& span,
                                           Batch<T> z) = 0;
};

/// `Source` is an AngleModelSource, Dim its dimension or 0, Block the samples that a tile works off
/// (0: enough to keep its lanes busy, and all threads).
template <class T, class Source, int Dim, class Isa = simd::Native, int L = 64, int Block = 0>
class TiledAdaptiveExecutor final : public AdaptiveExecutor<T> {
  using Memory = Execution::memory_space;

 public:
  explicit TiledAdaptiveExecutor(Source source) : source_(std::move(source)) {}

  [[nodiscard]] int dimension() const override { return source_.dimension(); }

  [[nodiscard]] AdaptiveCounts run(StepProgram const& step, AdaptiveSpan const& span,
                                   Batch<T> z) override {
    Execution const exec;
    Loaded<T> const loaded(step.program, dimension());
    auto const prepared = source_.template prepare<T, Dim, Execution>(exec);
    auto const c = on_device(step.c, "retrace::stages");
    std::size_t const n = z.extent(0);
    Kokkos::View<double*, Memory> const angle("retrace::angle", n);
    Kokkos::View<std::int32_t**, Kokkos::LayoutRight, Memory> const counts("retrace::counts", 3, n);
    Kokkos::View<Outcome*, Memory> const outcomes("retrace::outcomes", n);
    Kokkos::View<std::int64_t*, Memory> const lane_steps("retrace::lane_steps", 2);
    Kokkos::View<double*, Memory> const taken("retrace::taken",
                                              n * static_cast<std::size_t>(span.kept_steps));
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max() / 2;
    using Model = std::remove_cv_t<decltype(prepared.tile)>;
    AdaptiveTiles<Execution, Model, L, Isa> const kernel{
        .model = prepared.tile,
        .code = loaded.code.data(),
        .code_size = static_cast<int>(loaded.code.extent(0)),
        .registers = loaded.registers,
        .outputs = loaded.outputs.data(),
        .c = c.data(),
        .slope = step.slope,
        .unweighted = step.unweighted,
        .slope_error = step.slope_error,
        .cost = step.evaluations(),
        .control = {1 / static_cast<float>(step.error_order + 1)},
        .task = {.rows = z.data(),
                 .n = static_cast<std::int64_t>(n),
                 .from = span.from,
                 .to = span.to,
                 .rtol = static_cast<T>(span.tolerance.rtol),
                 .atol = static_cast<T>(span.tolerance.atol),
                 .free_rows = span.free_components,
                 .max_evaluations = static_cast<std::int32_t>(std::min(span.max_evaluations, most)),
                 .angle = angle.data(),
                 .evaluations = counts.data(),
                 .steps = counts.data() + n,
                 .rejections = counts.data() + 2 * n,
                 .outcomes = outcomes.data(),
                 .lane_steps = lane_steps.data(),
                 .taken = taken.data(),
                 .most_taken = span.kept_steps},
        .block = block(exec, static_cast<std::int64_t>(n))};
    if (n > 0) kernel.launch(exec, "retrace::adaptive");
    exec.fence("retrace::adaptive");
    throw_if_interrupted();

    auto const on_host = [](auto const& view) {
      auto const mirror = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, view);
      return std::vector<std::remove_const_t<typename decltype(mirror)::value_type>>(
          mirror.data(), mirror.data() + mirror.size());
    };
    std::vector<std::int32_t> const all = on_host(counts);
    auto const part = [&](std::size_t k) {
      auto const first = all.begin() + static_cast<std::ptrdiff_t>(k * n);
      return std::vector<std::int32_t>(first, first + static_cast<std::ptrdiff_t>(n));
    };
    std::vector<std::int64_t> const use = on_host(lane_steps);
    return {
        .angle = on_host(angle),
        .evaluations = part(0),
        .steps = part(1),
        .rejections = part(2),
        .outcomes = on_host(outcomes),
        .lane_use = use[1] > 0 ? static_cast<double>(use[0]) / static_cast<double>(use[1]) : 1.0,
        .taken = on_host(taken)};
  }

 private:
  /// At the end of a block lanes run dry: many samples a lane make that a small part.
  static int block(Execution const& exec, std::int64_t n) {
    if (Block > 0) return Block;
    // NOLINTNEXTLINE(readability-static-accessed-through-instance): not static on devices
    std::int64_t const threads = std::max(1, exec.concurrency());
    return static_cast<int>(std::clamp<std::int64_t>(n / (4 * threads) / L * L, 4 * L, 64 * L));
  }

  Source source_;
};

/// The executor of a source, instantiated for dimensions 1, 2 and 3 and for any other at run time.
template <class T, AngleModelSource Source>
[[nodiscard]] std::unique_ptr<AdaptiveExecutor<T>> adaptive_executor(Source source) {
  return with_dimension_case(
      source.dimension(),
      [&]<int Dim>(std::integral_constant<int, Dim>) -> std::unique_ptr<AdaptiveExecutor<T>> {
        return std::make_unique<TiledAdaptiveExecutor<T, Source, Dim>>(std::move(source));
      });
}

/// That of a mixture, from the compiled library.
template <class T>
[[nodiscard]] std::unique_ptr<AdaptiveExecutor<T>> adaptive_executor(Mixture const& mixture);

}  // namespace retrace
