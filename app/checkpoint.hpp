// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "columns.hpp"
#include "json.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace retrace::app {

/// What a long run has done so far: an .npz of its columns and, as the bytes of a JSON object in
/// the array `run`, of what the run is. Appears complete or not at all, so that a killed run leaves
/// the last one whole.
struct Checkpoint {
  Json run;
  Columns columns;
};

/// Nothing where there is no such file. Throws Error (file) for one that is no checkpoint.
[[nodiscard]] std::optional<Checkpoint> read_checkpoint(std::string const& path);
void write_checkpoint(std::string const& path, Checkpoint const& checkpoint);

/// Throws Error (argument) that names the first field in which the run of a checkpoint is another.
void require_same_run(std::string const& path, Json const& saved, Json const& run);

/// 64 bits of numbers, as hexadecimal text, by FNV-1a over their bytes.
[[nodiscard]] std::string digest_of(std::span<double const> numbers);

}  // namespace retrace::app
