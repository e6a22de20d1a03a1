// SPDX-License-Identifier: Apache-2.0
#include "validation_draws.hpp"

#include <retrace/core/draw.hpp>
#include <retrace/core/error.hpp>
#include <retrace/io/zip.hpp>
#include <retrace/training/training_data.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace retrace {
namespace {

constexpr int draw_of_datum = 2;
// Rows 9, 19, ... are for validation.
constexpr std::int64_t every = 10, least_to_divide = 20;

}  // namespace

TrainingData::TrainingData(Target target, std::string name)
    : dimension_(target.dimension()), name_(std::move(name)), target_(std::move(target)) {}

TrainingData::TrainingData(DataSet rows)
    : dimension_(rows.dimension()),
      name_(rows.name()),
      normalisation_(rows.normalisation()),
      rows_(std::move(rows)) {
  std::int64_t const count = rows_->rows();
  for_validation_ = count >= least_to_divide ? count / every : 0;
  for_training_ = count - for_validation_;
}

TrainingData TrainingData::with_components() const {
  assert(target_);
  TrainingData made = *this;
  made.conditions_ = target_->components();
  made.name_ += ";components";
  return made;
}

void TrainingData::require_one_for_each_row(char const* what, std::int64_t count) const {
  assert(rows_);
  if (count != rows_->rows())
    throw Error(Fault::argument,
                "there are " + std::to_string(count) + " " + what + " for " +
                    std::to_string(rows_->rows()) + " rows",
                "every row needs one");
}

TrainingData TrainingData::with_labels(std::vector<std::int32_t> labels) const {
  require_one_for_each_row("labels", static_cast<std::int64_t>(labels.size()));
  constexpr std::int32_t most = 1 << 14;
  std::vector<bool> seen;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= most)
      throw Error(Fault::argument,
                  "the label of row " + std::to_string(i) + " is " + std::to_string(labels[i]),
                  "classes are numbered from 0 to at most " + std::to_string(most - 1));
    auto const label = static_cast<std::size_t>(labels[i]);
    if (label >= seen.size()) seen.resize(label + 1);
    seen[label] = true;
  }
  auto const unseen = std::ranges::find(seen, false);
  if (unseen != seen.end())
    throw Error(Fault::argument,
                "class " + std::to_string(unseen - seen.begin()) + " of 0 to " +
                    std::to_string(seen.size() - 1) + " has no row",
                "nothing could be learnt of it", "number the classes without gaps");
  TrainingData made = *this;
  made.conditions_ = static_cast<int>(seen.size());
  made.name_ += ";labels:" + std::to_string(zip_crc(0, std::as_bytes(std::span(labels))));
  made.labels_ = std::make_shared<std::vector<std::int32_t> const>(std::move(labels));
  return made;
}

TrainingData TrainingData::with_conditions(DataSet conditions) const {
  require_one_for_each_row("conditions", conditions.rows());
  TrainingData made = *this;
  made.conditions_ = conditions.dimension();
  made.name_ += ";conditions:" + conditions.name();
  made.vectors_ = std::move(conditions);
  return made;
}

double TrainingData::deviation() const {
  if (!target_) return 1;
  auto const covariance = target_->covariance();
  auto const d = static_cast<std::size_t>(dimension_);
  double trace = 0;
  for (std::size_t c = 0; c < d; ++c) trace += covariance[c * d + c];
  return std::sqrt(trace / static_cast<double>(d));
}

void TrainingData::draw_of_target(std::uint64_t seed, std::int64_t sample, std::span<double> x,
                                  std::span<double> y) const {
  target_->draw(seed, sample, x);
  if (y.empty()) return;
  std::ranges::fill(y, 0.0);
  y[static_cast<std::size_t>(target_->component_of_draw(seed, sample))] = 1;
}

void TrainingData::read(std::span<std::int64_t const> rows, std::span<double> x,
                        std::span<double> y) const {
  rows_->read(rows, x);
  if (y.empty()) return;
  if (vectors_) return vectors_->read(rows, y);
  std::ranges::fill(y, 0.0);
  std::size_t const m = y.size() / rows.size();
  for (std::size_t i = 0; i < rows.size(); ++i)
    y[i * m + static_cast<std::size_t>((*labels_)[static_cast<std::size_t>(rows[i])])] = 1;
}

void TrainingData::draw(std::uint64_t seed, std::int64_t iteration, std::int64_t first,
                        std::int64_t batch, std::span<double> x, std::span<double> y) const {
  auto const d = static_cast<std::size_t>(dimension_);
  std::size_t const n = x.size() / d, m = y.size() / std::max<std::size_t>(n, 1);
  if (target_) {
    for (std::size_t i = 0; i < n; ++i)
      draw_of_target(seed, iteration * batch + first + static_cast<std::int64_t>(i),
                     x.subspan(i * d, d), y.subspan(i * m, m));
    return;
  }
  std::vector<double> drawn(n);
  draw_uniforms(seed, static_cast<std::uint64_t>(first), Purpose::train,
                {.step = iteration, .k = draw_of_datum}, drawn);
  std::vector<std::int64_t> rows(n);
  for (std::size_t i = 0; i < n; ++i) {
    // Below for_training_: u is at most 1 - 2^-53.
    auto const chosen = static_cast<std::int64_t>(drawn[i] * static_cast<double>(for_training_));
    rows[i] = chosen + std::min(chosen / (every - 1), for_validation_);
  }
  read(rows, x, y);
}

void TrainingData::draw_for_validation(std::uint64_t seed, std::int64_t first, std::span<double> x,
                                       std::span<double> y) const {
  auto const d = static_cast<std::size_t>(dimension_);
  std::size_t const n = x.size() / d, m = y.size() / std::max<std::size_t>(n, 1);
  std::vector<std::int64_t> rows(n);
  for (std::size_t i = 0; i < n; ++i) {
    std::int64_t const row = first + static_cast<std::int64_t>(i);
    if (target_)
      draw_of_target(seed, first_for_validation + row, x.subspan(i * d, d), y.subspan(i * m, m));
    else
      rows[i] =
          for_validation_ > 0 ? row % for_validation_ * every + every - 1 : row % for_training_;
  }
  if (!target_) read(rows, x, y);
}

}  // namespace retrace
