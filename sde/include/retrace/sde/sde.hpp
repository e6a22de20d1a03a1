// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>
#include <retrace/core/options.hpp>

#include <concepts>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace retrace {

/// Whether a process has a level at every t of a range, or at the integers of it only: a chain,
/// which has neither f nor g2 nor levels between its indices.
enum class Time { continuous, indices };

/// What the registry says of a forward process.
struct SdeInfo {
  std::string_view name;
  std::string_view summary;
  std::string_view paper;
  Time time = Time::continuous;
};

/// A forward process as a user writes it: one struct, its options as members with defaults, and
///   static constexpr SdeInfo info;
///   static std::vector<Option<S>> options();
///   LevelValues at(double t) const;  // exact to rounding on [t_min, t_max], sigma by expm1
///   double t_of_lambda(double lambda) const;  // inverse of lambda(t), also beyond t_max
///   double t_max() const;                     // largest t: where the prior is
///   double prior_sigma() const;               // prior N(0, prior_sigma^2 I)
/// and, where the defaults of Sde do not fit, t_min() (0), smallest_sampling_t() (none: see
/// Sde::default_end) and check() (throws Error for options that do not go together; called by
/// from_spec and by Sde). A discrete one (Time::indices) needs no t_of_lambda. One that computes
/// tables from its options does so in prepare(), which Sde calls on its own copy.
template <class S>
concept Schedule = std::default_initializable<S> && std::copyable<S> &&
    requires(S const& s, double t) {
  { S::info } -> std::convertible_to<SdeInfo>;
  { s.at(t) } -> std::same_as<LevelValues>;
  { s.t_max() } -> std::same_as<double>;
  { s.prior_sigma() } -> std::same_as<double>;
  { S::options() } -> std::same_as<std::vector<Option<S>>>;
} &&(S::info.time == Time::indices || requires(S const& s, double lambda) {
  { s.t_of_lambda(lambda) } -> std::same_as<double>;
});

/// Where a grid ends unless asked otherwise: samplers that add noise stop earlier than ODE solvers
/// and likelihoods.
enum class Solver { stochastic, deterministic };

/// Any forward process dx = f x dt + g dw; a value, cheap to copy.
class Sde {
 public:
  template <Schedule S>
  // NOLINTNEXTLINE(google-explicit-constructor): a schedule is an Sde wherever one is wanted
  Sde(S schedule) : self_(std::make_shared<Model<S> const>(std::move(schedule))) {}

  [[nodiscard]] std::string_view name() const { return self_->info.name; }
  [[nodiscard]] std::vector<std::pair<std::string, OptionValue>> options() const {
    return self_->option_values();
  }
  /// Its times are indices: it has no f and g2, and no levels between them.
  [[nodiscard]] bool is_discrete() const { return self_->info.time == Time::indices; }
  [[nodiscard]] double t_min() const { return self_->t_min; }
  [[nodiscard]] double t_max() const { return self_->t_max; }
  [[nodiscard]] double prior_sigma() const { return self_->prior_sigma(); }

  /// What the clean end (sigma = 0) after the last level is reported as: t = 0, the index -1 of a
  /// discrete process.
  [[nodiscard]] double clean_t() const { return is_discrete() ? -1 : 0; }

  /// Whether there is a level at t; false for NaN.
  [[nodiscard]] bool has_time(double t) const;
  /// The times there are, for messages: "t in [0, 1]".
  [[nodiscard]] std::string times_text() const;

  /// The default `--to`: 1e-3 for stochastic samplers, 1e-5 for deterministic ones and likelihoods;
  /// edm: sigma_min; the least index of a discrete process.
  [[nodiscard]] double default_end(Solver solver) const;

  /// Throws Error (argument) for t that has no level (has_time), and where the schedule gives NaN
  /// or g2 < 0.
  [[nodiscard]] NoiseLevel at(double t) const;
  /// The level of a log-SNR; may lie beyond t_max (churn). Throws for lambda that is not finite or
  /// has no level, and on a discrete process.
  [[nodiscard]] NoiseLevel at_lambda(double lambda) const;

 private:
  struct Concept {
    virtual ~Concept() = default;
    SdeInfo info;
    double t_min = 0, t_max = 0;
    [[nodiscard]] virtual std::vector<std::pair<std::string, OptionValue>> option_values()
        const = 0;
    [[nodiscard]] virtual LevelValues at(double t) const = 0;
    [[nodiscard]] virtual double t_of_lambda(double lambda) const = 0;
    [[nodiscard]] virtual double prior_sigma() const = 0;
    [[nodiscard]] virtual double smallest_sampling_t() const = 0;
  };
  template <class S>
  struct Model final : Concept {
    explicit Model(S s) : schedule(std::move(s)) {
      if constexpr (requires { schedule.check(); }) schedule.check();
      if constexpr (requires { schedule.prepare(); }) schedule.prepare();
      if constexpr (requires { schedule.t_min(); }) t_min = schedule.t_min();
      t_max = schedule.t_max();
      info = S::info;
    }
    [[nodiscard]] std::vector<std::pair<std::string, OptionValue>> option_values() const override {
      return retrace::option_values(schedule);
    }
    [[nodiscard]] LevelValues at(double t) const override { return schedule.at(t); }
    [[nodiscard]] double t_of_lambda(double l) const override {
      if constexpr (S::info.time == Time::continuous) return schedule.t_of_lambda(l);
      return std::numeric_limits<double>::quiet_NaN();
    }
    [[nodiscard]] double prior_sigma() const override { return schedule.prior_sigma(); }
    [[nodiscard]] double smallest_sampling_t() const override {
      if constexpr (requires { schedule.smallest_sampling_t(); })
        return schedule.smallest_sampling_t();
      return 0;
    }
    S schedule;
  };
  std::shared_ptr<Concept const> self_;
};

}  // namespace retrace
