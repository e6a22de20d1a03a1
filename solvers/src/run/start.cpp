// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/finite.hpp>
#include <retrace/run/batched.hpp>
#include <retrace/run/start.hpp>

#include <string>
#include <utility>
#include <vector>

namespace retrace {
namespace {

using Host = Kokkos::DefaultHostExecutionSpace;

bool starts_at_prior(Grid const& grid) {
  if (!grid.runs_backwards())
    throw Error(Fault::argument, "a run from data to noise has no prior to start from",
                "give the start (--init)");
  return grid.time(0) == grid.sde().t_max();
}

}  // namespace

template <class T>
HostArray<T> start_states(Start<T> const& start, std::uint64_t first, std::int64_t n,
                          int dimension) {
  Kokkos::View<T**, Kokkos::LayoutRight, Execution::memory_space> const x(
      Kokkos::view_alloc(Kokkos::WithoutInitializing, "retrace::samples"),
      static_cast<std::size_t>(n), static_cast<std::size_t>(dimension));
  if (n > 0) start(first, x);
  return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, x);
}

template <class T>
Start<T> gaussian_start(double sigma, std::uint64_t seed) {
  return [=](std::uint64_t first, Batch<T> x) { draw_prior(x, sigma, seed, first); };
}

template <class T>
Start<T> exact_start(Target const& target, NoiseLevel const& level, std::uint64_t seed) {
  return [=](std::uint64_t first, Batch<T> x) {
    auto const host = Kokkos::create_mirror_view(x);
    auto const d = x.extent(1);
    auto const n = static_cast<std::int64_t>(x.extent(0));
    Kokkos::parallel_for("retrace::exact_start", Kokkos::RangePolicy<Host>(0, n),
                         [&](std::int64_t i) {
                           std::vector<double> point(d);
                           target.draw(level, seed, static_cast<std::int64_t>(first) + i, point);
                           for (std::size_t c = 0; c < d; ++c)
                             host(i, c) = static_cast<T>(point[c]);
                         });
    Kokkos::deep_copy(x, host);
  };
}

template <class T>
Start<T> given_start(HostArray<T const> states, std::uint64_t first_sample) {
  for (std::size_t row = 0; row < states.extent(0); ++row) {
    auto const d = static_cast<int>(states.extent(1));
    if (!all_finite(d, [&](int c) { return states(row, c); }))
      throw Error(Fault::argument, "row " + std::to_string(row) + " of the start is not finite");
  }
  return [=](std::uint64_t first, Batch<T> x) {
    std::size_t const row = first - first_sample;
    Kokkos::deep_copy(x, Kokkos::subview(states, std::pair(row, row + x.extent(0)), Kokkos::ALL));
  };
}

template <class T>
Start<T> default_start(Grid const& grid, std::uint64_t seed) {
  if (starts_at_prior(grid)) return gaussian_start<T>(grid.sde().prior_sigma(), seed);
  NoiseLevel const level = grid.level(0);
  if (level.alpha() == 1) return gaussian_start<T>(level.sigma(), seed);
  throw Error(Fault::argument, "the state at the first level is not known",
              "a model's p_t is only known at the largest t, or on ve and edm",
              "give the start (--init) or leave --from out");
}

template <class T>
Start<T> default_start(Target const& target, Grid const& grid, std::uint64_t seed) {
  if (starts_at_prior(grid)) return gaussian_start<T>(grid.sde().prior_sigma(), seed);
  return exact_start<T>(target, grid.level(0), seed);
}

template HostArray<float> start_states(Start<float> const&, std::uint64_t, std::int64_t, int);
template HostArray<double> start_states(Start<double> const&, std::uint64_t, std::int64_t, int);
template Start<float> gaussian_start(double, std::uint64_t);
template Start<double> gaussian_start(double, std::uint64_t);
template Start<float> exact_start(Target const&, NoiseLevel const&, std::uint64_t);
template Start<double> exact_start(Target const&, NoiseLevel const&, std::uint64_t);
template Start<float> given_start(HostArray<float const>, std::uint64_t);
template Start<double> given_start(HostArray<double const>, std::uint64_t);
template Start<float> default_start(Grid const&, std::uint64_t);
template Start<double> default_start(Grid const&, std::uint64_t);
template Start<float> default_start(Target const&, Grid const&, std::uint64_t);
template Start<double> default_start(Target const&, Grid const&, std::uint64_t);

}  // namespace retrace
