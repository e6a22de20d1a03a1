// SPDX-License-Identifier: Apache-2.0
#include <retrace/trace/trace.hpp>

#include <utility>

namespace retrace {

Program trace(AnySampler const& sampler, Grid const& grid, Prediction native, LastNoise last_noise,
              Segmentation segmentation, Draws draws) {
  Recorder model(grid, native, sampler.steps(grid) - 1, last_noise, std::move(segmentation), draws);
  Vec x = sampler(model, grid, model.start());
  if (grid.ends_clean()) x = model.denoised(x, grid.level(grid.noisy_levels() - 1));
  return model.finish(x);
}

}  // namespace retrace
