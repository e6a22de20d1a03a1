// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/io/network_file.hpp>
#include <retrace/targets/target.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace retrace {

/// What a network is trained on: fresh exact draws of a target, or the rows of a data set, each
/// drawn with replacement. A value; copies share the rows.
class TrainingData {
 public:
  /// `name` is what a checkpoint remembers it by.
  TrainingData(Target target, std::string name);
  /// Rows [n][d], which are normalised: minus their mean, divided by their standard deviation,
  /// component by component (by 1 where that is 0). Every tenth row is kept for validation where
  /// there are 20 or more. Throws Error (argument) for fewer than two.
  TrainingData(std::vector<double> rows, int dimension);

  [[nodiscard]] int dimension() const { return dimension_; }
  /// Empty for a target.
  [[nodiscard]] Normalisation const& normalisation() const { return normalisation_; }
  [[nodiscard]] std::string const& name() const { return name_; }
  /// The root of the mean of the variances of the components: sigma_data of EDM.
  [[nodiscard]] double deviation() const;

  /// Rows first, first + 1, ... of the batch of an iteration, [n][dimension], and of those for
  /// validation. Pure functions.
  void draw(std::uint64_t seed, std::int64_t iteration, std::int64_t first, std::int64_t batch,
            std::span<double> x) const;
  void draw_for_validation(std::uint64_t seed, std::int64_t first, std::span<double> x) const;

 private:
  [[nodiscard]] std::span<double const> row_of(std::int64_t number) const;

  int dimension_;
  std::string name_;
  Normalisation normalisation_;
  std::optional<Target> target_;
  std::shared_ptr<std::vector<double> const> rows_;
  std::int64_t for_training_ = 0, for_validation_ = 0;
};

}  // namespace retrace
