// SPDX-License-Identifier: Apache-2.0
#include "sample_path.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/finite.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/run/check_samples.hpp>
#include <retrace/run/sde_steps.hpp>
#include <retrace/run/step_control.hpp>
#include <retrace/sde/angle.hpp>
#include <retrace/trace/parameterisation.hpp>

#include <tbb/parallel_for.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace retrace {
namespace {

constexpr std::int64_t smallest_step = 4;  // nodes of the clock
constexpr int bits_of_step = 3;            // ends of steps are multiples of an 8th of their length
constexpr StepControl control{2.F / 3};    // the estimate falls as h^(3/2)
// What is more than a fortieth of the state is no estimate of an error.
constexpr double loosest_tolerance = 0.025;
// In lambda. Over more, new noise hides what the step began with, and the law's own error, of
// second order, shows: 1 % of a variance here, 14 % for steps of 1/2.
constexpr double longest_step = 0.125 / PathClock::resolution;

bool is_finite(std::span<double const> x) {
  return all_finite(static_cast<int>(x.size()),
                    [&](int i) { return x[static_cast<std::size_t>(i)]; });
}

/// The end of a step of about `length` nodes.
std::int64_t end_of_step(std::int64_t from, double length, std::int64_t last) {
  auto const nodes = static_cast<std::int64_t>(std::min(length, 1e9));
  if (from + nodes + nodes / 100 >= last) return last;  // no sliver is left
  auto const unit = static_cast<std::int64_t>(
      std::bit_floor(static_cast<std::uint64_t>(std::max<std::int64_t>(nodes >> bits_of_step, 1))));
  return std::max((from + nodes) / unit * unit, from + 1);
}

std::int64_t node_of(NoiseLevel const& level, std::string_view option) {
  std::int64_t const node = PathClock::node(std::clamp(level.lambda(), -100.0, 100.0));
  if (node >= 0 && node <= PathClock::nodes) return node;
  throw Error(Fault::argument, std::string(option) + " cannot be " + shortest(level.t()),
              "the Brownian path reaches from sigma/alpha = 8e13 down to 1e-14");
}

Tolerance kept(Tolerance const& tolerance) {
  return {std::min(tolerance.rtol, loosest_tolerance), std::min(tolerance.atol, loosest_tolerance)};
}

/// One integration: what its steps share.
class SdeSteps {
 public:
  SdeSteps(HostModel const& model, Tolerance const& tolerance, std::size_t dimension)
      : model_(&model),
        tolerance_(kept(tolerance)),
        d_s_(dimension),
        d_t_(dimension),
        v_(dimension),
        w_(dimension) {}

  void denoise(std::span<double const> x, NoiseLevel const& s, std::vector<double>& out) const {
    model_->predict(x, s, out);
    Affine const denoised = convert(model_->prediction, Prediction::denoised, s);
    for (std::size_t i = 0; i < x.size(); ++i)
      out[i] = denoised.skip * x[i] + denoised.out * out[i];
  }
  void begin_at(std::span<double const> x, NoiseLevel const& s) { denoise(x, s, d_s_); }
  [[nodiscard]] std::vector<double> const& denoised() const { return d_s_; }
  [[nodiscard]] std::span<double> increment() { return w_; }
  [[nodiscard]] std::vector<double> const& end() const { return v_; }

  /// The step with the increment; its scaled error. Leaves the answer in end().
  double attempt(std::span<double const> x, NoiseLevel const& s, NoiseLevel const& t) {
    double const apart = s.lambda() - t.lambda(), lost = -std::expm1(2 * apart);
    double const kept = t.sigma() / s.sigma() * std::exp(apart), pulled = t.alpha() * lost;
    double const noise = t.sigma() * std::sqrt(lost);
    for (std::size_t i = 0; i < x.size(); ++i)
      v_[i] = kept * x[i] + pulled * d_s_[i] + noise * w_[i];
    denoise(v_, t, d_t_);
    double largest = 0, trouble = 0;  // NaN goes into the sum; a maximum would drop it
    for (std::size_t i = 0; i < x.size(); ++i) {
      double const error = pulled / 2 * (d_t_[i] - d_s_[i]);
      v_[i] += error;
      double const size = std::max(std::abs(x[i]) / radius_of(s), std::abs(v_[i]) / radius_of(t));
      double const allowed = tolerance_.atol + tolerance_.rtol * size;
      largest = std::max(largest, std::abs(error) / radius_of(t) / allowed);
      trouble += zero_if_finite(v_[i]) + zero_if_finite(error);
    }
    return largest + trouble;
  }

