// SPDX-License-Identifier: Apache-2.0
// Score networks in the fused kernels, multilayer perceptrons with three hidden layers in two
// dimensions: the forward pass alone, with the divergence, and inside whole runs. Floating-point
// operations are those of the matrix products of the prediction alone, 2 (d W + 2 W^2 + W d) a
// sample; biases, activations, time embedding and noise do not count.
#include "support/paired.hpp"
#include "support/registration.hpp"
#include "support/run.hpp"

#include <retrace/core/draw.hpp>
#include <retrace/nn/bf16_network.hpp>
#include <retrace/nn/network_source.hpp>
#include <retrace/run/network_executor.hpp>
#include <retrace/samplers/euler_maruyama.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace retrace::benchmarks {
namespace {

using Host = Kokkos::DefaultHostExecutionSpace;
constexpr std::int64_t samples = 16'384, steps = 20;

Architecture perceptron(int width, int dimension = 2) {
  return {.dimension = dimension, .width = width};
}

double flops(Architecture const& a) {
  double const w = a.width, d = a.dimension;
  return 2 * (2 * d * w + (a.depth - 1) * w * w);
}

/// Adds to what measure() counts.
void report_percent(benchmark::State& state, Architecture const& a) {
  if (on_host) state.counters["percent_of_peak"] = 100 * flops(a) / state.counters["flops_at_peak"];
}

template <class T, class Isa, class Source = NetworkSource>
class Tiles {
 public:
  static constexpr int lanes = network_lanes;

  explicit Tiles(Architecture const& a, std::int64_t n)
      : prepared_(Source(random_network(a, 1)).template prepare<T, 0, Host>(Host{}, levels())),
        tiles_(std::max<std::int64_t>(1, effort().scaled(n) / lanes)),
        x_(values(a.dimension)),
        y_(values(a.dimension)),
        divergence_("divergence", lanes),
        scratch_("scratch", scratch_size(prepared_.tile)) {
    std::vector<float> z(x_.extent(0));
    draw_normals(1, 0, Purpose::start, {}, z);
    for (std::size_t i = 0; i < z.size(); ++i) x_(i) = static_cast<T>(z[i]);
  }

  Work forward() {
    return work([this](Evaluation<T> const& e) {
      prepared_.tile(walk, x_.data(), y_.data(), e, scratch_.data());
    });
  }
  Work with_divergence() {
    return work([this](Evaluation<T> const& e) {
      prepared_.tile.with_divergence(walk, x_.data(), y_.data(), e, divergence_.data(),
                                     scratch_.data());
    });
  }

 private:
  static constexpr HostLanes<T, Isa, lanes> walk{};
  using Array = Kokkos::View<T*, Kokkos::HostSpace>;

  static std::vector<NoiseLevel> levels() {
    std::vector<NoiseLevel> levels;
    Grid const grid = grid_of(steps);
    for (auto const& [s, t, i] : grid.steps()) levels.push_back(s);
    return levels;
  }
  template <class Tile>
  static std::size_t scratch_size(Tile const& tile) {
    if constexpr (requires { tile.divergence_scratch(lanes); })
      return static_cast<std::size_t>(tile.divergence_scratch(lanes));
    return static_cast<std::size_t>(tile.scratch(lanes));
  }
  static Array values(int dimension) {
    return Array("tile", static_cast<std::size_t>(dimension * lanes));
  }
  template <class F>
  Work work(F const& evaluate) {
    return {.run =
                [=, this] {
                  for (std::int64_t i = 0; i < tiles_; ++i)
                    evaluate(Evaluation<T>{static_cast<int>(i % steps), 0, T(0), T(1)});
                },
            .units = static_cast<double>(tiles_ * lanes),
            .peak = fma_peak<T>};
  }

  decltype(std::declval<Source const&>().template prepare<T, 0, Host>(
      Host{}, std::span<NoiseLevel const>{})) prepared_;
  std::int64_t tiles_;
  Array x_, y_, divergence_, scratch_;
};

template <class T, class Isa = simd::Native>
void add_forward(std::string const& name, Architecture const& a) {
  auto const n = static_cast<std::int64_t>(1e9 / flops(a));
  add("forward/" + name, [=](benchmark::State& state) {
    Tiles<T, Isa> tiles(a, n);
    measure(state, tiles.forward());
    report_percent(state, a);
  });
}

/// Paired with float on the same network.
void add_bf16(int width) {
  Architecture const a = perceptron(width);
  add("forward/" + std::to_string(width) + "/bf16", [=](benchmark::State& state) {
    auto const n = static_cast<std::int64_t>(1e9 / flops(a));
    Tiles<float, simd::Native, Bf16Network> rounded(a, n);
    Tiles<float, simd::Native> full(a, n);
    compare(state, rounded.forward(), full.forward(), "over_float");
    report_percent(state, a);
  });
}

void add_divergence(int dimension) {
  Architecture const a = perceptron(128, dimension);
  add("divergence/128/" + std::to_string(dimension) + "d", [=](benchmark::State& state) {
    Tiles<float, simd::Native> tiles(a, 10'000);
    compare(state, tiles.with_divergence(), tiles.forward(), "over_forward");
  });
}

void add_runs() {
  auto const run = [] {
    return Run{network_executor<float>(random_network(perceptron(128), 1)), euler_maruyama{},
               grid_of(steps), samples};
  };
  add("euler-maruyama/128/one_thread", [=](benchmark::State& state) {
    Run whole = run();
    Tiles<float, simd::Native> tiles(perceptron(128), samples);
    compare(state, whole.work(), tiles.forward(), "over_forward");
    report_percent(state, perceptron(128));
  });
  add("euler-maruyama/128/bf16", [=](benchmark::State& state) {
    Run rounded{network_executor(Bf16Network(random_network(perceptron(128), 1))), euler_maruyama{},
                grid_of(steps), samples};
    Run full = run();
    compare(state, rounded.work(), full.work(), "over_float");
    report_percent(state, perceptron(128));
  });
  add("euler-maruyama/128/all_threads", [=](benchmark::State& state) {
    Run whole = run();
    measure_speedup(state, whole.work());
    report_percent(state, perceptron(128));
  });
}

}  // namespace

void register_benchmarks() {
  if (on_host) {
    for (int const width : {64, 128, 256, 512})
      add_forward<float>(std::to_string(width), perceptron(width));
    for (int const width : {64, 128, 256, 512}) add_bf16(width);
    for (auto const& [name, activation] : names<Activation>()) {
      Architecture a = perceptron(128);
      a.activation = activation;
      if (a != perceptron(128)) add_forward<float>("128/" + std::string(name), a);
    }
    Architecture normalised = perceptron(128), u_shape = perceptron(128);
    normalised.norm = Norm::layer, u_shape.skip = Skip::u_shape;
    add_forward<float>("128/layer-norm", normalised);
    add_forward<float>("128/u-shape", u_shape);
    for (int const dimension : {16, 64})
      add_forward<float>("128/" + std::to_string(dimension) + "d", perceptron(128, dimension));
    add_forward<double>("128/double", perceptron(128));
    for (int const dimension : {1, 2, 3, 10}) add_divergence(dimension);
  }
  add_runs();
}

}  // namespace retrace::benchmarks
