// SPDX-License-Identifier: Apache-2.0
#include "require_products.hpp"

#include <retrace/likelihood/hutchinson.hpp>

#include <cstddef>
#include <vector>

namespace retrace::divergences {
namespace {

class ByProbes final : public PointEstimator {
 public:
  ByProbes(Probes const& probes, int dimension, PointNumber number)
      : d_(static_cast<std::size_t>(dimension)),
        probes_(static_cast<std::size_t>(probes.count()) * d_),
        products_(probes_.size()) {
    probes.fill(number, probes_);
  }

  void evaluate(ProbabilityFlow& flow, double phi, std::span<double const> z,
                std::span<double> slope, std::span<double> estimates) override {
    flow.with_products(phi, z, probes_, slope, products_);
    probes_times(products_, estimates);
  }
  void of_identity(std::span<double> estimates) const override { probes_times(probes_, estimates); }

 private:
  void probes_times(std::vector<double> const& rows, std::span<double> out) const {
    for (std::size_t k = 0; k < out.size(); ++k) {
      double sum = 0;
      for (std::size_t i = k * d_; i < (k + 1) * d_; ++i) sum += probes_[i] * rows[i];
      out[k] = sum;
    }
  }

  std::size_t d_;
  std::vector<double> probes_, products_;  // [probes][d]
};

}  // namespace

void hutchinson::check(HostModel const& model, std::int64_t points) const {
  require_products(model, "Hutchinson's");
  probes.check(points, model.dimension);
}

std::unique_ptr<PointEstimator> hutchinson::at_point(HostModel const& model,
                                                     PointNumber number) const {
  return std::make_unique<ByProbes>(probes, model.dimension, number);
}

}  // namespace retrace::divergences
