// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"
#include "arrays.hpp"
#include "choices.hpp"
#include "integer_data.hpp"
#include "subject.hpp"

#include <retrace/likelihood/log_likelihood.hpp>
#include <retrace/likelihood/probes.hpp>
#include <retrace/models/score_error.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace retrace::app {

/// The command line of `likelihood`.
struct LikelihoodArguments : Arguments {
  LikelihoodArguments();

  Given target = option("--target", "NAME", "the target");
  Given model = option("--model", "FILE", help_of_model);
  Given of_class = option("--class", "K", help_of_class);
  Given condition = option("--condition", "Y,Y,...", help_of_condition);
  ModuleOptions module{*this};
  Given sde = option("--sde", "NAME", help_of_sde);
  Given points = option("--points", "FILE", "the points, .npy [n, d]");
  Given samples = option("--samples", "N",
                         "instead: N exact draws of the target, also stored as the array\n"
                         "points");
  Given integers = option("--integers", "BITS",
                          "the points are integers 0 .. 2^BITS - 1 of any type: bound their\n"
                          "log probability by uniform noise, as the array log_probability");
  Given draws = option("--draws", "K", "of that noise for each point (default: 1)");
  Given scale = option("--scale", "LOW,HIGH",
                       "where the model has them: y = LOW + (HIGH - LOW) (x + noise) / 2^BITS\n"
                       "(default: -1,1)");
  Given divergence = option("--divergence", "HOW", "exact, hutchinson or hutch++ (default: exact)");
  Given probes =
      option("--probes", "K", "number of probes (default: 8; the first ones of --half-width: 32)");
  Given probe_law = option("--probe-law", "LAW", "rademacher (default) or gaussian");
  Given probe = option("--probe", "FILE", "instead: these probes, .npy [n, d] or [K, n, d]");
  Given seed = option("--seed", "S", "of all that is drawn (default: a random one, reported)");
  Given solver = option("--solver", "NAME",
                        "dopri5 (default), tsit5, cash-karp54, fehlberg78,\n"
                        "bulirsch-stoer; with --steps or --times a\n"
                        "deterministic sampler");
  Given rtol = option("--rtol", "R", "relative tolerance (default: 1e-5)");
  Given atol = option("--atol", "A", "absolute tolerance (default: 1e-5)");
  Given steps = option("--steps", "N", "fixed steps: how many");
  Given grid = option("--grid", "NAME", "where they are (default: what the sampler recommends)");
  Given times = option("--times", "T,T,...", "instead: these levels, rising");
  Given error = option("--error", "NATS",
                       "instead: one grid for all points, chosen by pilots among\n"
                       "them so that log p is off by NATS, root mean square\n"
                       "(--solver: exp-abm-5:start=low)");
  Given from = option("--from", "T", "time of the data (default: 1e-5; edm: sigma_min)");
  Given to = option("--to", "T", "time of the noise (default: the largest)");
  Given max_evaluations = option("--max-evaluations", "N", "for each point (default: 1000000)");
  Given score_error = option("--score-error", "KIND", help_of_score_error);
  Given half_width = option("--half-width", "W",
                            "add probes (gaussian unless --probe-law says otherwise)\n"
                            "until their interval is mean +- W nats");
  Given confidence = option("--confidence", "C", "of that interval (default: 0.95)");
  Given max_probes = option("--max-probes", "N", "of each point for --half-width (default: 4096)");
  Given truncation = option("--truncation", "HOW",
                            "reported (default), or corrected: log p of the data to\n"
                            "first order, by Tweedie's formula at --from");
  Given round_trip = flag("--round-trip", "carry z back: |x - x'| as the array round_trip");
  Given checkpoint =
      option("--checkpoint", "FILE", "keep what is done in this file, and go on from it");
  Given no_budget = flag("--no-budget", "leave the error budget out: a third of the time");
  Given out = option("--out", "FILE", "where to write: .npy for log p, .npz for everything");
};

/// What pilots found.
struct PilotFindings {
  std::int64_t points;
  double error;  ///< of log p, root mean square, nats
};

/// What is asked for, checked as far as it can be without the points.
struct LikelihoodPlan {
  Subject subject;
  std::string sde_text;
  Sde sde;
  std::string solver;
  Span span;
  std::optional<ChosenGrid> grid;  ///< where steps are fixed
  std::optional<ScoreError> score_error;
  std::optional<IntegerData> integers;
  std::string divergence;
  std::uint64_t seed = 0;
  Tolerance tolerance{};
  std::optional<HalfWidth> half_width{};
  std::optional<double> error{};          ///< that pilots aim at
  std::optional<PilotFindings> pilots{};  ///< see choose_steps()
  Truncation truncation = Truncation::reported;
  ProbeLaw law = ProbeLaw::rademacher;
};

/// Throws Error (argument) for what does not exist, is out of range or does not go together.
[[nodiscard]] LikelihoodPlan likelihood_plan_of(LikelihoodArguments const& arguments);

/// Lets pilots among the points, as the model knows them, choose the grid of a plan with an error
/// to aim at.
void choose_steps(LikelihoodPlan& plan, NpyArray const& points);

/// Some of the points of a run: rows first .. first + count - 1.
struct Part {
  std::int64_t first, count;
};

/// The estimator that the plan names, for part of the points; empty for the exact divergence.
/// `given` are the probes of --probe for all points. Errors as those of Probes.
[[nodiscard]] std::optional<DivergenceEstimator> divergence_of(
    LikelihoodArguments const& arguments, LikelihoodPlan const& plan,
    std::optional<GivenProbes> const& given, std::int64_t points, Part const& part);

}  // namespace retrace::app
