// SPDX-License-Identifier: Apache-2.0
// Adaptive runs on the eight-component mixture, every sample with steps of its own, from the prior
// to the end of VP at a tolerance of 1e-5. The unit is one evaluation of one sample that its method
// needs; beside it one of a run with fixed steps.
#include "support/mixtures.hpp"
#include "support/paired.hpp"
#include "support/registration.hpp"
#include "support/run.hpp"

#include <retrace/run/adaptive_sample.hpp>
#include <retrace/samplers/dpmpp_2m.hpp>
#include <retrace/sde/angle.hpp>
#include <retrace/sde/vp.hpp>

#include <numeric>
#include <string>

namespace retrace::benchmarks {
namespace {

constexpr std::int64_t samples = 16'384, steps = 100;

class AdaptiveRun {
 public:
  explicit AdaptiveRun(char const* pair)
      : executor_(adaptive_executor<float>(isotropic_mixture(2))),
        step_(step_program_of(pair).value()),
        span_{.from = angle_of(Sde(vp{}).at(1)),
              .to = angle_of(Sde(vp{}).at(1e-3)),
              .tolerance = attainable<float>({}),
              .max_evaluations = 100'000},
        start_("start", samples, 2),
        z_("z", samples, 2) {
    gaussian_start<float>(1, 1)(0, start_);
  }

  [[nodiscard]] Work work() {
    Kokkos::deep_copy(z_, start_);
    AdaptiveCounts const counts = executor_->run(step_, span_, z_);
    lane_use_ = counts.lane_use;
    return {.run = [this] { static_cast<void>(executor_->run(step_, span_, z_)); },
            .units = std::accumulate(counts.evaluations.begin(), counts.evaluations.end(), 0.0),
            .prepare = [this] { Kokkos::deep_copy(z_, start_); }};
  }
  [[nodiscard]] double lane_use() const { return lane_use_; }

 private:
  using Array = Kokkos::View<float**, Kokkos::LayoutRight, Execution::memory_space>;

  std::unique_ptr<AdaptiveExecutor<float>> executor_;
  StepProgram step_;
  AdaptiveSpan span_;
  Array start_, z_;
  double lane_use_ = 0;
};

}  // namespace

void register_benchmarks() {
  for (char const* pair : {"dopri5", "tsit5", "cash-karp54", "fehlberg78"})
    add("adaptive/" + std::string(pair) + "/one_thread", [pair](benchmark::State& state) {
      AdaptiveRun adaptive(pair);
      Run fixed(target_executor<float>(isotropic_mixture(2)), dpmpp_2m{}, grid_of(steps), samples);
      compare(state, adaptive.work(), fixed.work(), "over_fixed");
      state.counters["lane_use_percent"] = 100 * adaptive.lane_use();
    });
}

}  // namespace retrace::benchmarks
