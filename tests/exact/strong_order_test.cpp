// SPDX-License-Identifier: Apache-2.0

// Strong orders, exactly. On Gaussian data a sampler's result and the reverse SDE's solution are
// linear in one Brownian path, so their mean square distance is a sum over the path's increments:
// no paths are drawn. The path runs over c = e^(2 lambda) (see samplers/reverse_sde.hpp), where
//   X = (x - alpha m) alpha / v   has   dX = sigma^2 / v dW(c),   v = alpha^2 variance + sigma^2.
#include "sampler_draws.hpp"

#include <retrace/exact/gaussian.hpp>
#include <retrace/run/reference.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

namespace retrace {
namespace {

constexpr Normal data{0.7, 0.25};
constexpr std::size_t cells = 3 << 12;  // of the finest grid: halves and thirds of all others

/// The levels of the finest grid, uniform in lambda, and what the path does between them.
struct Path {
  std::vector<NoiseLevel> levels;
  std::vector<double> c, length;

  explicit Path(Grid const& grid) {
    for (std::size_t k = 0; k <= cells; ++k) {
      levels.push_back(grid.level(static_cast<std::int64_t>(k)));
      c.push_back(std::exp(2 * levels.back().lambda()));
      if (k > 0) length.push_back(c[k] - c[k - 1]);
    }
  }
};

/// A result that is mean + sum over cells of (dw * increment + area * (area of the cell)), where
/// the area is what the integral of the path over the cell has besides half the increment.
struct Linear {
  double mean = 0;
  std::vector<double> dw = std::vector<double>(cells), area = std::vector<double>(cells);

