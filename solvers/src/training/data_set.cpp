// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/memory.hpp>
#include <retrace/io/zip.hpp>
#include <retrace/training/data_set.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace retrace {
namespace {

constexpr std::int64_t fewest = 2;
constexpr std::size_t block_numbers = std::size_t{1} << 16;

/// Mean and sum of squared deviations of a component, block after block (Chan et al. 1979): one
/// pass, and no cancellation.
struct Moments {
  double count = 0, mean = 0, squares = 0;

  void add(double n, double mean_of_block, double squares_of_block) {
    double const away = mean_of_block - mean, all = count + n;
    mean += away * (n / all);
    squares += squares_of_block + away * away * (count * n / all);
    count = all;
  }
};

}  // namespace

DataSet::DataSet(std::vector<double> rows, int dimension)
    : dimension_(dimension),
      count_(static_cast<std::int64_t>(rows.size()) / dimension),
      values_(std::make_shared<std::vector<double> const>(std::move(rows))) {
  if (count_ < fewest)
    throw Error(Fault::argument,
                "a data set of " + std::to_string(count_) + (count_ == 1 ? " row" : " rows") +
                    " cannot be trained on",
                "training needs 2 or more");
  measure();
}

std::uint64_t DataSet::usually_in_memory() { return available_memory() / 4; }

DataSet::DataSet(std::filesystem::path const& npy, std::uint64_t in_memory)
    : file_(std::make_shared<NpyRows const>(npy)) {
  constexpr std::int64_t widest = 1 << 20;
  if (file_->columns() > widest)
    file_->refuse("its rows have " + std::to_string(file_->columns()) + " numbers",
                  "the limit is " + std::to_string(widest));
  count_ = file_->rows();
  if (count_ < fewest)
    file_->refuse("it has " + std::to_string(count_) + (count_ == 1 ? " row" : " rows"),
                  "training needs 2 or more");
  dimension_ = static_cast<int>(file_->columns());
  std::size_t const numbers = static_cast<std::size_t>(count_) * std::size_t(dimension_);
  if (numbers <= in_memory / sizeof(double)) {
    require_memory("the " + std::to_string(numbers) + " numbers of " + file_->name(),
                   numbers * sizeof(double));
    std::vector<double> values(numbers);
    file_->read(0, values);
    values_ = std::make_shared<std::vector<double> const>(std::move(values));
    file_.reset();
  }
  measure();
}

void DataSet::read_raw(std::int64_t first, std::span<double> x) const {
  if (file_) return file_->read(first, x);
  auto const from = static_cast<std::ptrdiff_t>(first * dimension_);
  std::copy_n(values_->begin() + from, x.size(), x.begin());
}

void DataSet::read(std::span<std::int64_t const> rows, std::span<double> x) const {
  auto const d = static_cast<std::size_t>(dimension_);
  if (file_) {
    for (std::size_t i = 0; i < rows.size(); ++i) file_->read(rows[i], x.subspan(i * d, d));
  } else {
    // A loop that does nothing else, so that the processor waits for many rows at once.
    for (std::size_t i = 0; i < rows.size(); ++i) {
      double const* const from = values_->data() + rows[i] * dimension_;
      for (std::size_t c = 0; c < d; ++c) x[i * d + c] = from[c];
    }
  }
  normalisation_.to_network(x);
}

void DataSet::measure() {
  auto const d = static_cast<std::size_t>(dimension_);
  std::vector<Moments> moments(d);
  std::uint32_t crc = 0;
  auto const per_block = static_cast<std::int64_t>(std::max<std::size_t>(1, block_numbers / d));
  std::vector<double> block;
  for (std::int64_t first = 0; first < count_; first += per_block) {
    auto const n = static_cast<std::size_t>(std::min(per_block, count_ - first));
    block.resize(n * d);
    read_raw(first, block);
    crc = zip_crc(crc, std::as_bytes(std::span(block)));
    for (std::size_t c = 0; c < d; ++c) {
      double sum = 0, squares = 0;
      for (std::size_t i = 0; i < n; ++i) sum += block[i * d + c];
      double const mean = sum / static_cast<double>(n);
      for (std::size_t i = 0; i < n; ++i) {
        double const away = block[i * d + c] - mean;
        squares += away * away;
      }
      moments[c].add(static_cast<double>(n), mean, squares);
    }
  }
  name_ = "data:" + std::to_string(count_) + "x" + std::to_string(d) + ":" + std::to_string(crc);
  for (std::size_t c = 0; c < d; ++c) {
    double const deviation = std::sqrt(moments[c].squares / moments[c].count);
    if (!std::isfinite(deviation) || !std::isfinite(moments[c].mean))
      throw Error(Fault::argument, "column " + std::to_string(c) + " of the data has no variance",
                  "the squares of its numbers overflow");
    // What rounding leaves of a constant is none.
    bool const varies = deviation > 1e-12 * std::abs(moments[c].mean);
    normalisation_.mean.push_back(moments[c].mean);
    normalisation_.std.push_back(varies ? deviation : 1);
  }
}

}  // namespace retrace
