// SPDX-License-Identifier: Apache-2.0

#include <retrace/core/error.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/sde/grid.hpp>

#include <cassert>
#include <memory>
#include <string>
#include <utility>

namespace retrace {
namespace {

std::string level_at(std::int64_t k, double t) {
  return "level " + std::to_string(k) + " of the grid at t = " + shortest(t);
}

/// That time(0 .. levels - 1) lie in the range of the process and rise or fall strictly.
void check_times(Sde const& sde, std::int64_t levels, Grid::Rule const& time) {
  double first = 0, last = 0;
  bool falls = true;
  for (std::int64_t k = 0; k < levels; ++k) {
    if (k % (1 << 16) == 0) throw_if_interrupted();
    double const t = time(k);
    if (!sde.has_time(t))
      throw Error(Fault::argument, level_at(k, t) + " is outside the times of the SDE",
                  std::string(sde.name()) + " takes " + sde.times_text());
    if (k == 0) first = t;
    if (k == 1) falls = t < first;
    if (k > 0 && !(falls ? t < last : t > last))
      throw Error(Fault::argument, level_at(k, t) + " follows one at t = " + shortest(last),
                  "times must rise or fall strictly");
    last = t;
  }
}

Grid::Rule times_of(std::vector<double> times) {
  // Shared, so that a Grid stays cheap to copy.
  return [shared = std::make_shared<std::vector<double> const>(std::move(times))](std::int64_t k) {
    return (*shared)[static_cast<std::size_t>(k)];
  };
}

}  // namespace

void Grid::check_steps(std::int64_t steps) {
  if (steps < 1 || steps > max_steps)
    throw Error(Fault::argument, "the number of steps cannot be " + std::to_string(steps),
                "it takes one in [1, " + std::to_string(max_steps) + "]");
}

Grid::Grid(Sde sde, std::int64_t levels, Rule time, Final final)
    : sde_(std::move(sde)), time_(std::move(time)), noisy_(levels) {
  if (levels < 1)
    throw Error(Fault::argument, "a grid without levels", "it takes at least two times");
  check_steps(final == Final::zero ? levels : levels - 1);
  check_times(sde_, levels, time_);
  backwards_ = levels == 1 || time_(1) < time_(0);
  if (sde_.at(time_(0)).is_clean())
    throw Error(Fault::argument, "the grid starts at sigma = 0, at t = " + shortest(time_(0)),
                "the data themselves are no noise level", "start at a larger t");
  bool const reaches_clean = sde_.at(time_(levels - 1)).is_clean();
  if (final == Final::zero && (reaches_clean || !backwards_))
    throw Error(Fault::argument,
                reaches_clean ? "the grid reaches sigma = 0 before its last step to sigma = 0"
                              : "a grid from data to noise cannot go on to sigma = 0",
                "give it final=eps");
  if (reaches_clean) --noisy_;
  ends_clean_ = reaches_clean || final == Final::zero;
}

Grid::Grid(Sde sde, std::vector<double> times, Final final)
    : Grid(std::move(sde), std::ssize(times), times_of(times), final) {}

NoiseLevel Grid::level(std::int64_t k) const {
  assert(k >= 0 && k <= count());
  return k < noisy_ ? sde_.at(time_(k)) : NoiseLevel::clean(sde_.clean_t());
}

NoiseLevel Grid::between(NoiseLevel const& s, NoiseLevel const& t, double r) const {
  // The ends are themselves, not rounded by way of lambda: an evaluation there is the same
  // evaluation.
  if (r == 0) return s;
  if (r == 1) return t;
  return sde_.at_lambda(s.lambda() + r * (t.lambda() - s.lambda()));
}

Grid Grid::reversed() const {
  if (ends_clean_)
    throw Error(Fault::argument, "a grid that ends at sigma = 0 cannot be run the other way",
                "the data themselves are no noise level", "give it final=eps");
  Grid other = *this;
  other.time_ = [time = time_, last = noisy_ - 1](std::int64_t k) { return time(last - k); };
  other.backwards_ = !backwards_;
  return other;
}

}  // namespace retrace
