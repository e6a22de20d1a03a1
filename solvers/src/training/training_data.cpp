// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/core/error.hpp>
#include <retrace/io/zip.hpp>
#include <retrace/training/training_data.hpp>

#include <algorithm>
#include <cmath>

namespace retrace {
namespace {

constexpr int draw_of_datum = 2;
// Rows 9, 19, ... are for validation.
constexpr std::int64_t every = 10, least_to_divide = 20;
// Draws for validation are numbered where no training comes to.
constexpr std::int64_t first_for_validation = std::int64_t{1} << 62;

}  // namespace

TrainingData::TrainingData(Target target, std::string name)
    : dimension_(target.dimension()), name_(std::move(name)), target_(std::move(target)) {}

TrainingData::TrainingData(std::vector<double> rows, int dimension) : dimension_(dimension) {
  auto const d = static_cast<std::size_t>(dimension);
  std::size_t const n = rows.size() / d;
  if (n < 2)
    throw Error(Fault::argument,
                "a data set of " + std::to_string(n) + " rows cannot be trained on",
                "a network needs two or more");
  auto const crc = zip_crc(0, std::as_bytes(std::span(rows)));
  name_ = "data:" + std::to_string(n) + "x" + std::to_string(d) + ":" + std::to_string(crc);
  for (std::size_t c = 0; c < d; ++c) {
    double sum = 0, square = 0;
    for (std::size_t i = 0; i < n; ++i) sum += rows[i * d + c];
    double const mean = sum / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) {
      double const away = rows[i * d + c] - mean;
      square += away * away / static_cast<double>(n);
    }
    // What rounding leaves of a constant is none.
    bool const varies = std::sqrt(square) > 1e-12 * std::abs(mean);
    double const deviation = varies ? std::sqrt(square) : 1;
    if (!std::isfinite(deviation) || !std::isfinite(mean))
      throw Error(Fault::argument, "column " + std::to_string(c) + " of the data has no variance",
                  "the squares of its numbers overflow");
    normalisation_.mean.push_back(mean);
    normalisation_.std.push_back(deviation);
  }
  normalisation_.to_network(std::span(rows));
  rows_ = std::make_shared<std::vector<double> const>(std::move(rows));
  auto const count = static_cast<std::int64_t>(n);
  for_validation_ = count >= least_to_divide ? count / every : 0;
  for_training_ = count - for_validation_;
}

double TrainingData::deviation() const {
  if (!target_) return 1;
  auto const covariance = target_->covariance();
  auto const d = static_cast<std::size_t>(dimension_);
  double trace = 0;
  for (std::size_t c = 0; c < d; ++c) trace += covariance[c * d + c];
  return std::sqrt(trace / static_cast<double>(d));
}

std::span<double const> TrainingData::row_of(std::int64_t number) const {
  auto const d = static_cast<std::size_t>(dimension_);
  return std::span(*rows_).subspan(static_cast<std::size_t>(number) * d, d);
}

void TrainingData::draw(std::uint64_t seed, std::int64_t iteration, std::int64_t first,
                        std::int64_t batch, std::span<double> x) const {
  auto const d = static_cast<std::size_t>(dimension_);
  std::size_t const n = x.size() / d;
  if (target_) {
    for (std::size_t i = 0; i < n; ++i)
      target_->draw(seed, iteration * batch + first + static_cast<std::int64_t>(i),
                    x.subspan(i * d, d));
    return;
  }
  std::vector<double> drawn(n);
  draw_uniforms(seed, static_cast<std::uint64_t>(first), Purpose::train,
                {.step = iteration, .k = draw_of_datum}, drawn);
  for (std::size_t i = 0; i < n; ++i) {
    // Below for_training_: u is at most 1 - 2^-53.
    auto const chosen = static_cast<std::int64_t>(drawn[i] * static_cast<double>(for_training_));
    std::ranges::copy(row_of(chosen + std::min(chosen / (every - 1), for_validation_)),
                      x.begin() + static_cast<std::ptrdiff_t>(i * d));
  }
}

void TrainingData::draw_for_validation(std::uint64_t seed, std::int64_t first,
                                       std::span<double> x) const {
  auto const d = static_cast<std::size_t>(dimension_);
  for (std::size_t i = 0; i < x.size() / d; ++i) {
    std::int64_t const row = first + static_cast<std::int64_t>(i);
    if (target_) {
      target_->draw(seed, first_for_validation + row, x.subspan(i * d, d));
      continue;
    }
    std::int64_t const chosen =
        for_validation_ > 0 ? row % for_validation_ * every + every - 1 : row % for_training_;
    std::ranges::copy(row_of(chosen), x.begin() + static_cast<std::ptrdiff_t>(i * d));
  }
}

}  // namespace retrace
