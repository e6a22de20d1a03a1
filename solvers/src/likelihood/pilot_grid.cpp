// SPDX-License-Identifier: Apache-2.0
#include "routes.hpp"
#include "row_of.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/likelihood/pilot_grid.hpp>
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/samplers/embedded_pair.hpp>
#include <retrace/sde/angle.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace retrace {
namespace {

constexpr int kept_steps = 4096;
constexpr double rigour = 300;  // of the adaptive steps, whose log p is the measure

/// The two ways to carry points.
struct Carriers {
  std::function<Encoded(std::span<double const>, EncodeOptions const&)> adaptively;
  std::function<Encoded(std::span<double const>, Grid const&)> on_grid;
};

void check(Sde const& sde, Span const& span, PilotOptions const& options) {
  if (!(options.error > 0))
    throw Error(Fault::argument, "the error aimed at cannot be " + shortest(options.error),
                "it takes a number above 0");
  if (options.points < 1) throw Error(Fault::argument, "there are no pilots");
  if (options.steps) Grid::check_steps(*options.steps);
  if (!runs_adaptively_in_kernels(sde, span))
    throw Error(
        Fault::argument,
        "pilots cannot run from t = " + shortest(*span.from) + " to t = " + shortest(*span.to),
        "sigma = 0 and alpha = 0 have no lambda", "give other ends");
}

std::vector<double> some_of(std::span<double const> points, std::size_t d, std::int64_t wanted) {
  std::size_t const n = points.size() / d, m = std::min(n, static_cast<std::size_t>(wanted));
  std::vector<double> some;
  for (std::size_t i = 0; i < m; ++i) {
    auto const row = points.subspan(i * n / m * d, d);
    some.insert(some.end(), row.begin(), row.end());
  }
  return some;
}

/// Steps for all runs, from those that each took: their number up to an angle, the integral of a
/// density. What a step of a method of order p gets wrong in a run goes as (length / length of the
/// run's own)^(p + 1), and the sum over runs and steps is least where the density is the mean of
/// order p + 1 of the runs' densities.
class SharedSteps {
 public:
  SharedSteps(double from, Encoded const& runs, double order) : angles_{from}, counts_{0} {
    std::vector<std::vector<double>> ends;
    for (std::size_t row = 0; row < runs.steps.size(); ++row) {
      auto const first = runs.angles.begin() + static_cast<std::ptrdiff_t>(row * kept_steps);
      ends.emplace_back(first, first + static_cast<std::ptrdiff_t>(runs.steps[row]));
      angles_.insert(angles_.end(), ends.back().begin(), ends.back().end());
    }
    std::sort(angles_.begin(), angles_.end());
    angles_.erase(std::unique(angles_.begin(), angles_.end()), angles_.end());
    std::vector<std::size_t> step(ends.size());  // of each run, that holds the angle
    for (std::size_t k = 1; k < angles_.size(); ++k) {
      double sum = 0;
      for (std::size_t row = 0; row < ends.size(); ++row) {
        if (ends[row][step[row]] < angles_[k]) ++step[row];
        double const begin = step[row] == 0 ? from : ends[row][step[row] - 1];
        sum += std::pow(ends[row][step[row]] - begin, -order - 1);
      }
      double const density = std::pow(sum / static_cast<double>(ends.size()), 1 / (order + 1));
      counts_.push_back(counts_.back() + density * (angles_[k] - angles_[k - 1]));
    }
  }
  [[nodiscard]] double count() const { return counts_.back(); }
  /// Where a part of them is taken.
  [[nodiscard]] double angle_at(double part) const {
    double const wanted = part * count();
    auto const k = static_cast<std::size_t>(
        std::lower_bound(counts_.begin() + 1, counts_.end() - 1, wanted) - counts_.begin());
    double const within = (wanted - counts_[k - 1]) / (counts_[k] - counts_[k - 1]);
    return angles_[k - 1] + within * (angles_[k] - angles_[k - 1]);
  }

 private:
  std::vector<double> angles_, counts_;
};

Grid grid_by(SharedSteps const& shared, Sde const& sde, Span const& span, std::int64_t steps) {
  std::vector<double> times{*span.from};
  for (std::int64_t i = 1; i < steps; ++i) {
    double const part = static_cast<double>(i) / static_cast<double>(steps);
    times.push_back(level_at_angle(sde, shared.angle_at(part)).t());
  }
  times.push_back(*span.to);
  return {sde, std::move(times)};
}

/// Looks for the fewest steps that keep an error.
class StepSearch {
 public:
  StepSearch(double aim, double order) : aim_(aim), claimed_(order), order_(order) {}

  /// What to try after an error with so many steps; nothing where that will do.
  [[nodiscard]] std::optional<std::int64_t> after(std::int64_t steps, double error) {
    constexpr double room = 0.8;
    constexpr int most_attempts = 8;
    if (before_ && before_->first != steps && std::isfinite(before_->second + error)) {
      double const more = static_cast<double>(steps) / static_cast<double>(before_->first);
      // Rounding, or the error of the measure itself: more steps do not help.
      if (more > 1.5 && error > 0.7 * before_->second) return {};
      order_ = std::clamp(std::log(before_->second / error) / std::log(more), 1.0, claimed_);
    }
    before_ = {steps, error};
    double const factor = std::clamp(std::pow(error / (room * aim_), 1 / order_), 0.5, 2.0);
    auto const next = static_cast<std::int64_t>(std::ceil(factor * static_cast<double>(steps)));
    constexpr double close = 0.85;
    if ((error <= aim_ && factor > close) || ++attempts_ == most_attempts) return {};
    return next;
  }

