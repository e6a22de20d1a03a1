// SPDX-License-Identifier: Apache-2.0
#include "support/table.hpp"

#include <iomanip>
#include <ostream>

namespace retrace::benchmarks {
namespace {

constexpr int name_width = 44, column_gap = 2, significant = 4;

/// Without what Google Benchmark appends of its own: the number of iterations, the kind of time.
std::string short_name(benchmark::BenchmarkReporter::Run const& run) {
  return run.run_name.function_name;
}

int width(std::string const& column) {
  constexpr int number = 9;
  int const title = static_cast<int>(column.size());
  return column_gap + (title > number ? title : number);
}

}  // namespace

void Table::ReportRuns(std::vector<Run> const& runs) {
  std::ostream& out = GetOutputStream();
  for (Run const& run : runs) {
    if (run.error_occurred) {
      out << std::left << std::setw(name_width) << short_name(run) << "  " << run.error_message
          << '\n';
      continue;
    }
    std::vector<std::string> columns;
    for (auto const& [name, counter] : run.counters) columns.push_back(name);
    if (columns != columns_) {
      columns_ = columns;
      out << '\n' << std::left << std::setw(name_width) << "";
      for (std::string const& column : columns)
        out << std::right << std::setw(width(column)) << column;
      out << '\n';
    }
    out << std::left << std::setw(name_width) << short_name(run) << std::right
        << std::setprecision(significant);
    for (auto const& [name, counter] : run.counters)
      out << std::setw(width(name)) << static_cast<double>(counter);
    out << std::endl;  // the next one may take a while
  }
}

}  // namespace retrace::benchmarks
