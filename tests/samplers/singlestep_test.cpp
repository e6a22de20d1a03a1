// SPDX-License-Identifier: Apache-2.0

// Singlestep solvers with levels between those of the grid, against their papers' algorithms,
// written a second time for plain vectors.
#include "trajectories.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace retrace::testing {
namespace {

using Step =
    std::function<State(Problem const&, State const&, NoiseLevel const&, NoiseLevel const&)>;

void expect_is(char const* sampler, Step const& step) {
  for (char const* sde : sdes_with_drift)
    for (char const* rule : {"quadratic", "log-snr"}) {
      Problem const p(sde, rule);
      State x = p.start;
      for (auto const [s, t, i] : p.grid.steps()) x = step(p, x, s, t);
      p.expect(sampler, x);
    }
}

NoiseLevel between(Problem const& p, NoiseLevel const& s, NoiseLevel const& t, double r) {
  return p.sde.at_lambda((1 - r) * s.lambda() + r * t.lambda());
}

State noise(Problem const& p, State const& x, NoiseLevel const& s) {
  return epsilon(x, s, p.denoise(x, s));
}

TEST(Singlestep, BogackiAndShampinesIsTheirTableau) {
  expect_is("bosh3",
            [](Problem const& p, State const& x, NoiseLevel const& s, NoiseLevel const& t) {
              double const h = t.t() - s.t();
              auto const slope = [&](State const& y, double c) {
                return drift(y, p.sde.at(s.t() + c * h), p.denoise);
              };
              State const k1 = slope(x, 0), k2 = slope(combine({{1, x}, {h / 2, k1}}), 0.5);
              State const k3 = slope(combine({{1, x}, {3 * h / 4, k2}}), 0.75);
              return combine({{1, x}, {2 * h / 9, k1}, {h / 3, k2}, {4 * h / 9, k3}});
            });
}

TEST(Singlestep, DpmSolver1IsItsFirstOrderUpdate) {  // Lu et al. 2022, eq. 3.7
  expect_is("dpm-solver-1", [](Problem const& p, State const& x, NoiseLevel const& s,
                               NoiseLevel const& t) {
    double const h = t.lambda() - s.lambda();
    return combine({{t.alpha() / s.alpha(), x}, {-t.sigma() * (std::exp(h) - 1), noise(p, x, s)}});
  });
}

TEST(Singlestep, DpmSolver2IsAlgorithm1) {  // r1 = 1/2
  expect_is("dpm-solver-2", [](Problem const& p, State const& x, NoiseLevel const& s,
                               NoiseLevel const& t) {
    double const h = t.lambda() - s.lambda();
    NoiseLevel const m = between(p, s, t, 0.5);
    State const u =
        combine({{m.alpha() / s.alpha(), x}, {-m.sigma() * (std::exp(h / 2) - 1), noise(p, x, s)}});
    return combine({{t.alpha() / s.alpha(), x}, {-t.sigma() * (std::exp(h) - 1), noise(p, u, m)}});
  });
}

TEST(Singlestep, DpmSolver3IsAlgorithm2) {  // r1 = 1/3, r2 = 2/3
  expect_is("dpm-solver-3",
            [](Problem const& p, State const& x, NoiseLevel const& s, NoiseLevel const& t) {
              double const h = t.lambda() - s.lambda(), r1 = 1. / 3, r2 = 2. / 3;
              NoiseLevel const m1 = between(p, s, t, r1), m2 = between(p, s, t, r2);
              State const e = noise(p, x, s);
              State const u1 =
                  combine({{m1.alpha() / s.alpha(), x}, {-m1.sigma() * (std::exp(r1 * h) - 1), e}});
              State const d1 = combine({{1, noise(p, u1, m1)}, {-1, e}});
              State const u2 =
                  combine({{m2.alpha() / s.alpha(), x},
                           {-m2.sigma() * (std::exp(r2 * h) - 1), e},
                           {-m2.sigma() * r2 / r1 * ((std::exp(r2 * h) - 1) / (r2 * h) - 1), d1}});
              State const d2 = combine({{1, noise(p, u2, m2)}, {-1, e}});
              return combine({{t.alpha() / s.alpha(), x},
                              {-t.sigma() * (std::exp(h) - 1), e},
                              {-t.sigma() / r2 * ((std::exp(h) - 1) / h - 1), d2}});
            });
}

TEST(Singlestep, DpmSolverPlusPlus2SIsAlgorithm1) {  // r = 1/2
  expect_is("dpmpp-2s",
            [](Problem const& p, State const& x, NoiseLevel const& s, NoiseLevel const& t) {
              double const h = t.lambda() - s.lambda(), r = 0.5;
              NoiseLevel const m = between(p, s, t, r);
              State const x0 = p.denoise(x, s);
              State const u =
                  combine({{m.sigma() / s.sigma(), x}, {-m.alpha() * (std::exp(-r * h) - 1), x0}});
              State const D = combine({{1 - 1 / (2 * r), x0}, {1 / (2 * r), p.denoise(u, m)}});
              return combine({{t.sigma() / s.sigma(), x}, {-t.alpha() * (std::exp(-h) - 1), D}});
            });
}

}  // namespace
}  // namespace retrace::testing
