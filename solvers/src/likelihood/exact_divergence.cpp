// SPDX-License-Identifier: Apache-2.0
#include "require_products.hpp"

#include <retrace/likelihood/exact_divergence.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace retrace::divergences {
namespace {

class KnownDivergence final : public PointEstimator {
 public:
  explicit KnownDivergence(int dimension) : dimension_(dimension) {}

  void evaluate(ProbabilityFlow& flow, double phi, std::span<double const> z,
                std::span<double> slope, std::span<double> estimates) override {
    estimates[0] = flow.with_divergence(phi, z, slope);
  }
  void of_identity(std::span<double> estimates) const override { estimates[0] = dimension_; }

 private:
  int dimension_;
};

/// The trace by products with unit vectors, of which some are in memory at a time.
class TraceByProducts final : public PointEstimator {
 public:
  explicit TraceByProducts(int dimension)
      : d_(static_cast<std::size_t>(dimension)),
        rows_(std::min(d_, most_rows)),
        tangents_(rows_ * d_),
        products_(rows_ * d_) {}

  void evaluate(ProbabilityFlow& flow, double phi, std::span<double const> z,
                std::span<double> slope, std::span<double> estimates) override {
    double trace = 0;
    for (std::size_t first = 0; first < d_; first += rows_) {
      std::size_t const rows = std::min(rows_, d_ - first);
      for (std::size_t row = 0; row < rows; ++row) tangents_[row * d_ + first + row] = 1;
      flow.with_products(phi, z, std::span(tangents_).first(rows * d_), slope,
                         std::span(products_).first(rows * d_));
      for (std::size_t row = 0; row < rows; ++row) {
        trace += products_[row * d_ + first + row];
        tangents_[row * d_ + first + row] = 0;
      }
    }
    estimates[0] = trace;
  }
  void of_identity(std::span<double> estimates) const override {
    estimates[0] = static_cast<double>(d_);
  }

 private:
  static constexpr std::size_t most_rows = 32;

  std::size_t d_, rows_;
  std::vector<double> tangents_, products_;
};

}  // namespace

void exact::check(HostModel const& model, std::int64_t) const {
  if (!model.divergence) require_products(model, "exact");
}

std::unique_ptr<PointEstimator> exact::at_point(HostModel const& model, PointNumber) const {
  if (model.divergence) return std::make_unique<KnownDivergence>(model.dimension);
  return std::make_unique<TraceByProducts>(model.dimension);
}

}  // namespace retrace::divergences