 private:
  HostModel const* model_;
  Tolerance tolerance_;
  std::vector<double> d_s_, d_t_, v_, w_;
};

/// f(path) with the path of a sample, in the type that suits the dimension.
template <class F>
void with_path(std::uint64_t seed, std::uint64_t sample, int dimension, F const& f) {
  auto const on = [&]<class V>() {
    SamplePath<V> path(seed, sample, dimension);
    f(path);
  };
  switch (dimension) {
    case 1:
      return on.template operator()<Point<1>>();
    case 2:
      return on.template operator()<Point<2>>();
    case 3:
      return on.template operator()<Point<3>>();
    default:
      return on.template operator()<std::valarray<double>>();
  }
}

}  // namespace

SdeIntegrated integrate_sde(HostModel const& model, Sde const& sde, NoiseLevel const& from,
                            NoiseLevel const& to, PathIncrement const& path, std::span<double> x,
                            Tolerance const& tolerance, std::int64_t max_evaluations) {
  SdeIntegrated result{.level = from};
  if (!is_finite(x)) {
    result.outcome = Outcome::nonfinite;
    return result;
  }
  SdeSteps steps(model, tolerance, x.size());
  std::int64_t node = node_of(from, "--from");
  std::int64_t const last = node_of(to, "--to");
  double length = std::min(static_cast<double>(last - node) / 100, longest_step);
  float before = StepControl::smallest_error;
  bool growing = true;
  steps.begin_at(x, from);
  ++result.evaluations;
  if (!is_finite(steps.denoised())) result.outcome = Outcome::step_underflow;
  while (node < last && result.outcome == Outcome::done) {
    throw_if_interrupted();
    if (result.evaluations + 2 > max_evaluations) {
      result.outcome = Outcome::max_steps;
      break;
    }
    std::int64_t const end = end_of_step(node, length, last);
    NoiseLevel const t = end == last ? to : sde.at_lambda(PathClock::lambda(end));
    path(node, end, steps.increment());
    auto const error = static_cast<float>(steps.attempt(x, result.level, t));
    ++result.evaluations;
    double const tried = static_cast<double>(end - node);
    bool accepted = error <= 1;  // false for NaN
    if (accepted && end < last) {
      steps.begin_at(steps.end(), t);
      ++result.evaluations;
      if (!is_finite(steps.denoised())) {  // it passes trouble as if the step had met it
        accepted = false;
        steps.begin_at(x, result.level);
        ++result.evaluations;
      }
    }
    if (accepted) {
      std::copy(steps.end().begin(), steps.end().end(), x.begin());
      result.level = t;
      node = end;
      ++result.steps;
      float const factor = control.after_success(error, before);
      length = tried * (growing ? factor : std::min(factor, 1.F));
      before = std::max(error, StepControl::smallest_error);
      growing = true;
    } else {
      ++result.rejections;
      bool const says = zero_if_finite(error) == 0 && error > 1;
      length = tried * (says ? control.after_failure(error) : StepControl::after_nonfinite);
      growing = false;
      if (length < static_cast<double>(smallest_step)) result.outcome = Outcome::step_underflow;
    }
    length = std::clamp(length, static_cast<double>(smallest_step), longest_step);
  }
  return result;
}

AdaptiveSamples<double> sde_sample(HostModel const& model, Sde const& sde, Span span,
                                   Start<double> const& start,
                                   AdaptiveOptions<double> const& options) {
  check_samples(options.samples, model.dimension, sizeof(double));
  options.check();
  Ends const ends = ends_of(sde, span);
  NoiseLevel const from = sde.at(ends.from), to = sde.at(ends.to);
  if (node_of(from, "--from") >= node_of(to, "--to"))
    throw Error(Fault::argument, "adaptive-sde runs from noise to data",
                "its steps are those of the reverse-time SDE");

  auto const begin = std::chrono::steady_clock::now();
  auto const n = static_cast<std::size_t>(options.samples);
  auto const d = static_cast<std::size_t>(model.dimension);
  AdaptiveSamples<double> result{
      .x = start_states(start, options.first_sample, options.samples, model.dimension),
      .t = std::vector<double>(n),
      .evaluations = std::vector<std::int64_t>(n),
      .steps = std::vector<std::int64_t>(n),
      .rejections = std::vector<std::int64_t>(n),
      .draws = std::vector<std::int64_t>(n),
      .outcomes = std::vector<Outcome>(n),
      .tolerance = kept(options.tolerance),
      .seed = options.seed};
  tbb::parallel_for(std::size_t{0}, n, [&](std::size_t row) {
    with_path(options.seed, options.first_sample + row, model.dimension, [&](auto& path) {
      SdeIntegrated const run =
          integrate_sde(model, sde, from, to, std::ref(path), {result.x.data() + row * d, d},
                        options.tolerance, options.max_evaluations);
      result.t[row] = run.level.t();
      result.evaluations[row] = run.evaluations;
      result.steps[row] = run.steps;
      result.rejections[row] = run.rejections;
      result.draws[row] = path.draws();
      result.outcomes[row] = run.outcome;
    });
  });
  throw_if_interrupted();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace retrace
