// SPDX-License-Identifier: Apache-2.0
#include "require_products.hpp"

#include <retrace/likelihood/hutch_pp.hpp>

// GCC 12 takes the undefined registers of its own AVX-512 header for uninitialised variables.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <Eigen/QR>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <algorithm>
#include <cstddef>
#include <string>

namespace retrace::divergences {
namespace {

/// Vectors are columns, as products and tangents lie in memory.
class ByHutchPP final : public PointEstimator {
 public:
  ByHutchPP(hutch_pp const& kind, int dimension, PointNumber number)
      : sketch_(dimension, std::min(kind.sketch, dimension)),
        probes_(dimension, kind.probes.count()),
        q_(sketch_.rows(), sketch_.cols()),
        left_(dimension, kind.probes.count()),
        of_sketch_(q_),
        of_left_(left_),
        qr_(sketch_.rows(), sketch_.cols()) {
    for (Eigen::Index j = 0; j < sketch_.cols(); ++j)
      draw_probe(ProbeLaw::gaussian, kind.seed, number.sample, j, 1,
                 {sketch_.col(j).data(), static_cast<std::size_t>(dimension)});
    kind.probes.fill(number, span_of(probes_));
  }

  void evaluate(ProbabilityFlow& flow, double phi, std::span<double const> z,
                std::span<double> slope, std::span<double> estimates) override {
    flow.with_products(phi, z, span_of(sketch_), slope, span_of(of_sketch_));
    qr_.compute(of_sketch_);
    q_.setIdentity();
    q_.applyOnTheLeft(qr_.householderQ());
    flow.with_products(phi, z, span_of(q_), slope, span_of(of_sketch_));
    double const on_range = q_.cwiseProduct(of_sketch_).sum();
    std::fill(estimates.begin(), estimates.end(), on_range);
    if (q_.cols() == q_.rows()) return;
    left_.noalias() = probes_ - q_ * (q_.transpose() * probes_);
    flow.with_products(phi, z, span_of(left_), slope, span_of(of_left_));
    for (std::size_t k = 0; k < estimates.size(); ++k) {
      auto const column = static_cast<Eigen::Index>(k);
      estimates[k] += left_.col(column).dot(of_left_.col(column));
    }
  }
  /// Exact: the growth of s is not for the probes to estimate, whose Q changes on the way.
  void of_identity(std::span<double> estimates) const override {
    std::fill(estimates.begin(), estimates.end(), static_cast<double>(sketch_.rows()));
  }

 private:
  static std::span<double> span_of(Eigen::MatrixXd& m) {
    return {m.data(), static_cast<std::size_t>(m.size())};
  }

  Eigen::MatrixXd sketch_, probes_, q_, left_, of_sketch_, of_left_;
  Eigen::HouseholderQR<Eigen::MatrixXd> qr_;
};

}  // namespace

void hutch_pp::check(HostModel const& model, std::int64_t points) const {
  require_products(model, "Hutch++'s");
  probes.check(points, model.dimension);
  if (sketch < 1)
    throw Error(Fault::argument, "the sketch cannot be " + std::to_string(sketch),
                "it takes a number of 1 or more");
}

std::unique_ptr<PointEstimator> hutch_pp::at_point(HostModel const& model,
                                                   PointNumber number) const {
  return std::make_unique<ByHutchPP>(*this, model.dimension, number);
}

}  // namespace retrace::divergences
