// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>
#include <retrace/core/prediction.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace retrace {

/// What a module is told of a noise level, by its second argument: the same number for all samples
/// of a batch, as a tensor [n].
struct ModuleTime {
  enum class Kind {
    time,       ///< scale times t of the process, on a discrete one the index
    log_sigma,  ///< log(sigma / alpha) / 4, the c_noise of EDM (Karras et al. 2022, table 1)
    sigma,      ///< sigma / alpha, which is sigma on `ve` and `edm`
    index       ///< t of a discrete process as an integer (int64), for modules that look it up
  };
  Kind kind = Kind::time;
  double scale = 1;  ///< of `time`: 999 or 1000 for networks that were told steps of a thousand

  /// Of `time`, `time:scale=1000`, `log-sigma`, `sigma`, `index`. Throws Error (argument).
  [[nodiscard]] static ModuleTime parse(std::string_view text);

  /// Throws Error (argument) where it does not exist: at alpha = 0 or sigma = 0, and an index of a
  /// continuous process.
  [[nodiscard]] double at(NoiseLevel const& level) const;
};

/// What must be known of a module to use it, as far as it is known.
struct ModuleConventions {
  std::vector<std::int64_t> shape{};  ///< of one sample, as the module sees it: {3, 32, 32}
  std::optional<Prediction> prediction{};
  std::optional<ModuleTime> time{};
  std::string sde{};  ///< that it was trained on, as make_sde() takes it

  /// From the JSON object in a TorchScript file's extra file `retrace.json`, with any of the fields
  ///   {"shape": [3, 32, 32], "prediction": "noise", "conditioning": "time:scale=1000", "sde":
  ///   "vp"}
  /// Throws Error (file) for anything else, naming `file`, field, expected and found.
  [[nodiscard]] static ModuleConventions parse(std::string_view json, std::string_view file);

  /// These, and where they say nothing what `others` say.
  [[nodiscard]] ModuleConventions or_else(ModuleConventions const& others) const;
};

/// Of `3x32x32`. Throws Error (argument), naming `what`, for anything but numbers of 1 or more that
/// make at most 2^24 together.
[[nodiscard]] std::vector<std::int64_t> parse_shape(std::string_view what, std::string_view text);
/// The way back.
[[nodiscard]] std::string shape_text(std::vector<std::int64_t> const& shape);

/// Of `noise`, `denoised`, `v`, `flow` or `score`. Throws Error (argument).
[[nodiscard]] Prediction parse_prediction(std::string_view text);

}  // namespace retrace
