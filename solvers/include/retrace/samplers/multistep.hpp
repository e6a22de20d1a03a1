// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/samplers/tableaus.hpp>
#include <retrace/trace/trace.hpp>

#include <cassert>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// What multistep methods share.
namespace retrace {

/// How a multistep method of order p begins, before it has all the answers it combines. `full`:
/// with Runge-Kutta steps of order p - 1, whose few errors, O(h^p), leave the order p; their extra
/// evaluations count, and their levels lie between the grid's. `low`: with its own formula on the
/// answers there are, first one, then two, as well-known codes do. The first step's error, O(h^2),
/// then stays: the method is of second order.
enum class FirstSteps { full, low };

/// How it ends: at its own order, or with a last step of order one, one before of order two, ...,
/// where the step to sigma = 0 counts as a last one (Lu et al. 2022, DPM-Solver++: steadier where
/// steps are few).
enum class LastSteps { full, low };

template <class S>
Option<S> start_option() {
  return choice_option<S, FirstSteps>("start", &S::start,
                                      {{"full", FirstSteps::full}, {"low", FirstSteps::low}},
                                      "first steps by Runge-Kutta, or of lower order");
}

template <class S>
Option<S> last_steps_option() {
  return choice_option<S, LastSteps>("final", &S::final,
                                     {{"full", LastSteps::full}, {"low", LastSteps::low}},
                                     "order of the last steps: full, or falling to one");
}

/// The order that step i of the grid can have: `order`, or less near the end.
[[nodiscard]] inline int order_at(std::int64_t i, Grid const& grid, int order, LastSteps last) {
  std::int64_t const left = grid.count() - i;
  return last == LastSteps::low && left < order ? static_cast<int>(left) : order;
}

/// The model's last answers, newest first, with their levels.
class Answers {
 public:
  explicit Answers(int most) : most_(static_cast<std::size_t>(most)) {}

  void add(NoiseLevel const& s, Vec answer) {
    if (all_.size() == most_) all_.pop_back();
    all_.insert(all_.begin(), {s, std::move(answer)});
  }
  [[nodiscard]] int count() const { return static_cast<int>(all_.size()); }
  [[nodiscard]] bool complete() const { return all_.size() == most_; }
  [[nodiscard]] Vec const& operator[](std::size_t j) const { return all_[j].second; }

  /// The newest `count` levels in a variable that is 0 at the newest level and 1 at t.
  template <class Variable>
  [[nodiscard]] std::vector<double> nodes(int count, NoiseLevel const& t, Variable of) const {
    double const origin = of(all_[0].first), length = of(t) - origin;
    std::vector<double> nodes;
    for (std::size_t j = 0; j < static_cast<std::size_t>(count); ++j)
      nodes.push_back((of(all_[j].first) - origin) / length);
    return nodes;
  }

  /// sum_j weights_j answer_j, from the newest on.
  [[nodiscard]] Vec combined(std::span<double const> weights) const {
    assert(weights.size() <= all_.size());
    Vec sum;
    for (std::size_t j = 0; j < weights.size(); ++j) sum = sum + weights[j] * all_[j].second;
    return sum;
  }

 private:
  std::size_t most_;
  std::vector<std::pair<NoiseLevel, Vec>> all_;
};

/// The model's answer at x and s as the prediction asked for, noise or denoised.
[[nodiscard]] inline Vec answer(Recorder& model, Prediction prediction, Vec const& x,
                                NoiseLevel const& s) {
  assert(prediction == Prediction::noise || prediction == Prediction::denoised);
  return prediction == Prediction::noise ? model.noise(x, s) : model.denoised(x, s);
}

/// One explicit Runge-Kutta step of length h from y; slope(c, y) is the slope at y, a fraction c of
/// the step on.
template <std::size_t Stages, class Slope>
[[nodiscard]] Vec runge_kutta_step(Tableau<Stages> const& method, double h, Vec const& y,
                                   Slope slope) {
  std::vector<Vec> k;
  for (std::size_t i = 0; i < Stages; ++i) {
    if (!method.is_for_step(i)) {
      k.emplace_back();
      continue;
    }
    Vec at = y;
    for (std::size_t j = 0; j < i; ++j) at = at + h * method.a[i][j] * k[j];
    k.push_back(slope(method.c[i], at));
  }
  Vec end = y;
  for (std::size_t i = 0; i < k.size(); ++i) end = end + h * method.b[i] * k[i];
  return end;
}

/// A step of the full start of a method of order 3, 4 or 5, by Runge and Kutta in the variable in
/// which the probability-flow ODE is nothing but the prediction, noise or denoised:
///   d(x / alpha) / d rho = epsilon,    d(x / sigma) / d(1 / rho) = x0,    rho = sigma / alpha.
[[nodiscard]] inline Vec starting_step(int order, Prediction prediction, Recorder& model,
                                       Grid const& grid, NoiseLevel const& s, NoiseLevel const& t,
                                       Vec const& x) {
  assert(3 <= order && order <= 5);
  bool const noise = prediction == Prediction::noise;
  auto const scale = [&](NoiseLevel const& u) { return noise ? u.alpha() : u.sigma(); };
  double const from = noise ? s.rho() : 1 / s.rho(), h = (noise ? t.rho() : 1 / t.rho()) - from;
  auto const slope = [&](double c, Vec const& y) {
    double const log_ratio = std::log1p(c * h / from);  // of rho or 1/rho there to that at s
    double const r = (noise ? -log_ratio : log_ratio) / (t.lambda() - s.lambda());
    NoiseLevel const u = grid.between(s, t, c == 1 ? 1 : r);
    return answer(model, prediction, scale(u) * y, u);
  };
  Vec const y = x / scale(s);
  return scale(t) * (order == 3   ? runge_kutta_step(tableaus::midpoint, h, y, slope)
                     : order == 4 ? runge_kutta_step(tableaus::bosh3, h, y, slope)
                                  : runge_kutta_step(tableaus::rk4, h, y, slope));
}

}  // namespace retrace