 private:
  double aim_, claimed_, order_;
  std::optional<std::pair<std::int64_t, double>> before_;
  int attempts_ = 0;
};

double mean_of(std::vector<std::int64_t> const& counts) {
  return static_cast<double>(std::reduce(counts.begin(), counts.end())) /
         static_cast<double>(counts.size());
}

/// Root mean square of what log p differs by.
double distance(Encoded const& a, Encoded const& b, double prior_sigma) {
  double square = 0;
  for (std::size_t row = 0; row < a.z.extent(0); ++row) {
    auto const log_p = [&](Encoded const& run) {
      return log_prior(row_of(run.z, row), prior_sigma) + run.change(row, 0);
    };
    double const off = log_p(a) - log_p(b);
    square += off * off;
  }
  return std::sqrt(square / static_cast<double>(a.z.extent(0)));
}

PilotGrid piloted(Carriers const& carry, Sde const& sde, std::string_view sampler,
                  std::span<double const> pilots, std::int64_t count, Span const& span,
                  PilotOptions const& options) {
  double const tolerance = std::clamp(options.error / rigour, 1e-11, 1e-3);
  Encoded const exact =
      carry.adaptively(pilots, {.tolerance = {tolerance, tolerance}, .kept_steps = kept_steps});
  refuse_unfinished(exact, 0);
  if (*std::max_element(exact.steps.begin(), exact.steps.end()) > kept_steps)
    throw Error(Fault::numerics, "a pilot takes more than " + std::to_string(kept_steps) + " steps",
                "the flow is not smooth", "take an adaptive solver");
  double const order = sampler_entry(sampler).info.order.value_or(1);
  SharedSteps const shared(angle_of(sde.at(*span.from)), exact, order);
  double evaluations = mean_of(exact.evaluations);

  StepSearch search(options.error, order);
  auto steps = options.steps.value_or(
      std::max<std::int64_t>(8, static_cast<std::int64_t>(2 * shared.count())));
  while (true) {
    Grid grid = grid_by(shared, sde, span, steps);
    double error = std::numeric_limits<double>::infinity();
    try {
      Encoded const run = carry.on_grid(pilots, grid);
      evaluations += static_cast<double>(run.evaluations.front());
      error = distance(run, exact, sde.prior_sigma());
    } catch (Error const& blown_up) {
      if (blown_up.fault() != Fault::numerics) throw;
    }
    auto const next = options.steps ? std::nullopt : search.after(steps, error);
    if (!next) return {std::move(grid), error, count, evaluations};
    steps = *next;
  }
}

/// `adaptive` and `fixed` make the executors in the arithmetic asked for.
template <class Adaptive, class Fixed>
PilotGrid piloted(Adaptive const& adaptive, Fixed const& fixed, int dimension, Sde const& sde,
                  std::string_view sampler, std::span<double const> points,
                  PilotOptions const& options) {
  Span const span = ascending(sde, options.span);
  check(sde, span, options);
  auto const pilots = some_of(points, static_cast<std::size_t>(dimension), options.points);
  auto const count = static_cast<std::int64_t>(pilots.size()) / dimension;
  if (count == 0) throw Error(Fault::argument, "there are no points to take pilots from");
  auto const in = [&]<class T>(T) {
    AnySampler const made = make_sampler(sampler);
    auto const by_grid = fixed(T{});
    Carriers const carry{
        .adaptively =
            [&](std::span<double const> x, EncodeOptions const& how) {
              return encode(*adaptive(T{}, span), *step_program_of(dopri5::info.name), sde, span, x,
                            how);
            },
        .on_grid = [&](std::span<double const> x,
                       Grid const& grid) { return encode(*by_grid, made, grid, x); }};
    return piloted(carry, sde, sampler, pilots, count, span, options);
  };
  return options.arithmetic == Arithmetic::in_float ? in(float{}) : in(double{});
}

}  // namespace

PilotGrid pilot_grid(Network const& network, Sde const& sde, std::string_view sampler,
                     std::span<double const> points, PilotOptions const& options) {
  return piloted(
      [&]<class T>(T, Span const& span) { return adaptive_volume_executor<T>(network, sde, span); },
      [&]<class T>(T) { return volume_executor<T>(network); }, network.dimension(), sde, sampler,
      points, options);
}

PilotGrid pilot_grid(Target const& target, Sde const& sde, std::string_view sampler,
                     std::span<double const> points, PilotOptions const& options) {
  Mixture const* const mixture = target.mixture();
  if (mixture == nullptr)
    throw Error(Fault::argument, "pilots need a Gaussian mixture here",
                "other targets have no divergence in kernels", "take an adaptive solver");
  return piloted([&]<class T>(T, Span const&) { return adaptive_volume_executor<T>(*mixture); },
                 [&]<class T>(T) { return volume_executor<T>(*mixture); }, mixture->dimension(),
                 sde, sampler, points, options);
}

}  // namespace retrace
