// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/io/network_file.hpp>
#include <retrace/io/npy_rows.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace retrace {

/// The rows of a data set, [n][d], normalised: minus their mean, divided by their standard
/// deviation, component by component (by 1 where that is 0). In memory, or streamed from an .npy:
/// read again each time, so that it may be larger than memory. A value; copies share the rows.
/// Calls may run in parallel. Bits do not depend on where the rows are.
class DataSet {
 public:
  /// Throws Error (argument) for fewer than two rows, and where squares overflow.
  DataSet(std::vector<double> rows, int dimension);
  /// Kept in memory where it takes at most so many bytes, as doubles, else streamed. Throws Error
  /// (file) as NpyRows, also for numbers that are not finite, all of which it looks
  /// at; (argument) as above.
  explicit DataSet(std::filesystem::path const& npy, std::uint64_t in_memory = usually_in_memory());
  /// A quarter of the memory that is available. Streaming takes a call of the system for every row.
  [[nodiscard]] static std::uint64_t usually_in_memory();

  [[nodiscard]] std::int64_t rows() const { return count_; }
  [[nodiscard]] int dimension() const { return dimension_; }
  [[nodiscard]] bool streamed() const { return file_ != nullptr; }
  [[nodiscard]] Normalisation const& normalisation() const { return normalisation_; }
  /// What a checkpoint remembers it by: size and check sum.
  [[nodiscard]] std::string const& name() const { return name_; }

  /// A row, normalised. Throws Error (file) where a streamed file has been cut.
  void read(std::int64_t row, std::span<double> x) const { read(std::span(&row, 1), x); }
  /// The same of several rows, [n][d].
  void read(std::span<std::int64_t const> rows, std::span<double> x) const;

 private:
  void measure();
  void read_raw(std::int64_t first, std::span<double> x) const;

  int dimension_;
  std::int64_t count_;
  std::shared_ptr<std::vector<double> const> values_;
  std::shared_ptr<NpyRows const> file_;
  Normalisation normalisation_;
  std::string name_;
};

}  // namespace retrace
