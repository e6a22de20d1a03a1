// SPDX-License-Identifier: Apache-2.0

#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/sde/sde.hpp>

#include <cmath>
#include <string>

namespace retrace {
namespace {

/// NaN or infinite where it may not be: only log alpha and log sigma can be -infinity, and sigma'
/// has no finite value where sigma = 0. Rates that are NaN together say that the process is
/// discrete.
bool is_broken(LevelValues const& v) {
  auto const is_log = [](double x) { return !std::isnan(x) && !(std::isinf(x) && x > 0); };
  bool const rates = std::isfinite(v.alpha_rate) && std::isfinite(v.variance_rate) &&
                     (std::isfinite(v.sigma_rate) || std::isinf(v.log_sigma));
  bool const discrete =
      std::isnan(v.alpha_rate) && std::isnan(v.sigma_rate) && std::isnan(v.variance_rate);
  return !is_log(v.log_alpha) || !is_log(v.log_sigma) || !(rates || discrete);
}

/// g2 < 0 by more than rounding: no SDE has these marginals.
bool has_negative_g2(NoiseLevel const& level, double variance_rate) {
  if (!level.has_drift()) return false;
  constexpr double rounding = 1e-10;
  double const g2 = level.g2();
  return g2 < -rounding * (std::abs(variance_rate) + std::abs(variance_rate - g2));
}

NoiseLevel checked(std::string_view sde, LevelValues const& values) {
  auto const refuse = [&](std::string const& problem, std::string_view reason) {
    throw Error(Fault::argument,
                std::string(sde) + " has " + problem + " at t = " + shortest(values.t), reason);
  };
  if (is_broken(values))
    refuse("no finite noise level",
           "its options or its formulas overflow or are not defined there");
  NoiseLevel const level(values);
  if (has_negative_g2(level, values.variance_rate))
    refuse("g2 = " + shortest(level.g2()),
           "sigma / alpha of a forward process must not fall as t rises");
  return level;
}

}  // namespace

bool Sde::has_time(double t) const {
  Range const times{.low = t_min(), .high = t_max()};
  return times.holds(t) && (!is_discrete() || t == std::floor(t));
}

std::string Sde::times_text() const {
  Range const times{.low = t_min(), .high = t_max()};
  return (is_discrete() ? "the integers t in " : "t in ") + times.text();
}

double Sde::default_end(Solver solver) const {
  if (is_discrete()) return t_min();
  if (double const smallest = self_->smallest_sampling_t(); smallest > 0) return smallest;
  return solver == Solver::stochastic ? 1e-3 : 1e-5;
}

NoiseLevel Sde::at(double t) const {
  if (!has_time(t))
    throw Error(Fault::argument, "t = " + shortest(t) + " is not a time of " + std::string(name()),
                "it takes " + times_text());
  return checked(name(), self_->at(t));
}

NoiseLevel Sde::at_lambda(double lambda) const {
  if (is_discrete())
    throw Error(Fault::argument,
                std::string(name()) + " has no level at lambda = " + shortest(lambda),
                "it is discrete: there are levels at its indices only");
  double const t = std::isfinite(lambda) ? self_->t_of_lambda(lambda) : lambda;
  if (std::isfinite(t)) {
    LevelValues const values = self_->at(t);
    // Far outside the range alpha or sigma may underflow or overflow, as for t of no level at all.
    if (!is_broken(values)) {
      NoiseLevel const level = checked(name(), values);
      if (level.has_lambda()) return level;
    }
  }
  throw Error(Fault::argument,
              std::string(name()) + " has no noise level with lambda = " + shortest(lambda),
              "lambda = log(alpha / sigma) must be finite and one that its times reach");
}

}  // namespace retrace
