// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/core/error.hpp>
#include <retrace/run/reference.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>
#include <support/on_host.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace retrace {
namespace {

Grid vp_grid(std::int64_t steps = 20) {
  return make_grid("log-snr", make_sde("vp"), steps, {1.0, 1e-3});
}

PointModel point_model(Mixture const& mixture) {
  return [=](std::span<double const> x, NoiseLevel const& s, std::span<double> out) {
    mixture.at(s).denoised(x, out);
  };
}

/// What the oracle makes of the start that sample number `number` gets.
std::vector<double> oracle(Mixture const& mixture, std::string const& sampler, Grid const& grid,
                           std::uint64_t seed, std::uint64_t number) {
  auto const d = static_cast<std::size_t>(mixture.dimension());
  std::vector<float> z(d);
  draw_normals(seed, number, Purpose::start, {0, 0}, z);
  std::vector<double> x(d);
  for (std::size_t c = 0; c < d; ++c) x[c] = grid.sde().prior_sigma() * double{z[c]};
  reference(trace(make_sampler(sampler), grid), point_model(mixture), seed, number, x);
  return x;
}

TEST(Sample, InDoubleIsTheReferenceOnTheHost) {
  for (int const d : {1, 2, 3, 5})
    for (Mixture const& mixture :
         {testing::scattered_mixture(d, 5), testing::correlated_mixture(d, 4)})
      for (SamplerEntry const& entry : samplers()) {
        auto const run = sample<double>(mixture, make_sampler(entry.name), vp_grid(),
                                        {.samples = 70, .seed = 3, .first_sample = 4294967290});
        for (std::int64_t row : {0, 5, 6, 69}) {  // the counter's low word wraps between 5 and 6
          auto const x = oracle(mixture, entry.name, vp_grid(), 3,
                                4294967290 + static_cast<std::uint64_t>(row));
          for (int c = 0; c < d; ++c)
            EXPECT_NEAR(run.x(row, c), x[static_cast<std::size_t>(c)], 1e-10)
                << entry.name << " d = " << d << " row " << row;
        }
      }
}

TEST(Sample, InFloatFollowsTheSamePath) {  // N23
  Mixture const mixture = testing::scattered_mixture(2, 5);
  for (SamplerEntry const& entry : samplers()) {
    SampleOptions<float> const single{.samples = 500, .seed = 1};
    SampleOptions<double> const twice{.samples = 500, .seed = 1};
    auto const f = sample(mixture, make_sampler(entry.name), vp_grid(), single);
    auto const d = sample(mixture, make_sampler(entry.name), vp_grid(), twice);
    double error = 0;  // basin borders amplify rounding: a few paths may part, most must not
    for (std::size_t i = 0; i < f.x.size(); ++i)
      error += std::abs(double{f.x.data()[i]} - d.x.data()[i]) > 1e-4 ? 1 : 0;
    EXPECT_LT(error, 20) << entry.name;
  }
}

struct Counting {
  static constexpr Prediction prediction = Prediction::noise;
  int* calls;
  void operator()(Batch<float const>, NoiseLevel const&, Batch<float>) const { ++*calls; }
};

TEST(Sample, GivesNoSampleToNobody) {  // R18
  for (SamplerEntry const& entry : samplers()) {
    int calls = 0;
    SampleOptions<float> options{.samples = 0};
    options.dimension = 2;
    auto const run = sample(Counting{&calls}, make_sampler(entry.name), vp_grid(), options);
    EXPECT_EQ(run.x.extent(0), 0U);
    EXPECT_EQ(run.x.extent(1), 2U);
    EXPECT_EQ(calls, 0);
    EXPECT_GE(run.evaluations, 20);
  }
}

/// Standard normal data, and one bad value at one evaluation of one sample.
struct Faulty {
  static constexpr Prediction prediction = Prediction::denoised;
  std::int64_t row, evaluation;
  float bad;
  std::int64_t calls = 0;
  void operator()(Batch<float const> batch, NoiseLevel const& s, Batch<float> predictions) {
    auto const gain = static_cast<float>(s.alpha());
    testing::on_host(batch, predictions, [&](auto const& x, auto const& out) {
      for (std::size_t i = 0; i < x.extent(0); ++i)
        for (std::size_t c = 0; c < x.extent(1); ++c) out(i, c) = gain * x(i, c);
      if (calls++ == evaluation) out(row, 1) = bad;
    });
  }
};

TEST(Sample, ReportsWhatIsNotFiniteAndFinishesTheOthers) {  // R1, R4, R26
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(),
                  inf = std::numeric_limits<float>::infinity();
  Grid const grid = vp_grid(10);
  for (SamplerEntry const& entry : samplers()) {
    SampleOptions<float> options{.samples = 130, .seed = 5, .first_sample = 1000};
    options.dimension = 3;
    auto const good = sample(Faulty{0, -1, 0}, make_sampler(entry.name), grid, options);
    EXPECT_EQ(good.nonfinite, 0);
    for (float const bad : {nan, inf, -inf})
      for (std::int64_t const evaluation :
           {std::int64_t{0}, good.evaluations / 2, good.evaluations - 1})
        for (std::int64_t const row : {0, 63, 64, 129}) {
          auto const run =
              sample(Faulty{row, evaluation, bad}, make_sampler(entry.name), grid, options);
          ASSERT_EQ(run.nonfinite, 1) << entry.name << evaluation;
          ASSERT_EQ(run.where.size(), 1U);
          EXPECT_EQ(run.where[0].sample, 1000 + row);
          EXPECT_EQ(run.where[0].evaluation, evaluation);
          for (std::int64_t other = 0; other < 130; ++other)
            for (std::size_t c = 0; c < 3; ++c)
              if (other != row) {
                ASSERT_EQ(run.x(other, c), good.x(other, c)) << entry.name;
              }
        }
  }
}

TEST(Sample, FindsWhereAFusedRunOverflows) {
  Mixture const mixture = testing::scattered_mixture(2, 3);
  Grid const grid = vp_grid(10);
  HostArray<float> init("init", 300, 2);
  Kokkos::deep_copy(init, 0.5F);
  auto const run_from = [&](std::size_t segment_bytes) {
    SampleOptions<float> options{.samples = 300, .seed = 5};
    options.segment_bytes = segment_bytes;
    options.start = given_start<float>(init, 0);
    return sample(mixture, make_sampler("dpmpp-2m"), grid, options);
  };
  auto const good = run_from(std::size_t{1} << 20);
  EXPECT_EQ(good.nonfinite, 0);
  init(77, 1) = 3e38F;  // the square of the state overflows in the first evaluation
  for (std::size_t const bytes : {std::size_t{1} << 20, std::size_t{1}}) {
    auto const run = run_from(bytes);
    ASSERT_EQ(run.nonfinite, 1);
    ASSERT_EQ(run.where.size(), 1U);
    EXPECT_EQ(run.where[0].sample, 77);
    EXPECT_EQ(run.where[0].evaluation, 0);
    EXPECT_EQ(run.where[0].t, 1.0);
    for (std::size_t row = 0; row < 300; ++row)
      if (row != 77) {
        ASSERT_EQ(run.x(row, 0), good.x(row, 0));
      }
  }
}

struct Throwing {
  static constexpr Prediction prediction = Prediction::noise;
  int left;
  void operator()(Batch<float const>, NoiseLevel const&, Batch<float> out) {
    if (left-- == 0) throw std::runtime_error("the model's own words");
    Kokkos::deep_copy(out, 0.0F);
  }
};

TEST(Sample, PassesOnWhatAModelThrows) {  // R7
  SampleOptions<float> options{.samples = 10};
  options.dimension = 2;
  for (int call = 0; call < 10; ++call) try {
      (void)sample(Throwing{call}, make_sampler("ddim"), vp_grid(10), options);
      FAIL();
    } catch (std::runtime_error const& e) {
      EXPECT_STREQ(e.what(), "the model's own words");
    }
  EXPECT_EQ(sample(Throwing{-1}, make_sampler("ddim"), vp_grid(10), options).nonfinite, 0);
}

Fault fault_of(auto const& call) {
  try {
    (void)call();
  } catch (Error const& e) {
    return e.fault();
  }
  ADD_FAILURE() << "nothing was thrown";
  return Fault::interrupted;
}

TEST(Sample, RefusesWhatCannotRun) {
  Mixture const mixture = testing::scattered_mixture(2, 3);
  auto const run = [&](SampleOptions<float> const& options) {
    return sample(mixture, make_sampler("ancestral"), vp_grid(4), options);
  };
  EXPECT_EQ(fault_of([&] { return run({.samples = -1}); }), Fault::argument);
  EXPECT_EQ(fault_of([&] { return run({.samples = std::int64_t{1} << 60}); }),
            Fault::memory);  // R21
  EXPECT_EQ(fault_of([&] { return run({.samples = std::numeric_limits<std::int64_t>::max()}); }),
            Fault::memory);
  std::vector<float> const noise(4 * 3 * 2);
  SampleOptions<float> few{.samples = 3};
  few.noise = GivenNoise<float>{noise, 3};  // four draws needed
  EXPECT_EQ(fault_of([&] { return run(few); }), Fault::argument);
  few.noise = GivenNoise<float>{noise, 4};
  EXPECT_EQ(run(few).nonfinite, 0);
  few.samples = 4;  // another shape
  EXPECT_EQ(fault_of([&] { return run(few); }), Fault::argument);
}

/// The states of four samples in two dimensions, as a start fills them in.
HostArray<double> started(Start<double> const& start, std::uint64_t first) {
  Kokkos::View<double**, Kokkos::LayoutRight, Execution::memory_space> const x("x", 4, 2);
  start(first, x);
  HostArray<double> const host("host", 4, 2);
  Kokkos::deep_copy(host, x);
  return host;
}

TEST(Sample, StartsAtTheExactMarginalBelowTheLargestT) {
  Mixture const mixture = testing::scattered_mixture(2, 3);
  Grid const grid = make_grid("uniform", make_sde("vp"), 2, {0.5, 1e-3});
  auto const exact = started(default_start<double>(mixture, grid, 9), 100);
  std::vector<double> point(2);
  for (int i = 0; i < 4; ++i) {
    mixture.draw(grid.level(0), 9, 100 + i, point);
    EXPECT_EQ(exact(i, 0), point[0]);
    EXPECT_EQ(exact(i, 1), point[1]);
  }
  EXPECT_EQ(fault_of([&] {
              (void)default_start<double>(grid, 9);
              return 0;
            }),
            Fault::argument);
  Grid const edm = make_grid("edm", make_sde("edm"), 4, {5.0, 0.002});
  auto const gaussian = started(default_start<double>(edm, 9), 0);
  std::vector<float> z(2);
  draw_normals(9, 3, Purpose::start, {0, 0}, z);
  EXPECT_EQ(gaussian(3, 1), 5.0 * double{z[1]});
  Grid const forwards = make_grid("uniform", make_sde("vp"), 2, {1e-3, 0.5});
  EXPECT_EQ(fault_of([&] {
              (void)default_start<double>(mixture, forwards, 9);
              return 0;
            }),
            Fault::argument);
}

TEST(Sample, RefusesAPriorThatThePrecisionCannotHold) {  // R75
  Mixture const mixture = testing::scattered_mixture(2, 3);
  Grid const grid = make_grid("log-snr", make_sde("edm:sigma_max=1e39"), 4);
  SampleOptions<float> const single{.samples = 300};
  EXPECT_EQ(fault_of([&] { return sample(mixture, make_sampler("ddim"), grid, single); }),
            Fault::numerics);
  SampleOptions<double> const twice{.samples = 300};
  EXPECT_EQ(sample(mixture, make_sampler("ddim"), grid, twice).nonfinite, 0);
}

TEST(Sample, RefusesAStartThatIsNotFinite) {  // R9: before the model is called
  for (double const bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    HostArray<double> start("start", 5, 2);
    EXPECT_NO_THROW((void)given_start<double>(start, 0));
    start(3, 1) = bad;
    EXPECT_EQ(fault_of([&] {
                (void)given_start<double>(start, 0);
                return 0;
              }),
              Fault::argument);
  }
}

TEST(Sample, GoesForwardsAndBack) {  // N22, with a second-order sampler on a fine grid
  Mixture const mixture = testing::scattered_mixture(2, 3);
  Sde const sde = make_sde("vp");
  HostArray<double> data("data", 50, 2);
  std::vector<double> point(2);
  for (int i = 0; i < 50; ++i) {
    mixture.draw(1, i, point);
    data(i, 0) = point[0], data(i, 1) = point[1];
  }
  Grid const forwards = make_grid("log-snr", sde, 2000, {1e-3, 1.0});
  SampleOptions<double> options{.samples = 50};
  options.start = given_start<double>(data, 0);
  auto const latent = sample(mixture, make_sampler("edm-heun"), forwards, options);
  options.start = given_start<double>(latent.x, 0);
  auto const back = sample(mixture, make_sampler("edm-heun"), forwards.reversed(), options);
  for (int i = 0; i < 50; ++i) EXPECT_NEAR(back.x(i, 0), data(i, 0), 2e-3);
}

TEST(Sample, ReportsProgressToTheEnd) {
  Mixture const mixture = testing::scattered_mixture(2, 3);
  std::vector<std::int64_t> seen;
  SampleOptions<float> options{.samples = 20'000, .seed = 2};
  auto const whole = sample(mixture, make_sampler("ddim"), vp_grid(5), options);
  options.progress = [&](std::int64_t done, std::int64_t all) {
    EXPECT_EQ(all, 20'000);
    seen.push_back(done);
  };
  auto const parts = sample(mixture, make_sampler("ddim"), vp_grid(5), options);
  ASSERT_GE(seen.size(), 3U);
  EXPECT_EQ(seen.back(), 20'000);
  for (std::size_t i = 0; i < whole.x.size(); ++i) ASSERT_EQ(whole.x.data()[i], parts.x.data()[i]);
}

}  // namespace
}  // namespace retrace
