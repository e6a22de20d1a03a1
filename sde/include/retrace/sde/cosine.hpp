// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/sde.hpp>
#include <retrace/sde/variance_preserving.hpp>

#include <cmath>
#include <numbers>
#include <vector>

namespace retrace {

/// The cosine schedule in continuous time: alpha = cos(w (t + s)) / cos(w s), w = pi / 2 / (1 + s),
/// variance preserving (Nichol and Dhariwal 2021, eq. 17). beta grows without bound at t = 1; the
/// largest t is 0.9946, as in DPM-Solver (Lu et al. 2022, appendix D), where alpha is still 0.0084.
struct cosine {
  static constexpr SdeInfo info{.name = "cosine",
                                .summary = "variance preserving, alpha a cosine of t",
                                .paper = "Nichol and Dhariwal 2021, arXiv:2102.09672, eq. 17"};

  double s = 0.008;

  [[nodiscard]] static std::vector<Option<cosine>> options() {
    return {
        real_option("s", &cosine::s, s_range(), "offset that keeps beta from vanishing at t = 0")};
  }
  void check() const {
    if (!s_range().holds(s))
      throw Error(Fault::argument, "s of cosine must be in " + s_range().text());
  }

  [[nodiscard]] LevelValues at(double t) const {
    return variance_preserving(t, log_alpha(t), f(t));
  }

  /// In the angle w t / 2 = A - B with B = w s / 2: 1 - alpha = 2 sin(A - B) sin(A + B) / cos(w s),
  /// which gives small t without cancellation.
  [[nodiscard]] double t_of_lambda(double lambda) const {
    double const log_alpha = variance_preserving_log_alpha(lambda);
    if (log_alpha < std::log(0.5))
      return 1 - std::asin(std::exp(log_alpha) * std::cos(w() * s)) / w();
    double const half_gap = -std::expm1(log_alpha) * std::cos(w() * s) / 2;  // sin^2 A - sin^2 B
    double const b = w() * s / 2;
    double const a = std::asin(std::sqrt(std::sin(b) * std::sin(b) + half_gap));
    return std::asin(half_gap / std::sin(a + b)) * 2 / w();
  }
  [[nodiscard]] double t_max() const { return 0.9946; }
  [[nodiscard]] double prior_sigma() const { return 1; }

 private:
  [[nodiscard]] static Range s_range() {
    return {.low = 0, .high = 1, .low_end = Range::Low::open};
  }
  [[nodiscard]] double w() const { return std::numbers::pi / 2 / (1 + s); }

  // cos(w (t + s)) = sin(w (1 - t)): the left side loses digits near t = 1, the right one does not;
  // near t = 0 it is 1 - alpha that must be exact.
  [[nodiscard]] double log_alpha(double t) const {
    if (t > 0.5) return std::log(std::sin(w() * (1 - t)) / std::cos(w() * s));
    double const half = std::sin(w() * t / 2);
    return std::log1p(-2 * half * half - std::sin(w() * t) * std::tan(w() * s));
  }
  [[nodiscard]] double f(double t) const {
    return t > 0.5 ? -w() / std::tan(w() * (1 - t)) : -w() * std::tan(w() * (t + s));
  }
};

}  // namespace retrace
