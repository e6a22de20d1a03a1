// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/grid.hpp>
#include <retrace/trace/recorder.hpp>

#include <concepts>
#include <functional>
#include <optional>
#include <utility>

namespace retrace {

/// A sampler is a host function that reads like its paper: from the state x at the grid's first
/// level to the state at its last, asking a recorder for the model and for noise. It knows nothing
/// of batches, devices or parameterisations. A sampler that takes another number of steps than its
/// grid has says so in steps(grid); one whose grid is part of the method makes it in own_grid(sde,
/// steps, span), empty where the method takes any grid. One that follows another reverse-time SDE
/// than Song et al. 2021's, with tau^2 times its noise, says how much in tau_squared(level).
template <class S>
concept Sampler = requires(S const& sampler, Recorder& model, Grid const& grid, Vec x) {
  { sampler(model, grid, x) } -> std::same_as<Vec>;
};

/// Any sampler; a value.
class AnySampler {
 public:
  template <Sampler S>
  requires(!std::same_as<S, AnySampler>)
      // NOLINTNEXTLINE(google-explicit-constructor): a sampler is an AnySampler wherever one is
      // wanted
      AnySampler(S sampler)
      : steps_([sampler](Grid const& grid) -> std::int64_t {
          (void)sampler;  // used by some samplers only
          if constexpr (requires { sampler.steps(grid); }) return sampler.steps(grid);
          return grid.count();
        }),
        own_grid_([sampler](Sde const& sde, std::int64_t steps, Span span) -> std::optional<Grid> {
          (void)sampler;
          if constexpr (requires { sampler.own_grid(sde, steps, span); })
            return sampler.own_grid(sde, steps, span);
          return {};
        }),
        tau_squared_([&]() -> std::function<double(NoiseLevel const&)> {
          if constexpr (requires(NoiseLevel const& s) { sampler.tau_squared(s); })
            return [sampler](NoiseLevel const& s) { return sampler.tau_squared(s); };
          return {};
        }()),
        call_(std::move(sampler)) {}

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    return call_(model, grid, std::move(x));
  }
  [[nodiscard]] std::int64_t steps(Grid const& grid) const { return steps_(grid); }
  [[nodiscard]] std::optional<Grid> own_grid(Sde const& sde, std::int64_t steps, Span span) const {
    return own_grid_(sde, steps, span);
  }
  /// Empty where it is 1 throughout, or where the sampler solves no SDE.
  [[nodiscard]] std::function<double(NoiseLevel const&)> const& tau_squared() const {
    return tau_squared_;
  }

 private:
  std::function<std::int64_t(Grid const&)> steps_;
  std::function<std::optional<Grid>(Sde const&, std::int64_t, Span)> own_grid_;
  std::function<double(NoiseLevel const&)> tau_squared_;
  std::function<Vec(Recorder&, Grid const&, Vec)> call_;
};

/// Runs a sampler symbolically on a grid. `native` is what the model returns. A step to the clean
/// end, which no sampler sees, is appended as x = E[x0 | x]: first order, without noise, the same
/// for every sampler. Segments before the last go to `segmentation.take`. Throws Error (argument)
/// for coefficients that are not finite, naming the level.
[[nodiscard]] Program trace(AnySampler const& sampler, Grid const& grid,
                            Prediction native = Prediction::denoised,
                            LastNoise last_noise = LastNoise::keep, Segmentation segmentation = {},
                            Draws draws = Draws::independent);

}  // namespace retrace
