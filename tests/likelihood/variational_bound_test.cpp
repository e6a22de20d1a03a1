// SPDX-License-Identifier: Apache-2.0

// The variational bound on Gaussian data with the exact denoiser, where the expectation of every
// term and the model's own likelihood are closed forms. Statistical checks have level 1e-6 (z =
// 4.892) and fixed seeds.
#include <retrace/core/error.hpp>
#include <retrace/likelihood/variational_bound.hpp>
#include <retrace/sde/beta_schedule.hpp>

#include <boost/math/special_functions/erf.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <gtest/gtest.h>
#include <support/messages.hpp>

#include <cmath>
#include <numbers>
#include <random>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

constexpr double m = 0.4, v = 0.3;
constexpr double z_limit = 4.892;
constexpr std::int64_t n = 20'000;

std::vector<double> gaussian_data(std::int64_t count) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal(m, std::sqrt(v));
  std::vector<double> x;
  for (std::int64_t i = 0; i < count; ++i) x.push_back(normal(random));
  return x;
}

/// The exact noise prediction, and v = `range` for learned variances.
template <class T = double>
ReverseModel<T> exact_model(PosteriorVariance variance, double range = 0) {
  return {.prediction = Prediction::noise,
          .variance = variance,
          .call = [=](Batch<T const> x, NoiseLevel const& s, std::int64_t, Batch<T> out) {
            double const total = s.alpha() * s.alpha() * v + s.sigma() * s.sigma();
            std::size_t const d = x.extent(1);
            for (std::size_t i = 0; i < x.extent(0); ++i)
              for (std::size_t c = 0; c < d; ++c) {
                out(i, c) = static_cast<T>(s.sigma() / total * (x(i, c) - s.alpha() * m));
                if (out.extent(1) > d) out(i, d + c) = static_cast<T>(range);
              }
          }};
}

/// The variance of the reverse step from index i.
double step_variance(PosteriorTables const& t, std::size_t i, PosteriorVariance variance,
                     double range) {
  double const small = t.posterior_variance[i == 0 ? 1 : i];
  if (variance == PosteriorVariance::fixed_small) return small;
  if (variance == PosteriorVariance::fixed_large) return i == 0 ? small : t.betas[i];
  return std::pow(t.betas[i], (range + 1) / 2) * std::pow(small, (1 - range) / 2);
}

/// Var[x0 | x_i].
double rest_variance(PosteriorTables const& t, std::size_t i) {
  double const a = t.alpha_bar[i];
  return v * (1 - a) / (a * v + 1 - a);
}

/// E of the term of an index; it is linear in the square of a normal of that variance.
double expected_term(PosteriorTables const& t, std::size_t i, double variance) {
  double const rest = rest_variance(t, i), gap = t.posterior_mean_coef1[i];
  if (i == 0) return (std::log(2 * std::numbers::pi * variance) + rest / variance) / 2;
  double const ratio = t.posterior_variance[i] / variance;
  return (ratio - 1 - std::log(ratio) + gap * gap * rest / variance) / 2;
}

double deviation_of_term(PosteriorTables const& t, std::size_t i, double variance) {
  double const gap = i == 0 ? 1 : t.posterior_mean_coef1[i];
  return gap * gap * rest_variance(t, i) / variance / std::numbers::sqrt2;
}

double expected_prior(double alpha_bar) {
  return (alpha_bar * (m * m + v) - alpha_bar - std::log1p(-alpha_bar)) / 2;
}

/// E[-log p(x_0)] of data under the model's own marginal, which is Gaussian.
double cross_entropy(PosteriorTables const& t, PosteriorVariance variance, double range) {
  double mean = 0, spread = 1;
  for (std::size_t i = t.betas.size(); i-- > 0;) {
    double const root = std::sqrt(t.alpha_bar[i]);
    double const gain = root * v / (t.alpha_bar[i] * v + 1 - t.alpha_bar[i]);
    double const slope = t.posterior_mean_coef1[i] * gain + t.posterior_mean_coef2[i];
    mean = slope * mean + t.posterior_mean_coef1[i] * (m - gain * root * m);
    spread = slope * slope * spread + step_variance(t, i, variance, range);
  }
  return (std::log(2 * std::numbers::pi * spread) + (v + (m - mean) * (m - mean)) / spread) / 2;
}

struct Case {
  PosteriorVariance variance;
  double range;
};
std::vector<Case> const cases{{PosteriorVariance::fixed_small, 0},
                              {PosteriorVariance::fixed_large, 0},
                              {PosteriorVariance::learned_range, -0.3},
                              {PosteriorVariance::learned_range, 0.8}};

