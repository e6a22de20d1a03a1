// SPDX-License-Identifier: Apache-2.0
#include "box_reference.hpp"
#include "mixture_reference.hpp"

#include <retrace/sde/registry.hpp>
#include <retrace/targets/draw_rows.hpp>
#include <retrace/targets/registry.hpp>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <gtest/gtest.h>
#include <support/continuous.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <variant>
#include <vector>

// Every target that has a name, at 5 levels of every SDE, against its formulas in 50 digits: 100
// points a level, 25 where they are sums of more than 16 parts, 5 where there are more than 10
// dimensions.

namespace retrace {
namespace {

using Wide = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<50>,
                                           boost::multiprecision::et_off>;
using Vector = std::vector<double>;

/// The formulas of a target's kind at one level.
using Formulas = std::function<BoxReference<Wide>::Values(std::vector<Wide> const&)>;
/// They, of a target at any level.
using Reference = std::function<Formulas(NoiseLevel const&)>;

Vector copy(std::span<double const> values) { return {values.begin(), values.end()}; }

Reference reference_of(BoxMixture const& m) {
  BoxReference<Wide> const boxes{copy(m.weights()), copy(m.low()), copy(m.high())};
  return [=](NoiseLevel const& s) {
    return
        [=](std::vector<Wide> const& x) { return boxes.at(Wide(s.alpha()), Wide(s.sigma()), x); };
  };
}

Reference reference_of(Mixture const& m) {
  Vector covariances;
  for (int k = 0; k < m.components(); ++k) {
    Vector const c = m.component_covariance(k);
    covariances.insert(covariances.end(), c.begin(), c.end());
  }
  MixtureReference<Wide> const mixture(copy(m.weights()), copy(m.means()), covariances);
  return [=](NoiseLevel const& s) {
    return [=, level = mixture.level(Wide(s.alpha()), Wide(s.sigma()))](
               std::vector<Wide> const& x) -> BoxReference<Wide>::Values {
      auto const v = mixture.at(level, x);
      return {v.log_density, v.divergence, v.score, v.denoised};
    };
  };
}

/// Draws of p_t, each scaled by 1, 1, 2, 5 or 40 spreads about the mean.
std::vector<Vector> points(Target const& target, NoiseLevel const& s, std::size_t count) {
  Vector const mean = target.mean();
  std::vector<Vector> all;
  for (std::size_t i = 0; i < count; ++i) {
    Vector x(mean.size());
    target.draw(s, 17, static_cast<std::int64_t>(i), x);
    constexpr double spreads[] = {1, 1, 2, 5, 40};
    for (std::size_t j = 0; j < x.size(); ++j)
      x[j] = s.alpha() * mean[j] + spreads[i % 5] * (x[j] - s.alpha() * mean[j]);
    all.push_back(x);
  }
  return all;
}

std::size_t points_of(Target const& target) {
  if (target.dimension() > 10) return 5;
  return target.mixture() != nullptr && target.mixture()->components() > 16 ? 25 : 100;
}

struct Errors {
  double log_density = 0, score = 0, divergence = 0, denoised = 0;

  void keep_largest(Errors const& other) {
    for (double Errors::*member :
         {&Errors::log_density, &Errors::score, &Errors::divergence, &Errors::denoised})
      if (std::isnan(other.*member) || other.*member > this->*member)
        this->*member = other.*member;  // a NaN stays
  }
};

/// Relative to the value, or to what it is made of where that is larger: 1 for a log density,
/// 1 / sigma_t for a score, 1 / sigma_t^2 for a divergence, the target's spread for a state.
Errors errors_at(TargetAtLevel const& law, Formulas const& exact, double sigma, Vector const& x,
                 double fault) {
  auto const error = [](double value, Wide const& right, double least) {
    return static_cast<double>(Wide(abs(value - right) / fmax(Wide(least), abs(right))));
  };
  Vector score(x.size()), denoised(x.size());
  DensityValues const found = law.evaluate(x, score, denoised);
  for (double& v : score) v *= 1 + fault;
  auto const right = exact({x.begin(), x.end()});
  Errors e{.log_density = error(found.log_density, right.log_density, 1),
           .divergence = error(found.divergence, right.divergence, 1 / (sigma * sigma))};
  for (std::size_t j = 0; j < x.size(); ++j)
    e.keep_largest({.score = error(score[j], right.score[j], 1 / sigma),
                    .denoised = error(denoised[j], right.denoised[j], 1)});
  return e;
}

/// Over all levels and points; `fault` is a relative error planted in the score.
Errors largest_errors(Target const& target, double fault = 0) {
  Reference const reference =
      std::visit([](auto const& data) { return reference_of(data); }, target.kind());
  Errors largest;
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = make_sde(entry.name);
    for (double const share : {0.05, 0.1, 0.3, 0.6, 0.95}) {
      NoiseLevel const s = sde.at(sde.t_min() + share * (sde.t_max() - sde.t_min()));
      Formulas const exact = reference(s);
      TargetAtLevel const law = target.at(s);
      auto const all = points(target, s, points_of(target));
      std::vector<Errors> found(all.size());
      parallel_rows(static_cast<std::int64_t>(all.size()), [&](std::int64_t row) {
        auto const i = static_cast<std::size_t>(row);
        found[i] = errors_at(law, exact, s.sigma(), all[i], fault);
      });
      for (Errors const& e : found) largest.keep_largest(e);
    }
  }
  return largest;
}

TEST(EveryTarget, HasTheScoreDivergenceDensityAndStateOfItsFormulasInFiftyDigits) {
  for (TargetEntry const& entry : targets()) {
    Target const target = make_target(entry.name);
    Errors const e = largest_errors(target);
    std::printf("%-16s log density %.1e  score %.1e  divergence %.1e  state %.1e\n",
                entry.name.c_str(), e.log_density, e.score, e.divergence, e.denoised);
    EXPECT_LE(e.log_density, 1e-12) << entry.name;
    EXPECT_LE(e.score, 1e-11) << entry.name;
    EXPECT_LE(e.denoised, 1e-10) << entry.name;
    // Of boxes it loses the square of the distance in sigmas, 1e8 here (box_mixture.hpp).
    EXPECT_LE(e.divergence, target.mixture() != nullptr ? 1e-9 : 1e-7) << entry.name;
  }
}

TEST(EveryTarget, ComparisonSeesTheEleventhDigitOfAScore) {
  EXPECT_GT(largest_errors(make_target("gaussian"), 3e-11).score, 1e-11);
}

}  // namespace
}  // namespace retrace
