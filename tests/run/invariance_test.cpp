// SPDX-License-Identifier: Apache-2.0
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>

#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace retrace {
namespace {

using Point = std::array<double, 2>;
using Map = std::function<Point(Point)>;
constexpr std::int64_t n = 40;

Mixture mapped(Mixture const& mixture, Map const& map) {
  std::vector<double> means;
  for (int k = 0; k < mixture.components(); ++k) {
    auto const i = static_cast<std::size_t>(2 * k);
    Point const moved = map({mixture.means()[i], mixture.means()[i + 1]});
    means.insert(means.end(), moved.begin(), moved.end());
  }
  return Mixture::isotropic({mixture.weights().begin(), mixture.weights().end()}, means,
                            {mixture.variances().begin(), mixture.variances().end()});
}

/// Starts and given noise go through the maps, so the samples must too.
HostArray<double> run(Mixture const& target, std::string const& sampler, char const* sde,
                      Map const& start_map, Map const& noise_map) {
  Grid const grid = make_grid("log-snr", make_sde(sde), 10, {0.9, 1e-3});
  std::int64_t const draws = cost(make_sampler(sampler), grid).draws;
  double const scale = grid.level(0).sigma();
  HostArray<double> start("start", n, 2);
  std::vector<double> noise;
  for (int i = 0; i < n; ++i) {
    Point const x = start_map({scale * std::sin(1.0 + i), scale * std::cos(2.0 * i)});
    start(i, 0) = x[0];
    start(i, 1) = x[1];
  }
  for (int i = 0; i < draws * n; ++i) {
    Point const z = noise_map({1.3 * std::sin(0.3 + i), 1.3 * std::cos(1.7 * i)});
    noise.insert(noise.end(), z.begin(), z.end());
  }
  SampleOptions<double> options{.samples = n};
  options.start = given_start<double>(start, 0);
  options.noise = GivenNoise<double>{noise, draws};
  return sample(target, make_sampler(sampler), grid, options).x;
}

using Applies = std::function<bool(SamplerEntry const&)>;

void expect_equivariant(
    char const* sde, Map const& map, Map const& linear_part, double tolerance,
    Applies const& applies = [](auto const&) { return true; }) {
  Mixture const mixture = testing::scattered_mixture(2, 5);
  auto const identity = [](Point p) { return p; };
  for (SamplerEntry const& entry : samplers()) {
    if (!applies(entry)) continue;
    auto const plain = run(mixture, entry.name, sde, identity, identity);
    auto const moved = run(mapped(mixture, map), entry.name, sde, map, linear_part);
    for (std::int64_t i = 0; i < n; ++i) {
      Point const expected = map({plain(i, 0), plain(i, 1)});
      EXPECT_NEAR(moved(i, 0), expected[0], tolerance) << entry.name << " on " << sde;
      EXPECT_NEAR(moved(i, 1), expected[1], tolerance) << entry.name << " on " << sde;
    }
  }
}

TEST(Invariance, OfRotations) {  // N25
  double const c = std::cos(0.4), s = std::sin(0.4);
  auto const rotate = [=](Point p) { return Point{c * p[0] - s * p[1], s * p[0] + c * p[1]}; };
  for (char const* sde : {"vp", "ve", "sub-vp", "cosine"})
    expect_equivariant(sde, rotate, rotate, 1e-10);
}

TEST(Invariance, OfSwappedDimensions) {
  auto const swap = [](Point p) { return Point{p[1], p[0]}; };
  for (char const* sde : {"vp", "ve", "edm"}) expect_equivariant(sde, swap, swap, 1e-11);
}

TEST(Invariance, OfTranslationsWhereAlphaIsOne) {
  auto const identity = [](Point p) { return p; };
  auto const shift = [](Point p) { return Point{p[0] + 0.75, p[1] - 1.25}; };
  // Adaptive methods run in x / sqrt(1 + sigma^2), where a shift changes with the level.
  auto const on_grids = [](SamplerEntry const& e) { return e.info.stepping == Stepping::grid; };
  for (char const* sde : {"ve", "edm"}) expect_equivariant(sde, shift, identity, 1e-10, on_grids);
}

TEST(Invariance,
     IsNotSeenWhereThereIsNone) {  // the control: vp contracts, translations are no symmetry of it
  Mixture const mixture = testing::scattered_mixture(2, 5);
  auto const identity = [](Point p) { return p; };
  auto const shift = [](Point p) { return Point{p[0] + 0.75, p[1] - 1.25}; };
  auto const plain = run(mixture, "ddim", "vp", identity, identity);
  auto const moved = run(mapped(mixture, shift), "ddim", "vp", shift, identity);
  double difference = 0;
  for (std::int64_t i = 0; i < n; ++i)
    difference = std::max(difference, std::abs(moved(i, 0) - plain(i, 0) - 0.75));
  EXPECT_GT(difference, 0.1);
}

TEST(Invariance, OfTheOrderOfSamples) {
  Mixture const mixture = testing::scattered_mixture(2, 5);
  Grid const grid = make_grid("log-snr", make_sde("vp"), 10, {1.0, 1e-3});
  auto const whole =
      sample<float>(mixture, make_sampler("ancestral"), grid, {.samples = 200, .seed = 4});
  for (std::uint64_t const first : {0, 63, 64, 127, 199}) {
    auto const alone = sample<float>(mixture, make_sampler("ancestral"), grid,
                                     {.samples = 1, .seed = 4, .first_sample = first});
    EXPECT_EQ(alone.x(0, 0), whole.x(first, 0));
    EXPECT_EQ(alone.x(0, 1), whole.x(first, 1));
  }
}

}  // namespace
}  // namespace retrace
