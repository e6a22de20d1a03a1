// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/nearest.hpp>
#include <retrace/io/npy.hpp>
#include <retrace/sde/beta_schedule.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <filesystem>
#include <functional>
#include <numbers>
#include <string>

namespace retrace {
namespace {

constexpr double largest_beta = 0.999;

/// numpy's: the last is `last` itself.
double linspace(double first, double last, std::int64_t count, std::int64_t i) {
  if (i > 0 && i == count - 1) return last;
  double const gap = count > 1 ? (last - first) / static_cast<double>(count - 1) : 0;
  return first + static_cast<double>(i) * gap;
}

/// 1 - alpha_bar(b) / alpha_bar(a) = sin(B - A) sin(A + B) / cos(A)^2 with the angles A, B of a, b.
double cosine_beta(double a, double b) {
  constexpr double s = 0.008, scale = std::numbers::pi / 2 / (1 + s);
  double const cosine_of_a = std::sin(scale * (1 - a));  // has its digits near a = 1 too
  return std::sin(scale * (b - a)) * std::sin(scale * (a + b + 2 * s)) /
         (cosine_of_a * cosine_of_a);
}

/// The same by s(y) - s(x) = sinh((y - x) / 2) / (2 cosh(x / 2) cosh(y / 2)).
double sigmoid_beta(double a, double b) {
  return std::sinh(3 * (b - a)) * std::cosh(1.5) /
         (std::cosh(3 * b - 1.5) * std::sinh(3 * (1 - a)));
}

std::function<double(std::int64_t)> rule_of(BetaSchedule schedule, std::int64_t steps) {
  auto const m = static_cast<double>(steps);
  auto const between = [m](double (*beta)(double, double)) {
    return [=](std::int64_t i) {
      auto const k = static_cast<double>(i);
      return std::min(beta(k / m, (k + 1) / m), largest_beta);
    };
  };
  switch (schedule) {
    case BetaSchedule::linear:
      return [=](std::int64_t i) {
        double const scale = 1000 / m;
        return linspace(scale * 1e-4, scale * 0.02, steps, i);
      };
    case BetaSchedule::scaled_linear:
      return [=](std::int64_t i) {
        double const root = linspace(std::sqrt(0.00085), std::sqrt(0.012), steps, i);
        return root * root;
      };
    case BetaSchedule::cosine:
      return between(cosine_beta);
    case BetaSchedule::sigmoid:
      return between(sigmoid_beta);
    case BetaSchedule::given:
      break;
  }
  assert(false);
  return {};
}

}  // namespace

std::vector<std::pair<std::string_view, BetaSchedule>> const& beta_schedules() {
  static std::vector<std::pair<std::string_view, BetaSchedule>> const all{
      {"linear", BetaSchedule::linear},
      {"cosine", BetaSchedule::cosine},
      {"sigmoid", BetaSchedule::sigmoid},
      {"scaled-linear", BetaSchedule::scaled_linear},
      {"squared-cosine", BetaSchedule::cosine}};
  return all;
}

BetaSchedule beta_schedule(std::string_view name) {
  std::vector<std::string_view> names;
  for (auto const& [known, schedule] : beta_schedules()) {
    if (known == name) return schedule;
    names.push_back(known);
  }
  throw_unknown("schedule", name, names);
}

std::string_view name_of(BetaSchedule schedule) {
  for (auto const& [name, known] : beta_schedules())
    if (known == schedule) return name;
  return "given";
}

std::vector<double> betas_of(BetaSchedule schedule, std::int64_t steps) {
  constexpr std::int64_t least_linear = 21;
  if (steps < 1 || steps > most_chain_steps)
    throw Error(Fault::argument, "the steps of a chain cannot be " + std::to_string(steps),
                "it takes a number in [1, " + std::to_string(most_chain_steps) + "]");
  if (schedule == BetaSchedule::linear && steps < least_linear)
    throw Error(Fault::argument,
                "schedule linear with steps " + std::to_string(steps) + " has no beta in (0, 1)",
                "its last beta is 20 / steps",
                "take at least " + std::to_string(least_linear) + " steps or schedule cosine");
  auto const rule = rule_of(schedule, steps);
  std::vector<double> betas(static_cast<std::size_t>(steps));
  for (std::int64_t i = 0; i < steps; ++i) betas[static_cast<std::size_t>(i)] = rule(i);
  return betas;
}

std::vector<double> read_betas(std::string_view file) {
  return read_npy_list(std::filesystem::path(file));
}

}  // namespace retrace
