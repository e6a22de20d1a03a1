// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/batch.hpp>
#include <retrace/core/draw.hpp>
#include <retrace/core/normal.hpp>
#include <retrace/run/loaded.hpp>
#include <retrace/run/reference.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

/// Where kernels run, be it a GPU, against plain code on the host.
namespace retrace {
namespace {

constexpr std::int64_t counters = 100000;
constexpr std::uint64_t seed = 0x299f31d0a4093822;

/// A different counter for each i, all of whose words vary.
struct Counter {
  simd::Word c[4];
  explicit RETRACE_INLINE Counter(std::int64_t i) {
    auto const n = static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C15U;
    c[0] = static_cast<simd::Word>(n);
    c[1] = static_cast<simd::Word>(n >> 32);
    c[2] = static_cast<simd::Word>(~n >> 7);
    c[3] = static_cast<simd::Word>(n >> 19);
  }
};

struct WordsOf {
  PhiloxKeys keys;
  simd::Word* out;  ///< [counters][4]
  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    Counter x(i);
    philox(keys, x.c[0], x.c[1], x.c[2], x.c[3]);
    for (int j = 0; j < 4; ++j) out[4 * i + j] = x.c[j];
  }
};

struct NormalsOf {
  PhiloxKeys keys;
  float* out;  ///< [counters][4]
  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    Counter const x(i);
    float z[4];
    four_normals(keys, std::uint64_t{x.c[1]} << 32 | x.c[0], x.c[2], x.c[3], z);
    for (int j = 0; j < 4; ++j) out[4 * i + j] = z[j];
  }
};

template <class T, class Kernel, class Exec>
std::vector<T> computed_by(Exec const& exec) {
  Kokkos::View<T*, typename Exec::memory_space> const out("retrace::test", 4 * counters);
  Kokkos::parallel_for("retrace::test", Kokkos::RangePolicy<Exec>(exec, 0, counters),
                       Kernel{PhiloxKeys(seed), out.data()});
  exec.fence("retrace::test");
  auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, out);
  return {host.data(), host.data() + host.size()};
}

TEST(Device, DrawsTheWordsOfTheHost) {
  auto const words = computed_by<simd::Word, WordsOf>(Execution{});
  EXPECT_EQ(words, (computed_by<simd::Word, WordsOf>(Kokkos::Serial{})));
  EXPECT_NE(words[0], words[4]);
}

TEST(Device, DrawsTheNormalsOfTheHost) {
  auto const device = computed_by<float, NormalsOf>(Execution{});
  auto const host = computed_by<float, NormalsOf>(Kokkos::Serial{});
  for (std::size_t i = 0; i < host.size(); ++i)
    ASSERT_NEAR(device[i], host[i], 1e-6f * std::max(1.0f, std::abs(host[i]))) << i;
}

Grid device_grid() { return make_grid("log-snr", make_sde("vp"), 20, {1.0, 1e-3}); }

constexpr std::int64_t rows = 50;

/// What the reference makes of the starts of all rows.
std::vector<double> reference_samples(Mixture const& mixture, AnySampler const& sampler,
                                      Grid const& grid) {
  auto const d = static_cast<std::size_t>(mixture.dimension());
  Program const program = trace(sampler, grid);
  PointModel const model = [&](std::span<double const> x, NoiseLevel const& s,
                               std::span<double> out) { mixture.at(s).denoised(x, out); };
  std::vector<double> samples;
  for (std::uint64_t row = 0; row < rows; ++row) {
    std::vector<float> z(d);
    draw_normals(seed, row, Purpose::start, {0, 0}, z);
    std::vector<double> x(z.begin(), z.end());
    for (double& value : x) value *= grid.sde().prior_sigma();
    reference(program, model, seed, row, x);
    samples.insert(samples.end(), x.begin(), x.end());
  }
  return samples;
}

/// The distances of single numbers from the reference, sorted.
template <class T>
std::vector<double> distances(Mixture const& mixture, AnySampler const& sampler, Grid const& grid,
                              std::vector<double> const& expected) {
  auto const run = sample<T>(mixture, sampler, grid, {.samples = rows, .seed = seed});
  std::vector<double> found;
  for (std::size_t i = 0; i < expected.size(); ++i)
    found.push_back(std::abs(static_cast<double>(run.x.data()[i]) - expected[i]));
  std::sort(found.begin(), found.end());
  return found;
}

TEST(Device, RunsEverySamplerAsTheReferenceDoes) {
  Grid const grid = device_grid();
  for (int const d : {1, 2, 3, 5})
    for (Mixture const& mixture :
         {testing::scattered_mixture(d, 5), testing::correlated_mixture(d, 4)})
      for (SamplerEntry const& entry : samplers()) {
        SCOPED_TRACE(entry.name + " in " + std::to_string(d) + " dimensions");
        AnySampler const sampler = make_sampler(entry.name);
        auto const expected = reference_samples(mixture, sampler, grid);
        EXPECT_LT(distances<double>(mixture, sampler, grid, expected).back(), 1e-11);
        // Between two components rounding decides where a path ends: nearly all, not all. A fifth
        // order extrapolates over these few steps, and rounding with the rest.
        auto const single = distances<float>(mixture, sampler, grid, expected);
        bool const extrapolates = entry.info.stepping == Stepping::grid && entry.info.order > 4;
        EXPECT_LT(single[single.size() * 19 / 20], extrapolates ? 1e-3 : 1e-4);
      }
}

TEST(Device, IsToldFromAnotherMixture) {  // the control
  auto const mixture = testing::scattered_mixture(2, 5);
  auto const other = sample<float>(testing::scattered_mixture(2, 4), make_sampler("ddim"),
                                   device_grid(), {.samples = rows, .seed = seed});
  auto const same =
      sample<float>(mixture, make_sampler("ddim"), device_grid(), {.samples = rows, .seed = seed});
  double largest = 0;
  for (std::size_t i = 0; i < same.x.size(); ++i)
    largest =
        std::max(largest, static_cast<double>(std::abs(same.x.data()[i] - other.x.data()[i])));
  EXPECT_GT(largest, 0.1);
}

}  // namespace
}  // namespace retrace
