// SPDX-License-Identifier: Apache-2.0

// Orders measured against exact solutions on a mixture, where nonlinear order conditions show
// (N11); linear ones: tests/exact. Spans begin amid the noise levels: from the largest t, where the
// denoised state hardly changes, a faulty start is not seen.
#include "states.hpp"

#include <retrace/samplers/multistep.hpp>
#include <retrace/samplers/phi.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>

#include <array>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace retrace::testing {
namespace {

enum class Spacing { even, alternating };  // in lambda; alternating: one to three
enum class Direction { backwards, forwards };

std::array const measured_sdes{"vp", "ve", "sub-vp"};

Grid grid_of(Sde const& sde, std::int64_t steps, Spacing spacing, Direction direction) {
  bool const ve = sde.name() == "ve";
  double const from = ve ? 0.75 : 0.5, to = ve ? 0.4 : 0.1;
  double const first = sde.at(from).lambda(), length = sde.at(to).lambda() - first;
  std::vector<double> times{from};
  for (std::int64_t k = 1; k < steps; ++k) {
    double const part = spacing == Spacing::alternating && k % 2 == 1 ? 0.5 : 0;
    times.push_back(
        sde.at_lambda(first + length * (static_cast<double>(k) - part) / static_cast<double>(steps))
            .t());
  }
  times.push_back(to);
  Grid const grid(sde, times);
  return direction == Direction::forwards ? grid.reversed() : grid;
}

/// Where a sampler takes four points.
std::vector<State> ends(AnySampler const& sampler, Grid const& grid) {
  static Mixture const mixture = correlated_mixture(2, 3);
  NoiseLevel const s = grid.level(0);
  double const scale = std::hypot(s.alpha(), s.sigma());
  std::vector<State> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(
        traced(sampler, grid, {scale * std::sin(1.0 + 2 * i), scale * std::cos(3.0 * i)}, mixture));
  return all;
}

double distance(std::vector<State> const& a, std::vector<State> const& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum = std::hypot(sum, std::hypot(a[i][0] - b[i][0], a[i][1] - b[i][1]));
  return sum;
}

/// The mean slope over two halvings of the steps.
double slope(AnySampler const& sampler, Sde const& sde, std::vector<State> const& exact,
             Spacing spacing = Spacing::even, Direction direction = Direction::backwards) {
  double const coarse = distance(ends(sampler, grid_of(sde, 256, spacing, direction)), exact),
               fine = distance(ends(sampler, grid_of(sde, 1024, spacing, direction)), exact);
  return std::log2(coarse / fine) / 2;
}

/// What the exact flow makes of the points, to a hundredth of the smallest error measured. A method
/// of another family finds the same, so the limit is not one's own.
std::vector<State> const& exact_ends(Sde const& sde, Direction direction = Direction::backwards) {
  static std::map<std::pair<std::string, Direction>, std::vector<State>> known;
  auto const [entry, is_new] = known.try_emplace({std::string(sde.name()), direction});
  std::vector<State>& exact = entry->second;
  if (!is_new) return exact;
  exact = ends(make_sampler("exp-ab-4"), grid_of(sde, 1 << 14, Spacing::even, direction));
  EXPECT_LT(
      distance(ends(make_sampler("rk4"), grid_of(sde, 1 << 13, Spacing::even, direction)), exact),
      1e-11)
      << sde.name();
  return exact;
}

/// Fourth orders settle late.
double tolerance(int order) { return order < 4 ? 0.12 : 0.25; }

/// Higher orders reach rounding before so many steps: tests/exact/certificates_test.cpp.
bool settles(SamplerEntry const& entry) { return entry.info.order.value_or(5) <= 4; }

TEST(Orders, AreTheClaimedOnesOnSmoothGrids) {
  for (char const* name : measured_sdes) {
    Sde const sde = make_sde(name);
    auto const& exact = exact_ends(sde);
    for (SamplerEntry const& entry : samplers()) {
      if (!settles(entry)) continue;
      int const order = *entry.info.order;
      double const measured = slope(make_sampler(entry.name), sde, exact);
      EXPECT_GT(measured, order - tolerance(order)) << entry.name << " on " << name;
      EXPECT_LT(measured, order + 0.4) << entry.name << " on " << name << ": claims too little";
    }
  }
}

TEST(Orders, HoldWhereStepsAlternateInSizeUnlessTheySupposeEqualSteps) {
  for (char const* name : measured_sdes) {
    Sde const sde = make_sde(name);
    auto const& exact = exact_ends(sde);
    for (SamplerEntry const& entry : samplers()) {
      if (!settles(entry)) continue;
      int const order = *entry.info.order;
      double const measured = slope(make_sampler(entry.name), sde, exact, Spacing::alternating);
      if (entry.info.steps == Steps::any)
        EXPECT_GT(measured, order - tolerance(order)) << entry.name << " on " << name;
      else
        EXPECT_LT(measured, order - 0.5) << entry.name << " on " << name << ": supposes nothing";
    }
  }
}

TEST(Orders, AreThoseOfTheOptions) {
  struct Case {
    char const* sampler;
    int order;
  };
  Sde const sde = make_sde("vp");
  auto const& exact = exact_ends(sde);
  for (Case const& c :
       {Case{"exp-ab-2:prediction=noise", 2}, Case{"exp-ab-3:prediction=noise", 3},
        Case{"exp-ab-4:prediction=noise", 4}, Case{"unipc-1:bh=1", 2}, Case{"unipc-2:bh=1", 3},
        Case{"unipc-2:corrector=off", 2}, Case{"unipc-3:corrector=off", 3},
        Case{"unipc-2:prediction=noise", 3}, Case{"unipc-3:prediction=noise", 4},
        // The start as well-known codes have it: second order, whatever the name says.
        Case{"dpmpp-3m:start=low", 2}, Case{"exp-ab-4:start=low", 2}, Case{"deis-3:start=low", 2},
        Case{"deis-4:start=low", 2}, Case{"lms-4:start=low", 2}, Case{"dpmpp-3m:final=low", 2}})
    EXPECT_NEAR(slope(make_sampler(c.sampler), sde, exact), c.order, 0.2) << c.sampler;
}

TEST(Orders, FindTwoPlantedFaultsOfMultistepMethods) {
  // dpmpp-3m with phi_3 for 2 phi_3, and with the divided difference of equal steps.
  auto const faulty = [](double phi_3_factor, bool true_distances) {
    return AnySampler([=](Recorder& model, Grid const& grid, Vec x) {
      Vec m1, m2;
      double h1 = 0, h2 = 0;
      for (auto const [s, t, i] : grid.steps()) {
        double const h = t.lambda() - s.lambda();
        Vec const m0 = model.denoised(x, s);
        if (i < 2) {
          x = starting_step(3, Prediction::denoised, model, grid, s, t, x);
        } else {
          double const r0 = true_distances ? h1 / h : 1, r1 = true_distances ? h2 / h : 1;
          Vec const d0 = (m0 - m1) / r0, d1 = (m1 - m2) / r1, D2 = (d0 - d1) / (r0 + r1);
          x = t.sigma() / s.sigma() * x +
              t.alpha() * h *
                  (phi(1, -h) * m0 + phi(2, -h) * (d0 + r0 * D2) + phi_3_factor * phi(3, -h) * D2);
        }
        m2 = m1;
        m1 = m0;
        h2 = h1;
        h1 = h;
      }
      return x;
    });
  };
  Sde const sde = make_sde("vp");
  auto const& exact = exact_ends(sde);
  EXPECT_NEAR(slope(faulty(2, true), sde, exact), 3, 0.12);
  EXPECT_NEAR(slope(faulty(1, true), sde, exact), 2, 0.12);
  EXPECT_NEAR(slope(faulty(2, false), sde, exact), 3, 0.12);  // even steps do not tell
  EXPECT_LT(slope(faulty(2, false), sde, exact, Spacing::alternating), 1.2);
}

TEST(Orders, HoldFromDataToNoise) {
  for (char const* name : measured_sdes) {
    Sde const sde = make_sde(name);
    auto const& exact = exact_ends(sde, Direction::forwards);
    for (SamplerEntry const& entry : samplers()) {
      if (!settles(entry)) continue;
      int const order = *entry.info.order;
      EXPECT_GT(slope(make_sampler(entry.name), sde, exact, Spacing::even, Direction::forwards),
                order - tolerance(order))
          << entry.name << " on " << name;
    }
  }
}

TEST(Samplers, GoToTheNoiseAndReturn) {
  Mixture const mixture = correlated_mixture(2, 3);
  for (char const* name : measured_sdes) {
    Sde const sde = make_sde(name);
    for (SamplerEntry const& entry : samplers()) {
      if (!entry.info.order) continue;
      // The whole way, from 1e-3 to the largest t.
      Grid const back = make_grid("log-snr", sde, 400, {sde.t_max(), 1e-3});
      State const data{0.9, -0.4};
      State const noise = traced(make_sampler(entry.name), back.reversed(), data, mixture);
      State const again = traced(make_sampler(entry.name), back, noise, mixture);
      double const error = std::hypot(again[0] - data[0], again[1] - data[1]);
      EXPECT_LT(error, *entry.info.order == 1 ? 0.6 : 0.01) << entry.name << " on " << name;
    }
  }
}

}  // namespace
}  // namespace retrace::testing
