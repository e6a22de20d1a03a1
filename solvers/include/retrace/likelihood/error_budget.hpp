// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace retrace {

/// How many probes a point has: as asked, or as many as made its interval narrow (HalfWidth).
enum class ProbeCount { given, until_narrow };

/// How far log likelihoods can be from log p of the data, and why: a term for each cause, none
/// negative, in nats, [n] each. Every term but `trace` bounds or estimates an error of its own run;
/// `trace` is a standard error.
struct ErrorBudget {
  std::vector<double> ode = {};    ///< of the integration
  std::vector<double> trace = {};  ///< standard error over the probes; 0 where the divergence is
                                   ///< exact, infinite for one probe
  std::vector<double> prior = {};  ///< |log p_T(z) - log prior(z)|
  /// |log p_data(x) - log p_from(x)|, or what is left of it after a correction; infinite where
  /// p_data is 0.
  std::vector<double> truncation = {};
  std::vector<std::int64_t> probes = {};  ///< that `trace` is a spread of; 0: exact
  ProbeCount probe_count = ProbeCount::given;

  [[nodiscard]] double total(std::size_t row) const {
    return ode[row] + trace[row] + prior[row] + truncation[row];
  }

  /// Half of the width of an interval about log likelihood `row` that holds log p of the data with
  /// this confidence: the other terms, and probe_quantile() times the spread of the probes. It
  /// supposes that their mean is nearly normal, as it is for Gaussian probes by the dozen in ten
  /// dimensions and more. For Rademacher probes in few dimensions, whose estimates take two or
  /// three values, there is no such interval. Throws Error (argument) for a confidence outside (0,
  /// 1).
  [[nodiscard]] double half_width(std::size_t row, double confidence) const;
  /// The part of the probes alone; by confidence_of_a_look() where they were added until it was
  /// narrow.
  [[nodiscard]] double trace_half_width(std::size_t row, double confidence) const;
};

/// 1 - (1 - confidence) / 2. An interval that is looked at after every round, and taken when it is
/// narrow, is taken where the spread of the probes happens to be small: it holds the truth less
/// often than one of a number of probes known before. From 32 probes on that hardly ever happens at
/// more than two looks, so that by half of the risk at each it holds what was asked for.
[[nodiscard]] double confidence_of_a_look(double confidence);

/// How many standard errors an interval of the mean of `count` estimates, 2 or more, extends: the
/// quantile of Student's t with half of the usual freedom. An estimate by a Gaussian probe is a sum
/// of weighted squares, sum a_i g_i^2, of excess kurtosis k = 12 sum a^4 / (sum a^2)^2, and the
/// spread of such numbers is known as that of (count - 1) / (1 + k / 2) normal ones (Box 1953,
/// Biometrika 40). This is for k = 2, that of six equal directions. In ten dimensions, with 16 to
/// 64 probes, 95 % are 95.0 to 95.9 then, where the usual freedom makes 93.5 to 94.6.
[[nodiscard]] double probe_quantile(double confidence, std::int64_t count);

/// The t with P(|T| <= t) = confidence for Student's distribution, freedom >= 1.
[[nodiscard]] double student_quantile(double confidence, std::int64_t freedom);

}  // namespace retrace