TEST(VariationalBound, HasTheExpectationsOfTheClosedForm) {
  std::vector<double> const data = gaussian_data(n);
  for (BetaSchedule schedule : {BetaSchedule::linear, BetaSchedule::cosine}) {
    Chain const chain(betas_of(schedule, 30));
    PosteriorTables const t = posterior_tables(chain);
    for (Case const& c : cases) {
      SCOPED_TRACE(std::string(name_of(schedule)) + " " +
                   std::to_string(static_cast<int>(c.variance)) + " " + std::to_string(c.range));
      auto const bound =
          variational_bound<double>(chain, exact_model(c.variance, c.range), data, 1, {.seed = 5});
      double total = 0;
      for (std::size_t i = 0; i < 30; ++i) {
        double const variance = step_variance(t, i, c.variance, c.range);
        double const expected = expected_term(t, i, variance);
        double const error = deviation_of_term(t, i, variance) / std::sqrt(double{n});
        EXPECT_NEAR(bound.by_index[i], expected, z_limit * error) << i;
        // The control: beta~ in place of beta, or the neighbour's table, is that far off.
        if (c.variance == PosteriorVariance::fixed_large && i == 5) {
          EXPECT_GT(std::abs(bound.by_index[i] - expected_term(t, i, t.posterior_variance[i])),
                    z_limit * error);
        }
        total += bound.by_index[i];
      }
      double prior = 0;
      for (double const p : bound.prior) prior += p / n;
      double const a = t.alpha_bar[29];  // the data's own mean square is all that varies
      EXPECT_NEAR(prior, expected_prior(a), z_limit * a * std::sqrt((v * v / 2 + m * m * v) / n));
      EXPECT_NEAR(bound.nats, total + prior, 1e-12 * std::abs(bound.nats));
      EXPECT_DOUBLE_EQ(bound.bits_per_dimension, bound.nats / std::numbers::ln2);
    }
  }
}

TEST(VariationalBound, IsNoLessThanTheNegativeLogLikelihood) {
  for (std::int64_t steps : {30, 200, 1000}) {
    Chain const chain(betas_of(BetaSchedule::linear, steps));
    PosteriorTables const t = posterior_tables(chain);
    for (Case const& c : cases) {
      double expected = expected_prior(t.alpha_bar.back());
      for (std::size_t i = 0; i < t.betas.size(); ++i)
        expected += expected_term(t, i, step_variance(t, i, c.variance, c.range));
      double const exact = cross_entropy(t, c.variance, c.range);
      EXPECT_GE(expected, exact) << steps;
      if (steps > 30) continue;
      auto const bound = variational_bound<double>(chain, exact_model(c.variance, c.range),
                                                   gaussian_data(n), 1, {.seed = 7});
      EXPECT_NEAR(bound.nats, expected, 0.1);
      EXPECT_GE(bound.nats, exact);
    }
  }
}

TEST(VariationalBound, DependsOnSeedAndSampleNumberOnly) {
  Chain const chain(betas_of(BetaSchedule::cosine, 6));
  std::vector<double> const data = gaussian_data(2 * 1500);
  auto const model = exact_model(PosteriorVariance::learned_range, 0.2);
  BoundOptions options{.seed = 3, .first_sample = 10};
  auto const all = variational_bound<double>(chain, model, data, 2, options);
  options.first_sample = 10 + 1100;
  std::span<double const> const rest = std::span(data).subspan(2 * 1100);
  auto const part = variational_bound<double>(chain, model, rest, 2, options);
  for (std::size_t r = 0; r < 400; ++r) {
    EXPECT_EQ(part.steps[r], all.steps[1100 + r]);
    EXPECT_EQ(part.decoder[r], all.decoder[1100 + r]);
    EXPECT_EQ(part.prior[r], all.prior[1100 + r]);
  }
  options.seed = 4;
  EXPECT_NE(variational_bound<double>(chain, model, rest, 2, options).steps[0], part.steps[0]);
}

TEST(VariationalBound, InFloatIsThatInDouble) {
  Chain const chain(betas_of(BetaSchedule::cosine, 20));
  std::vector<double> const data = gaussian_data(200);
  auto const single =
      variational_bound<float>(chain, exact_model<float>(PosteriorVariance::fixed_large), data, 2);
  auto const twice =
      variational_bound<double>(chain, exact_model(PosteriorVariance::fixed_large), data, 2);
  EXPECT_NEAR(single.nats, twice.nats, 1e-4 * std::abs(twice.nats));
}

TEST(VariationalBound, MoreDrawsNarrowIt) {
  Chain const chain(betas_of(BetaSchedule::cosine, 10));
  PosteriorTables const t = posterior_tables(chain);
  std::vector<double> const one(400, 0.4);  // equal samples: only the noise differs
  auto const spread = [&](int draws) {
    auto const bound = variational_bound<double>(chain, exact_model(PosteriorVariance::fixed_small),
                                                 one, 1, {.draws = draws});
    double mean = 0, squares = 0;
    for (double const s : bound.steps) mean += s / 400;
    for (double const s : bound.steps) squares += (s - mean) * (s - mean) / 400;
    return squares;
  };
  EXPECT_NEAR(spread(1) / spread(64), 64, 40);
}

using Real = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<50>,
                                           boost::multiprecision::et_off>;

