// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/io/network_file.hpp>
#include <retrace/targets/target.hpp>
#include <retrace/training/data_set.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace retrace {

/// What a network is trained on: fresh exact draws of a target, or the rows of a data set, each
/// drawn with replacement; and what they are conditioned on, y, where there is anything. A value;
/// copies share the rows.
class TrainingData {
 public:
  /// `name` is what a checkpoint remembers it by.
  TrainingData(Target target, std::string name);
  /// Every tenth row is kept for validation where there are 20 or more.
  explicit TrainingData(DataSet rows);
  TrainingData(std::vector<double> rows, int dimension)
      : TrainingData(DataSet(std::move(rows), dimension)) {}

  /// The draws of a target conditioned on the component that each is of, as a class.
  [[nodiscard]] TrainingData with_components() const;
  /// A data set with a class, 0, 1, ..., for each row. Throws Error (argument) for another number
  /// of labels than rows, and for classes that no row has.
  [[nodiscard]] TrainingData with_labels(std::vector<std::int32_t> labels) const;
  /// A data set with a vector for each row. Throws Error (argument) as above.
  [[nodiscard]] TrainingData with_conditions(DataSet conditions) const;

  [[nodiscard]] int dimension() const { return dimension_; }
  /// Empty for a target.
  [[nodiscard]] Normalisation const& normalisation() const { return normalisation_; }
  /// How many numbers y has, 0 for none; what they are; how they were normalised.
  [[nodiscard]] int conditions() const { return conditions_; }
  [[nodiscard]] ConditionKind condition_kind() const {
    return vectors_ ? ConditionKind::vector : ConditionKind::of_class;
  }
  [[nodiscard]] Normalisation of_conditions() const {
    return vectors_ ? vectors_->normalisation() : Normalisation{};
  }
  [[nodiscard]] std::string const& name() const { return name_; }
  /// The root of the mean of the variances of the components: sigma_data of EDM.
  [[nodiscard]] double deviation() const;

  /// Rows first, first + 1, ... of the batch of an iteration, [n][dimension], and of those for
  /// validation, with their y, [n][conditions]. Pure functions. Throw Error (file) where a streamed
  /// file has been cut.
  void draw(std::uint64_t seed, std::int64_t iteration, std::int64_t first, std::int64_t batch,
            std::span<double> x, std::span<double> y = {}) const;
  void draw_for_validation(std::uint64_t seed, std::int64_t first, std::span<double> x,
                           std::span<double> y = {}) const;

 private:
  void draw_of_target(std::uint64_t seed, std::int64_t sample, std::span<double> x,
                      std::span<double> y) const;
  void read(std::span<std::int64_t const> rows, std::span<double> x, std::span<double> y) const;
  void require_one_for_each_row(char const* what, std::int64_t count) const;

  int dimension_;
  std::string name_;
  Normalisation normalisation_;
  std::optional<Target> target_;
  std::optional<DataSet> rows_;
  std::int64_t for_training_ = 0, for_validation_ = 0;
  int conditions_ = 0;
  std::shared_ptr<std::vector<std::int32_t> const> labels_;
  std::optional<DataSet> vectors_;
};

}  // namespace retrace
