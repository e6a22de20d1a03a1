// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/error.hpp>
#include <retrace/run/batched.hpp>
#include <retrace/run/executor.hpp>
#include <retrace/run/fused.hpp>
#include <retrace/run/network_executor.hpp>
#include <retrace/run/spoiled.hpp>
#include <retrace/run/start.hpp>
#include <retrace/trace/cost.hpp>
#include <retrace/trace/trace.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

namespace retrace {

/// Noise that the caller gives instead of the counter's: [draws][samples][dimension], draws ordered
/// by (step, k).
template <class T>
struct GivenNoise {
  std::span<T const> values;
  std::int64_t draws = 0;
};

template <class T = float>
struct SampleOptions {
  std::int64_t samples = 0;
  std::uint64_t seed = 0;
  std::uint64_t first_sample =
      0;  ///< run [a, a + n) gives rows a .. a + n - 1 of any longer run, bitwise
  LastNoise last_noise = LastNoise::keep;
  Draws draws = Draws::independent;    ///< path: other steps, grids and samplers see the same noise
  std::optional<Start<T>> start = {};  ///< default_start() where absent
  std::optional<GivenNoise<T>> noise = {};
  std::optional<int> dimension = {};  ///< for models that do not say theirs
  std::size_t segment_bytes = std::size_t{8}
                              << 20;  ///< of the tables of a program; longer runs come in segments
  std::function<void(std::int64_t done, std::int64_t samples)> progress = {};
};

/// What a run leaves: the samples, and where they come from.
template <class T = float>
struct Samples {
  HostArray<T> x;  ///< [samples][dimension]
  std::int64_t steps = 0;
  std::int64_t evaluations = 0;  ///< of the model, for each sample; counted
  std::int64_t draws = 0;        ///< normals for each sample after the start; counted
  std::uint64_t seed = 0;
  std::int64_t nonfinite = 0;          ///< samples that are not finite
  std::vector<NonFiniteSample> where;  ///< of the first few of them, by sample
  double seconds = 0;
};

/// Runs a sampler on every sample. Samples with values that are not finite are reported and left as
/// they are; the others finish as if it had not happened. Throws Error (memory) before anything is
/// computed where the samples do not fit, (argument) for a sampler that does not fit the grid,
/// (interrupted) after a signal.
template <class T>
[[nodiscard]] Samples<T> sample(Executor<T>& executor, Start<T> const& start,
                                AnySampler const& sampler, Grid const& grid,
                                SampleOptions<T> const& options);

/// The fused executor of a target, from the compiled library.
template <class T>
[[nodiscard]] std::unique_ptr<Executor<T>> target_executor(Target const& target);

/// Samples a target with its exact score.
template <class T = float>
[[nodiscard]] Samples<T> sample(Target const& target, AnySampler const& sampler, Grid const& grid,
                                SampleOptions<T> const& options) {
  auto const executor = target_executor<T>(target);
  return sample(*executor,
                options.start ? *options.start : default_start<T>(target, grid, options.seed),
                sampler, grid, options);
}

/// The fused executor of a target with a planted score error, from the compiled library.
template <class T>
[[nodiscard]] std::unique_ptr<Executor<T>> spoiled_executor(SpoiledTarget const& target);

/// Samples a target with an error planted in its score: sample(spoiled(target, error), ...). What
/// starts from the exact p_t does so here.
template <class T = float>
[[nodiscard]] Samples<T> sample(SpoiledTarget const& target, AnySampler const& sampler,
                                Grid const& grid, SampleOptions<T> const& options) {
  auto const executor = spoiled_executor<T>(target);
  return sample(
      *executor,
      options.start ? *options.start : default_start<T>(target.target, grid, options.seed), sampler,
      grid, options);
}

/// Samples with a score network inside the fused kernel, guided or not. Throws Error (numerics) for
/// parameters that are not finite, (argument) for a network whose condition is not said, before
/// anything is computed. An evaluation of a guided network is two of the network, counted once.
template <class T = float, class Net>
requires(std::same_as<Net, Network> || std::same_as<Net, GuidedNetwork>)
    [[nodiscard]] Samples<T> sample(Net const& network, AnySampler const& sampler, Grid const& grid,
                                    SampleOptions<T> const& options) {
  auto const executor = network_executor<T>(network);
  return sample(*executor, options.start ? *options.start : default_start<T>(grid, options.seed),
                sampler, grid, options);
}

/// The same with hidden layers in bf16.
template <class T = float>
requires(std::is_same_v<T, float>)
    [[nodiscard]] Samples<T> sample(Bf16Network const& network, AnySampler const& sampler,
                                    Grid const& grid, SampleOptions<T> const& options) {
  auto const executor = network_executor(network);
  return sample(*executor, options.start ? *options.start : default_start<T>(grid, options.seed),
                sampler, grid, options);
}

/// Samples with a user's model: fused where it is a TileModelSource, else batched.
template <class T = float, class Model>
requires(TileModelSource<Model> || BatchModel<Model, T> || ConditionalBatchModel<Model, T>)
    [[nodiscard]] Samples<T> sample(Model model, AnySampler const& sampler, Grid const& grid,
                                    SampleOptions<T> const& options) {
  std::unique_ptr<Executor<T>> executor;
  if constexpr (TileModelSource<Model>) {
    executor = fused_executor<T>(std::move(model));
  } else {
    int dimension = options.dimension.value_or(0);
    if constexpr (requires { model.dimension(); }) dimension = model.dimension();
    if (dimension < 1)
      throw Error(Fault::argument, "the dimension of the model is not known",
                  "give the model a member dimension() or set SampleOptions::dimension");
    executor = batched_executor<T>(AnyBatchModel<T>(std::move(model), dimension));
  }
  return sample(*executor, options.start ? *options.start : default_start<T>(grid, options.seed),
                sampler, grid, options);
}

}  // namespace retrace
