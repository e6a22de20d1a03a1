// SPDX-License-Identifier: Apache-2.0
// A score model of your own: a callback that sees whole batches and predicts the noise. Here it is
// the exact answer for Gaussian data; a network of any framework would stand in its place.
#include <retrace/core/runtime.hpp>
#include <retrace/exact/moments.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/euler_maruyama.hpp>
#include <retrace/sde/uniform.hpp>
#include <retrace/sde/vp.hpp>

#include <cmath>
#include <cstdint>
#include <iostream>

using namespace retrace;

constexpr Normal data{0.5, 0.25};  // in every dimension

struct my_network {
  static constexpr Prediction prediction = Prediction::noise;
  [[nodiscard]] static int dimension() { return 3; }

  /// E[epsilon | x] = sigma (x - alpha m) / (alpha^2 v + sigma^2), for all samples of the batch.
  void operator()(Batch<float const> x, NoiseLevel const& level, Batch<float> out) const {
    auto const mean = static_cast<float>(level.alpha() * data.mean);
    auto const factor = static_cast<float>(level.sigma() / marginal(data, level).variance);
    auto const n = static_cast<std::int64_t>(x.extent(0));
    auto const d = static_cast<std::int64_t>(x.extent(1));
    Kokkos::parallel_for(
        "my_network", Kokkos::RangePolicy<Execution, Kokkos::IndexType<std::int64_t>>(0, n),
        KOKKOS_LAMBDA(std::int64_t i) {
          for (std::int64_t c = 0; c < d; ++c) out(i, c) = factor * (x(i, c) - mean);
        });
    Kokkos::fence();
  }
};

/// Mean and variance of all numbers of the samples.
Normal estimate(HostArray<float> const& x) {
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x.data()[i];
  double const count = static_cast<double>(x.size()), mean = sum / count;
  for (std::size_t i = 0; i < x.size(); ++i) squares += std::pow(x.data()[i] - mean, 2);
  return {mean, squares / count};
}

int main(int argc, char** argv) {
  Runtime const runtime(argc, argv);
  Grid const grid = grids::uniform{}(vp{}, 50, {1.0, 1e-3});
  auto const run = sample(my_network{}, euler_maruyama{}, grid, {.samples = 100'000, .seed = 1});

  // The law of the samples of this scheme, its error included: known for Gaussian data.
  Normal const scheme = moments(euler_maruyama{}, grid, data, {0, 1});
  Normal const found = estimate(run.x);
  auto const count = static_cast<double>(run.x.size());
  double const mean_error = (found.mean - scheme.mean) / std::sqrt(scheme.variance / count);
  double const variance_error =
      (found.variance - scheme.variance) / (scheme.variance * std::sqrt(2 / count));

  std::cout << run.evaluations << " evaluations of " << run.x.extent(0) << " samples\n"
            << "mean " << found.mean << ", the scheme's " << scheme.mean << ": " << mean_error
            << " standard errors\n"
            << "variance " << found.variance << ", the scheme's " << scheme.variance << ": "
            << variance_error << " standard errors\n"
            << "data: mean " << data.mean << ", variance " << data.variance << '\n';
  // One run in a million is further out.
  return std::abs(mean_error) < 4.9 && std::abs(variance_error) < 4.9 ? 0 : 1;
}
