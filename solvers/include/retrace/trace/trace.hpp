// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/grid.hpp>
#include <retrace/trace/recorder.hpp>

#include <concepts>
#include <functional>
#include <utility>

namespace retrace {

/// A sampler is a host function that reads like its paper: from the state x at the grid's first level to the state at
/// its last, asking a recorder for the model and for noise. It knows nothing of batches, devices or parameterisations.
/// Where it takes another number of steps than the grid has, it says so in steps(grid).
template <class S>
concept Sampler = requires(S const& sampler, Recorder& model, Grid const& grid, Vec x) {
  { sampler(model, grid, x) } -> std::same_as<Vec>;
};

/// Any sampler; a value.
class AnySampler {
 public:
  template <Sampler S>
  requires(!std::same_as<S, AnySampler>)
  // NOLINTNEXTLINE(google-explicit-constructor): a sampler is an AnySampler wherever one is wanted
  AnySampler(S sampler)
      : steps_([sampler](Grid const& grid) -> std::int64_t {
          if constexpr (requires { sampler.steps(grid); }) return sampler.steps(grid);
          return grid.count();
        }),
        call_(std::move(sampler)) {}

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    return call_(model, grid, std::move(x));
  }
  [[nodiscard]] std::int64_t steps(Grid const& grid) const { return steps_(grid); }

 private:
  std::function<std::int64_t(Grid const&)> steps_;
  std::function<Vec(Recorder&, Grid const&, Vec)> call_;
};

/// Runs a sampler symbolically on a grid. `native` is what the model returns. A step to the clean end, which no sampler
/// sees, is appended as x = E[x0 | x]: first order, without noise, the same for every sampler. Segments before the
/// last go to `segmentation.take`. Throws Error (argument) for coefficients that are not finite, naming the level.
[[nodiscard]] Program trace(AnySampler const& sampler, Grid const& grid,
                            Prediction native = Prediction::denoised,
                            LastNoise last_noise = LastNoise::keep,
                            Segmentation segmentation = {});

}  // namespace retrace
