// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"
#include "choices.hpp"
#include "subject.hpp"

#include <retrace/models/score_error.hpp>
#include <retrace/nn/bf16_network.hpp>
#include <retrace/nn/guided.hpp>
#include <retrace/run/adaptive_result.hpp>
#include <retrace/trace/trace.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace retrace::app {

/// The command line of `sample`.
struct SampleArguments : Arguments {
  SampleArguments();

  Given target = option("--target", "NAME", "the target");
  Given model = option("--model", "FILE", help_of_model);
  Given of_class = option("--class", "K", help_of_class);
  Given condition = option("--condition", "Y,Y,...", help_of_condition);
  Given guidance = option("--guidance", "W",
                          "with --class: classifier-free guidance, (1 + W) times the\n"
                          "prediction for the class, minus W times that without one;\n"
                          "an evaluation of the model is then two of the network");
  ModuleOptions module{*this};
  Given sde = option("--sde", "NAME", help_of_sde);
  Given sampler = option("--sampler", "NAME", "the sampler");
  Given eta = option("--eta", "E", "the same as --sampler ddim:eta=E");
  Given steps = option("--steps", "N", "number of steps");
  Given grid = option("--grid", "NAME", "where they are (default: what the sampler recommends)");
  Given times = option("--times", "T,T,...", "instead of --steps and --grid: these levels");
  Given from = option("--from", "T", help_of_from);
  Given to = option("--to", "T", help_of_to);
  Given samples = option("--samples", "N", "number of samples (default: 10000)");
  Given seed = option("--seed", "S", "0 to 2^64 - 1 (default: a random one, reported)");
  Given first = option("--first-sample", "A", "number of the first sample (default: 0)");
  Given init = option("--init", "FILE", "states to start from, .npy [n, d]");
  Given noise = option("--noise", "FILE", "noise to use, .npy [draws, n, d]");
  Given precision = option("--precision", "f32|f64|bf16",
                           "of state, model and file (default: f32); bf16: f32, and the\n"
                           "matrices of a network in bf16");
  Given path = flag("--path",
                    "noise of one Brownian path: the same seed with other steps, grids or\n"
                    "samplers follows the same path");
  Given score_error = option("--score-error", "KIND", help_of_score_error);
  Given denoise = flag("--denoise", "leave the noise out of the last step");
  Given rtol = option("--rtol", "R", "adaptive samplers: relative tolerance (default: 1e-5)");
  Given atol = option("--atol", "A", "adaptive samplers: absolute tolerance (default: 1e-5)");
  Given out = option("--out", "FILE", "where to write the .npy");
};

/// What is asked for, checked.
struct Plan {
  Subject subject;
  std::string sde_text;
  Sde sde;
  ChosenSampler sampler;
  ChosenGrid grid;
  std::optional<ScoreError> error;
  std::optional<Bf16Network> rounded = {};  ///< the network, where --precision is bf16
  std::optional<GuidedNetwork> guided{};
  std::uint64_t seed = 0;
  std::int64_t first = 0;
  LastNoise last_noise = LastNoise::keep;
  Tolerance tolerance{};

  [[nodiscard]] bool adaptive() const { return sampler.info.stepping == Stepping::adaptive; }
};

/// Throws Error (argument) for what does not exist, is out of range or does not go together.
[[nodiscard]] Plan plan_of(SampleArguments const& arguments);

}  // namespace retrace::app
