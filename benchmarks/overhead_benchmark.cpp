// SPDX-License-Identifier: Apache-2.0
// What a sampler costs beyond its model: whole runs of every sampler with fixed steps, over as many
// evaluations of the bare mixture and draws of bare normals, timed right after. The unit is one
// evaluation of one sample.
#include "support/bare_mixture.hpp"
#include "support/bare_normals.hpp"
#include "support/mixtures.hpp"
#include "support/paired.hpp"
#include "support/registration.hpp"
#include "support/run.hpp"

#include <retrace/samplers/registry.hpp>

#include <cstdint>
#include <string>

namespace retrace::benchmarks {
namespace {

constexpr std::int64_t samples = 16'384, steps = 100;

/// The evaluations and normals of a run, with nothing between them: as many tiles as its samples
/// fill.
class Bare {
 public:
  explicit Bare(Program const& program)
      : mixture_(isotropic_mixture(2), program.levels),
        blocks_((program.draws * dimension + normals_a_block - 1) / normals_a_block),
        normals_("normals", normals_a_block * normal_samples) {}

  [[nodiscard]] Work work(std::int64_t n) const {
    std::int64_t const tiles = (n + Mixture::lanes - 1) / Mixture::lanes;
    return {.run =
                [this, tiles] {
                  for (std::int64_t tile = 0; tile < tiles; ++tile) {
                    mixture_.evaluate_levels();
                    draw_blocks<simd::Native>(PhiloxKeys(1), blocks_, normals_.data());
                  }
                },
            .units = static_cast<double>(tiles * Mixture::lanes * mixture_.levels())};
  }

 private:
  static constexpr int dimension = 2;
  using Mixture = BareMixture<float, dimension, CovarianceShape::isotropic>;
  static_assert(Mixture::lanes == normal_samples);

  Mixture mixture_;
  std::int64_t blocks_;
  Kokkos::View<float*, Kokkos::HostSpace> normals_;
};

}  // namespace

void register_benchmarks() {
  for (SamplerEntry const& entry : samplers()) {
    if (entry.info.stepping == Stepping::adaptive) continue;
    add("overhead/" + entry.name, [name = entry.name](benchmark::State& state) {
      AnySampler const sampler = make_sampler(name);
      Grid const grid = grid_of(steps);
      Run run(target_executor<float>(isotropic_mixture(2)), sampler, grid, samples);
      Bare const bare(run.program());
      compare(state, run.work(), bare.work(effort().scaled(samples)), "over_bare");
    });
  }
}

}  // namespace retrace::benchmarks
