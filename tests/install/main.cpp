// SPDX-License-Identifier: Apache-2.0
// A user's program. It samples one Gaussian twice from the same starts, as a mixture in the fused
// kernel and as an opaque model that knows nothing of tiles, and needs every library behind
// Retrace.
#include <retrace/core/runtime.hpp>
#include <retrace/core/version.hpp>
#include <retrace/io/mixture_file.hpp>
#include <retrace/io/npz.hpp>
#include <retrace/metrics/projected_distances.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/vp.hpp>

#include <cmath>
#include <cstdint>
#include <iostream>
#include <vector>

using namespace retrace;

/// E[x0 | x] of N(m, v I).
struct my_model {
  static constexpr Prediction prediction = Prediction::denoised;
  [[nodiscard]] static int dimension() { return 2; }

  float mean[2];
  float variance;

  void operator()(Batch<float const> x, NoiseLevel const& level, Batch<float> out) const {
    auto const a = static_cast<float>(level.alpha()), s = static_cast<float>(level.sigma());
    my_model const m = *this;
    Kokkos::parallel_for(
        "my_model", Kokkos::RangePolicy<Execution>(0, static_cast<int>(x.extent(0))),
        KOKKOS_LAMBDA(int i) {
          for (int c = 0; c < 2; ++c)
            out(i, c) =
                (s * s * m.mean[c] + a * m.variance * x(i, c)) / (a * a * m.variance + s * s);
        });
    Kokkos::fence();
  }
};

std::vector<double> numbers(HostArray<float> const& x) { return {x.data(), x.data() + x.size()}; }

int main(int argc, char** argv) {
  Runtime const runtime(argc, argv);
  if (argc != 2) return 2;
  Mixture const target = read_mixture(argv[1]);
  my_model const model{
      .mean = {static_cast<float>(target.means()[0]), static_cast<float>(target.means()[1])},
      .variance = static_cast<float>(target.variances()[0])};

  constexpr std::int64_t n = 10'000;
  Grid const grid = grids::log_snr{}(vp{}, 20);
  AnySampler const sampler = make_sampler("dpmpp-2m");
  auto const fused = numbers(sample(target, sampler, grid, {.samples = n, .seed = 1}).x);
  auto const batched = numbers(sample(model, sampler, grid, {.samples = n, .seed = 1}).x);

  double difference = 0;  // a sum, in which a NaN stays visible
  for (std::size_t i = 0; i < fused.size(); ++i) difference += std::abs(fused[i] - batched[i]);
  difference /= static_cast<double>(fused.size());

  std::vector<double> exact(fused.size());
  for (std::size_t i = 0; i < exact.size(); i += 2)
    target.draw(2, static_cast<std::int64_t>(i / 2), std::span(exact).subspan(i, 2));
  double const distance = sliced_wasserstein(fused, exact, 2);

  write_npz("consumer.npz", {{.name = "x", .shape = {n, 2}, .data = fused.data()}});
  bool const kept = read_npz("consumer.npz").at("x").values == fused;

  std::cout << "Retrace " << version << ": fused and batched are " << difference
            << " apart, fused and exact " << distance << '\n';
  return difference < 1e-5 && distance < 0.05 && kept ? 0 : 1;
}
