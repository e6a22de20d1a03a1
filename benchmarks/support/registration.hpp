// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <string>

namespace retrace::benchmarks {

/// How much work a program does, chosen on its command line: `--repetitions=N`, or `--dry-run`,
/// which only shows that every benchmark runs.
struct Effort {
  int repetitions = 25;
  bool dry_run = false;

  /// `full`, or a hundredth of it.
  [[nodiscard]] std::int64_t scaled(std::int64_t full) const {
    return dry_run ? (full + 99) / 100 : full;
  }
};
[[nodiscard]] Effort const& effort();

/// Adds a benchmark, one that calls a function of support/paired.hpp once.
void add(std::string const& name, std::function<void(benchmark::State&)> run);

/// What every program defines: calls add() for each of its benchmarks.
void register_benchmarks();

}  // namespace retrace::benchmarks