TEST(Decoder, LogOfTheDistributionFunctionHoldsEverywhere) {
  for (double z = -60; z <= 9; z += 0.37) {
    Real const exact = log(boost::math::erfc(Real(-z / sqrt(Real(2)))) / 2);
    EXPECT_NEAR(log_normal_cdf(z), static_cast<double>(exact),
                std::abs(static_cast<double>(exact)) * 1e-11 + 1e-300)
        << z;
  }
}

TEST(Decoder, GivesTheDiscreteValuesProbabilityOne) {
  for (int bits : {1, 3, 8})
    for (double const mean : {-1.3, -0.2, 0.0, 0.999, 7.0})
      for (double const deviation : {1e-3, 0.02, 0.5, 10.0}) {
        Decoder const decoder = Decoder::discretised(bits);
        int const most = (1 << bits) - 1;
        double sum = 0;
        for (int j = 0; j <= most; ++j) {
          double const cost = decoder.cost(-1 + 2.0 * j / most, mean, 2 * std::log(deviation));
          EXPECT_TRUE(std::isfinite(cost) && cost >= -1e-12);
          sum += std::exp(-cost);
        }
        EXPECT_NEAR(sum, 1, 1e-10) << bits << ' ' << mean << ' ' << deviation;
      }
}

TEST(Decoder, IsTheIntegralOfTheDensity) {
  double const half = 1.0 / 255, x = -1 + 2.0 * 100 / 255, log_variance = std::log(0.04);
  double integral = 0;
  for (int k = 0; k < 2000; ++k)
    integral +=
        std::exp(-Decoder::gaussian().cost(x - half + half * (k + 0.5) / 1000, 0.1, log_variance)) *
        half / 1000;
  EXPECT_NEAR(std::exp(-Decoder::discretised(8).cost(x, 0.1, log_variance)), integral,
              1e-9 * integral);
}

TEST(Decoder, BoundsTheBitsOfDiscreteData) {
  // One bit that the model knows nothing of costs at least one bit.
  Chain const chain(betas_of(BetaSchedule::cosine, 50));
  std::vector<double> data;
  for (int i = 0; i < 2000; ++i) data.push_back(i % 2 == 0 ? -1 : 1);
  ReverseModel<double> const model{
      .prediction = Prediction::denoised,
      .variance = PosteriorVariance::fixed_small,
      .call = [](Batch<double const> x, NoiseLevel const& s, std::int64_t, Batch<double> out) {
        double const scale = s.alpha() / (s.sigma() * s.sigma());
        for (std::size_t i = 0; i < x.extent(0); ++i) out(i, 0) = std::tanh(scale * x(i, 0));
      }};
  auto const bound =
      variational_bound<double>(chain, model, data, 1, {.decoder = Decoder::discretised(1)});
  EXPECT_GE(bound.bits_per_dimension, 1);
  EXPECT_LT(bound.bits_per_dimension, 1.2);
}

TEST(VariationalBound, RefusesWhatItCannotScore) {
  Chain const chain(betas_of(BetaSchedule::cosine, 5));
  auto const model = exact_model(PosteriorVariance::fixed_small);
  auto const error = [&](Chain const& on, std::vector<double> const& data, std::int64_t d,
                         BoundOptions const& options) {
    return argument_error([&] { (void)variational_bound<double>(on, model, data, d, options); });
  };
  EXPECT_TRUE(contains(error(chain, {0, std::nan("")}, 1, {}), "row 1"));
  EXPECT_TRUE(contains(error(chain, {0, 1, 2}, 2, {}), "rows of 2"));
  EXPECT_TRUE(contains(error(chain, {0}, 0, {}), "rows of 0"));
  EXPECT_TRUE(contains(error(chain, {0}, 1, {.draws = 0}), "0"));
  EXPECT_TRUE(contains(error(chain, {0}, 1, {.draws = 1025}), "1025"));
  EXPECT_TRUE(contains(error(chain, {0.1}, 1, {.decoder = Decoder::discretised(8)}), "0.1"));
  EXPECT_TRUE(contains(error(chain, {1.5}, 1, {.decoder = Decoder::discretised(8)}), "1.5"));
  EXPECT_TRUE(contains(error(chain.with_zero_snr(), {0}, 1, {}), "alpha is 0"));
  EXPECT_FALSE(argument_error([] { (void)Decoder::discretised(0); }).empty());
  EXPECT_FALSE(argument_error([] { (void)Decoder::discretised(17); }).empty());
  EXPECT_EQ(error(chain, {}, 1, {}), "");

  ReverseModel<double> const broken{
      .call = [](Batch<double const>, NoiseLevel const&, std::int64_t, Batch<double> out) {
        Kokkos::deep_copy(out, std::nan(""));
      }};
  try {
    (void)variational_bound<double>(chain, broken, std::vector<double>{0.0, 0.1}, 1,
                                    {.first_sample = 7});
    ADD_FAILURE();
  } catch (Error const& e) {
    EXPECT_EQ(e.fault(), Fault::numerics);
    EXPECT_TRUE(contains(e.what(), "sample 7") && contains(e.what(), "index 4")) << e.what();
  }
}

}  // namespace
}  // namespace retrace
