// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/core/options.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/training/training_options.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace retrace {
namespace {

void check_real(char const* what, double value, Range range) {
  if (!range.holds(value))
    throw Error(Fault::argument, "the " + std::string(what) + " of training is " + shortest(value),
                "it must lie in " + range.text());
}

void check_count(char const* what, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high)
    throw Error(Fault::argument,
                "the " + std::string(what) + " of training is " + std::to_string(value),
                "it must lie in [" + std::to_string(low) + ", " + std::to_string(high) + "]");
}

}  // namespace

void check(TrainingOptions const& o) {
  check_count("number of iterations", o.iterations, 1, DrawKey::max_step);
  check_count("batch", o.batch, 1, std::int64_t{1} << 24);
  check_count("warm-up", o.warm_up, 0, DrawKey::max_step);
  check_real("learning rate", o.learning_rate, Range::positive());
  check_real("weight decay", o.weight_decay, Range::at_least(0));
  check_real("clipping", o.clip, Range::at_least(0));
  check_count("number of averages", static_cast<std::int64_t>(o.ema.size()), 1, 16);
  for (double const rate : o.ema)
    if (!(rate >= 0 && rate < 1))
      throw Error(Fault::argument, "a rate of averages is " + shortest(rate),
                  "it must lie in [0, 1)");
  if (!(o.drop_condition >= 0 && o.drop_condition <= 1))
    throw Error(Fault::argument,
                "the share of examples without their class is " + shortest(o.drop_condition),
                "it must lie in [0, 1]");
}

double learning_rate_at(TrainingOptions const& o, std::int64_t i) {
  double const done = static_cast<double>(i) / static_cast<double>(o.iterations);
  double const warm =
      o.warm_up > 0 ? std::min(1.0, static_cast<double>(i + 1) / static_cast<double>(o.warm_up))
                    : 1.0;
  return o.learning_rate * warm * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

}  // namespace retrace
