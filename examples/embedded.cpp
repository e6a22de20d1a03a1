// SPDX-License-Identifier: Apache-2.0
// Retrace as a part of a Kokkos program: the program starts and ends Kokkos, owns the states in a
// view of its own, and works on the result with its own kernel.
#include <retrace/core/batch.hpp>
#include <retrace/core/runtime.hpp>
#include <retrace/exact/moments.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/run/start.hpp>
#include <retrace/samplers/ddim.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/vp.hpp>
#include <retrace/targets/mixture.hpp>

#include <Kokkos_Core.hpp>

#include <cmath>
#include <cstdint>
#include <iostream>

/// [particles][2], where kernels run: the host, or a GPU.
using Particles = Kokkos::View<float**, Kokkos::LayoutRight>;

/// side x side points between -3 and 3.
Particles lattice(int side) {
  Particles const x("particles", static_cast<std::size_t>(side) * side, 2);
  float const spacing = 6.0F / static_cast<float>(side - 1);
  Kokkos::parallel_for(
      "lattice", Kokkos::RangePolicy<>(0, side * side), KOKKOS_LAMBDA(int i) {
        x(i, 0) = -3 + spacing * static_cast<float>(i / side);
        x(i, 1) = -3 + spacing * static_cast<float>(i % side);
      });
  return x;
}

struct Affine {
  float factor, offset;
};

/// How far y is from factor x + offset: the sum of the distances, in which a NaN stays visible.
double total_error(Particles const& x, Particles const& y, Affine map) {
  double sum = 0;
  Kokkos::parallel_reduce(
      "total_error", Kokkos::RangePolicy<>(0, static_cast<int>(x.extent(0))),
      KOKKOS_LAMBDA(int i, double& error) {
        for (int c = 0; c < 2; ++c)
          error += Kokkos::abs(y(i, c) - (map.factor * x(i, c) + map.offset));
      },
      sum);
  return sum;
}

int main(int argc, char** argv) {
  Kokkos::ScopeGuard const kokkos(argc, argv);
  Particles const x = lattice(300);
  Particles const y("moved particles", x.extent(0), x.extent(1));

  retrace::Normal const data{1, 0.25};
  retrace::Grid const grid = retrace::grids::log_snr{}(retrace::vp{}, 20);
  {
    // It finds Kokkos running, leaves it so, and gives oneTBB as many threads.
    retrace::Runtime const runtime(Kokkos::num_threads());
    auto const target = retrace::Mixture::isotropic({1}, {data.mean, data.mean}, {data.variance});
    // The same memory where kernels run on the host, a copy from a GPU.
    auto const states = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, x);
    auto const run = retrace::sample(target, retrace::ddim{}, grid,
                                     {.samples = static_cast<std::int64_t>(x.extent(0)),
                                      .start = retrace::given_start<float>(states, 0)});
    Kokkos::deep_copy(y, run.x);
  }
  if (!Kokkos::is_initialized()) return 1;

  // On Gaussian data this sampler moves every number by the same affine map, known exactly: where
  // it takes 0 and 1.
  auto const image = [&](double from) {
    return retrace::moments(retrace::ddim{}, grid, data, {from, 0}).mean;
  };
  double const offset = image(0), factor = image(1) - offset;
  double const error = total_error(x, y, {static_cast<float>(factor), static_cast<float>(offset)}) /
                       static_cast<double>(x.size());
  std::cout << x.extent(0) << " particles moved by x -> " << factor << " x + " << offset
            << ", mean error " << error << '\n';
  return error < 1e-5 ? 0 : 1;
}
