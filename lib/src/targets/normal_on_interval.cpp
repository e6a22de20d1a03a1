// SPDX-License-Identifier: Apache-2.0
#include "normal_on_interval.hpp"

#include <retrace/core/erfcx.hpp>
#include <retrace/targets/tilted_interval.hpp>

#include <cmath>
#include <numbers>

namespace retrace {
namespace {

constexpr double root_half = 0.5 * std::numbers::sqrt2;
double const log_root_2_pi = std::log(2 * std::numbers::pi) / 2;
double const density_at_0 = std::exp(-log_root_2_pi);

}  // namespace

NormalOnInterval::NormalOnInterval(double x, double alpha, double sigma, double low, double high) {
  double const middle = low + (high - low) / 2, half = (high - low) / 2;
  double const z = std::fma(-alpha, middle, x) / sigma, h = alpha * half / sigma;
  if (h <= widest_narrow && std::abs(z * h) <= largest_tilt) {
    narrow(z, h);  // state: within [-1, 1]
    state = middle + half * state;
  } else {
    // The distances of the edges on their own: z - h would lose digits beside a wide box.
    double const v = std::fma(-alpha, high, x) / sigma, u = std::fma(-alpha, low, x) / sigma;
    if (z >= 0) {
      wide(v, u);
    } else {
      wide(-u, -v);
      noise = -noise;
    }
    log_density -= std::log(2 * h);
    state = middle + half * ((z - noise) / h);
  }
}

void NormalOnInterval::narrow(double z, double h) {
  TiltedInterval<double> const j(z * h, h * h);
  state = j.first / j.zeroth;
  log_density = std::log(j.zeroth) - z * z / 2 - log_root_2_pi;
  noise = z - h * state;
  excess = h * h * (j.second / j.zeroth - state * state) - 1;
}

/// For an interval whose middle is on the left of x: v is the nearer edge.
void NormalOnInterval::wide(double v, double u) {
  double const fall = (u - v) * (u + v) / 2;  // of the log density from v to u
  double const ratio = std::exp(-fall);
  double per_mass;  // density at v over the mass of [v, u]
  if (v >= 0) {
    double const scaled = (simd::erfcx(v * root_half) - ratio * simd::erfcx(u * root_half)) / 2;
    log_density = std::log(scaled) - v * v / 2;
    per_mass = density_at_0 / scaled;
  } else {
    double const mass = (std::erf(u * root_half) + std::erf(-v * root_half)) / 2;
    log_density = std::log(mass);
    per_mass = density_at_0 * std::exp(-v * v / 2) / mass;
  }
  noise = per_mass * -std::expm1(-fall);
  excess = per_mass * (v - u * ratio) - noise * noise;
}

}  // namespace retrace
