// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/sde.hpp>

#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <vector>

namespace retrace {

/// Where the last step of a grid goes: to the level `to` itself, or from there on to the clean end
/// (sigma = 0).
enum class Final { eps, zero };

/// From which t to which; what is left out is the SDE's t_max and its default end for deterministic
/// samplers.
struct Span {
  std::optional<double> from{}, to{};
};

/// The noise levels a sampler steps through, strictly monotone in t, in either direction. A value:
/// it keeps the rule that makes the times, not the times, so that its size does not depend on the
/// number of steps.
///
/// Samplers iterate over steps(), which never includes a step to sigma = 0: that one is the
/// tracer's (first order, without noise). count() includes it.
class Grid {
 public:
  using Rule = std::function<double(std::int64_t)>;

  /// The levels at time(0), ..., time(noisy - 1), then the clean end if `final` is zero. A last
  /// level with sigma = 0 (t = 0 on VP) counts as the clean end. Throws Error (argument) naming the
  /// index for times that are NaN, outside the SDE's range or not strictly monotone, for no step at
  /// all, for more than max_steps, for a first level with sigma = 0, and for Final::zero where the
  /// times rise or reach sigma = 0 themselves.
  Grid(Sde sde, std::int64_t levels, Rule time, Final final);

  /// Explicit times.
  Grid(Sde sde, std::vector<double> times, Final final = Final::eps);

  /// A bound of the counter layout of the noise (core/noise_key.hpp).
  static constexpr std::int64_t max_steps = std::int64_t{1} << 26;
  /// Throws Error (argument) unless `steps` is in [1, max_steps].
  static void check_steps(std::int64_t steps);

  struct Step {
    NoiseLevel s, t;
    std::int64_t i;
  };
  class Iterator;
  struct Steps {
    Grid const* grid;
    [[nodiscard]] Iterator begin() const;
    [[nodiscard]] Iterator end() const;
  };

  [[nodiscard]] Sde const& sde() const { return sde_; }
  /// Steps between levels with sigma > 0, in order.
  [[nodiscard]] Steps steps() const { return {this}; }
  /// Number of steps, the one to the clean end included.
  [[nodiscard]] std::int64_t count() const { return noisy_ - 1 + (ends_clean_ ? 1 : 0); }
  /// Number of levels with sigma > 0.
  [[nodiscard]] std::int64_t noisy_levels() const { return noisy_; }
  [[nodiscard]] bool ends_clean() const { return ends_clean_; }
  /// From noise to data (t falls) or from data to noise.
  [[nodiscard]] bool runs_backwards() const { return backwards_; }
  /// Level k of 0 .. count(); the last is the clean one where the grid ends so.
  [[nodiscard]] NoiseLevel level(std::int64_t k) const;
  /// t of level k; Sde::clean_t() for the clean end.
  [[nodiscard]] double time(std::int64_t k) const { return k < noisy_ ? time_(k) : sde_.clean_t(); }
  /// The level a fraction r of the way from s to t in lambda; on a discrete process s or t.
  [[nodiscard]] NoiseLevel between(NoiseLevel const& s, NoiseLevel const& t, double r) const;
  /// The same levels in the other order. Throws where the grid ends clean.
  [[nodiscard]] Grid reversed() const;

 private:
  Sde sde_;
  Rule time_;
  std::int64_t noisy_ = 0;
  bool ends_clean_ = false;
  bool backwards_ = true;
};

class Grid::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Step;
  using difference_type = std::int64_t;
  using pointer = Step const*;
  using reference = Step;

  Iterator(Grid const* grid, std::int64_t i) : grid_(grid), i_(i) {
    if (i_ + 1 < grid_->noisy_levels()) here_ = {grid_->level(i_), grid_->level(i_ + 1), i_};
  }
  [[nodiscard]] Step operator*() const { return *here_; }
  Iterator& operator++() {
    ++i_;
    if (i_ + 1 < grid_->noisy_levels()) here_ = {here_->t, grid_->level(i_ + 1), i_};
    return *this;
  }
  [[nodiscard]] bool operator==(Iterator const& other) const { return i_ == other.i_; }

 private:
  Grid const* grid_;
  std::int64_t i_;
  std::optional<Step> here_;  // a level is computed once, for the step that ends there
};

inline Grid::Iterator Grid::Steps::begin() const { return {grid, 0}; }
inline Grid::Iterator Grid::Steps::end() const { return {grid, grid->noisy_levels() - 1}; }

}  // namespace retrace