  [[nodiscard]] double root_mean_square(Path const& path) const {
    double sum = mean * mean;
    for (std::size_t k = 0; k < cells; ++k) {
      double const h = path.length[k];
      sum += dw[k] * dw[k] * h + area[k] * area[k] * h * h * h / 12;
    }
    return std::sqrt(sum);
  }
};

/// The solution, with sigma^2 / v linear over a cell: an error of order 2 in the finest steps.
Linear exact(Path const& path, double start) {
  NoiseLevel const &s = path.levels.front(), &t = path.levels.back();
  auto const v = [](NoiseLevel const& level) { return marginal(data, level).variance; };
  double const out = v(t) / t.alpha();
  Linear x;
  x.mean = marginal(data, t).mean + out * s.alpha() / v(s) * (start - marginal(data, s).mean);
  for (std::size_t k = 0; k < cells; ++k) {
    auto const q = [&](std::size_t i) {
      return std::pow(path.levels[i].sigma(), 2) / v(path.levels[i]);
    };
    x.dw[k] = out * (q(k) + q(k + 1)) / 2;
    x.area[k] = -out * (q(k + 1) - q(k)) / path.length[k];
  }
  return x;
}

/// The same of Cui et al. 2023's extended reverse SDE, which is another one: in y = x / alpha,
///   dy = phi' / phi (y - D) drho + phi sqrt(|dkappa|) noise,   kappa = rho^2 / phi^2,
/// whose noise is normalised increments too.
Linear exact_er_sde(Path const& path, double start) {
  auto const scale = [](double rho) { return std::exp(std::pow(rho, 0.3)) + 10; };  // phi / rho
  auto const slope = [](double rho) {
    return 0.3 * std::pow(rho, -0.7) * std::exp(std::pow(rho, 0.3));
  };
  auto const rate = [&](double rho) {  // of y - m, in log(rho)
    return (1 + rho * slope(rho) / scale(rho)) * rho * rho / (data.variance + rho * rho);
  };
  auto const noise = [&](double rho) {  // phi sqrt(dkappa / dc)
    return rho * std::sqrt(slope(rho) * std::pow(rho, 3) / scale(rho));
  };
  NoiseLevel const &s = path.levels.front(), &t = path.levels.back();
  Linear x;
  double kept = t.alpha(), here = t.rho();  // of y - m, from here to the end
  for (std::size_t k = cells; k-- > 0;) {
    double const before = path.levels[k].rho();
    double const kept_before =
        kept * std::exp(-std::log(before / here) * (rate(here) + rate(before)) / 2);
    double const q0 = kept_before * noise(before), q1 = kept * noise(here);
    x.dw[k] = (q0 + q1) / 2;
    x.area[k] = -(q1 - q0) / path.length[k];
    kept = kept_before;
    here = before;
  }
  x.mean = t.alpha() * data.mean + kept * (start / s.alpha() - data.mean);
  return x;
}

/// A sampler's result in terms of the path: each component of one run has one draw set to one.
Linear traced(AnySampler const& sampler, Grid const& grid, Path const& path, StepDraws const& draws,
              double start) {
  Program const program = trace(sampler, grid);
  auto const count = static_cast<std::size_t>(program.draws);
  EXPECT_EQ(count, draws.from.size() * static_cast<std::size_t>(grid.count()));
  std::size_t const d = count + 1;
  std::vector<double> x(d, start), noise(count * d);
  for (std::size_t j = 0; j < count; ++j) noise[j * d + j] = 1;
  reference(
      program,
      [](std::span<double const> in, NoiseLevel const& s, std::span<double> out) {
        double const v = marginal(data, s).variance, noise_part = s.sigma() * s.sigma() / v;
        for (std::size_t i = 0; i < in.size(); ++i)
          out[i] = noise_part * data.mean + s.alpha() * data.variance / v * in[i];
      },
      0, 0, x, noise);
  Linear result;
  result.mean = x[count];
  std::size_t const per_step = cells / static_cast<std::size_t>(grid.count());
  for (std::size_t j = 0; j < count; ++j) {
    double const factor = x[j] - x[count];
    std::size_t const k = j % draws.from.size(), step = j / draws.from.size() * per_step;
    auto const at = [&](double r) {
      return step + static_cast<std::size_t>(std::lround(r * static_cast<double>(per_step)));
    };
    std::size_t const a = at(draws.from[k]), b = at(draws.to[k]);
    double const h = path.c[b] - path.c[a];
    bool const is_area = draws.last == StepDraws::Last::area && k == 1;
    for (std::size_t i = a; i < b; ++i) {
      if (!is_area) {
        result.dw[i] += factor / std::sqrt(h);
      } else {  // z1 = sqrt(3) (2 J / H^(3/2) - W / H^(1/2)), J the integral of W - W(a)
        double const in_j = path.length[i] / 2 + path.c[b] - path.c[i + 1];
        result.dw[i] += factor * std::numbers::sqrt3 * (2 * in_j / h - 1) / std::sqrt(h);
        result.area[i] += factor * std::numbers::sqrt3 * 2 / std::pow(h, 1.5);
      }
    }
  }
  return result;
}

double strong_error(AnySampler const& sampler, StepDraws const& draws, char const* sde_name,
                    std::int64_t steps) {
  Sde const sde = make_sde(sde_name);
  Span const span{sde.t_max(), sde.default_end(Solver::stochastic)};
  Path const path(make_grid("log-snr", sde, static_cast<std::int64_t>(cells), span));
  Grid const grid = make_grid("log-snr", sde, steps, span);
  double const start = 0.8 * sde.prior_sigma();
  Linear difference = traced(sampler, grid, path, draws, start);
  Linear const solution =
      draws.sde == StepDraws::Sde::reverse ? exact(path, start) : exact_er_sde(path, start);
  difference.mean -= solution.mean;
  for (std::size_t k = 0; k < cells; ++k) {
    difference.dw[k] -= solution.dw[k];
    difference.area[k] -= solution.area[k];
  }
  return difference.root_mean_square(path);
}

double measured(AnySampler const& sampler, StepDraws const& draws, char const* sde) {
  return std::log2(strong_error(sampler, draws, sde, 128) / strong_error(sampler, draws, sde, 256));
}

TEST(StrongOrder, IsTheOneClaimedOfEverySampler) {
  for (SamplerEntry const& entry : samplers()) {
    if (!entry.info.strong_order) continue;
    for (char const* sde : {"vp", "ve", "sub-vp"}) {
      double const order = measured(make_sampler(entry.name), draws_of(entry.name), sde);
      EXPECT_GE(order, *entry.info.strong_order - 0.15) << entry.name << " on " << sde;
    }
  }
}

TEST(StrongOrder, IsMeasuredAgainstASolutionWithTheExactLaw) {
  for (char const* name : {"vp", "ve", "sub-vp"}) {
    Sde const sde = make_sde(name);
    Path const path(make_grid("log-snr", sde, static_cast<std::int64_t>(cells),
                              {sde.t_max(), sde.default_end(Solver::stochastic)}));
    double const start = 0.8 * sde.prior_sigma();
    Normal const law = reverse_sde(data, path.levels.front(), path.levels.back(), Normal{start, 0});
    Linear solution = exact(path, start);
    EXPECT_NEAR(solution.mean, law.mean, 1e-12) << name;
    solution.mean = 0;
    EXPECT_NEAR(std::pow(solution.root_mean_square(path), 2), law.variance, 1e-6) << name;
  }
}

/// Negative controls.
TEST(StrongOrder, FallsToOneWithoutTheSpaceTimeAreaOfThePath) {
  auto const without_area = [](Recorder& model, Grid const& grid, Vec x) {
    for (auto const [s, t, i] : grid.steps()) {
      double const h = std::expm1(2 * (t.lambda() - s.lambda()));
      NoiseLevel const m = grid.sde().at_lambda(s.lambda() + std::log1p(0.75 * h) / 2);
      Vec const u = s.alpha() / std::pow(s.sigma(), 2) * x, d0 = model.denoised(x, s);
      double const c = std::exp(2 * s.lambda());
      Vec const w = std::sqrt(c * h) * model.normal(s, t);
      Vec const v = u + 0.75 * c * h * d0 + 0.75 * w;
      Vec const d1 = model.denoised(std::pow(m.sigma(), 2) / m.alpha() * v, m);
      x = std::pow(t.sigma(), 2) / t.alpha() * (u + c * h / 3 * d0 + 2 * c * h / 3 * d1 + w);
    }
    return x;
  };
  for (char const* sde : {"vp", "ve", "sub-vp"})
    EXPECT_LT(measured(AnySampler(without_area), {}, sde), 1.1) << sde;
}

TEST(StrongOrder, IsLostWhereAStageReadsAnothersPartOfThePath) {
  for (char const* sde : {"vp", "ve", "sub-vp"})
    EXPECT_LT(measured(make_sampler("dpmpp-sde"), {{0, 0}, {0.5, 0.5}}, sde), 0.3) << sde;
}

}  // namespace
}  // namespace retrace
