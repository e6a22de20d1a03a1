// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace retrace::benchmarks {

/// Prints a line a benchmark: its name and its counters, in columns. (Google Benchmark's own tables
/// lead with the mean time of an iteration; here that is a median already.)
class Table final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(Context const&) override { return true; }
  void ReportRuns(std::vector<Run> const& runs) override;

 private:
  std::vector<std::string> columns_;
};

}  // namespace retrace::benchmarks
