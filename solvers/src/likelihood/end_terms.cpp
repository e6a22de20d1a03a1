// SPDX-License-Identifier: Apache-2.0
#include <retrace/likelihood/end_terms.hpp>
#include <retrace/likelihood/truncation.hpp>
#include <retrace/trace/parameterisation.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <numbers>
#include <optional>
#include <vector>

namespace retrace {
namespace {

constexpr double unknown = std::numeric_limits<double>::infinity();
constexpr int most_dimensions = 1024;

/// The score of a model at a point, and the divergence of that; infinite where it has none.
double score_of(HostModel const& model, NoiseLevel const& level, std::span<double const> x,
                std::span<double> score) {
  std::size_t const d = x.size();
  Affine const to_score = convert(model.prediction, Prediction::score, level);
  double divergence = unknown;
  if (model.divergence) {
    divergence = model.divergence(x, level, score);
  } else if (model.products && d <= most_dimensions) {
    std::vector<double> tangents(d * d, 0.0), products(d * d);
    for (std::size_t i = 0; i < d; ++i) tangents[i * d + i] = 1;
    model.products(x, level, tangents, score, products);
    divergence = 0;
    for (std::size_t i = 0; i < d; ++i) divergence += products[i * d + i];
  } else {
    model.predict(x, level, score);
  }
  for (std::size_t i = 0; i < d; ++i) score[i] = to_score.skip * x[i] + to_score.out * score[i];
  return to_score.skip * static_cast<double>(d) + to_score.out * divergence;
}

/// N(mean, precision^-1).
struct NormalLaw {
  Eigen::VectorXd mean;
  Eigen::MatrixXd factor;  // L of precision = L L'
  double log_factor;       // of the density at the mean

  [[nodiscard]] double log_density(std::span<double const> z) const {
    Eigen::Map<Eigen::VectorXd const> const at(z.data(), static_cast<Eigen::Index>(z.size()));
    return log_factor - 0.5 * (factor.transpose() * (at - mean)).squaredNorm();
  }
};

/// The normal law with the model's score and Jacobian of it at the origin: score = P (mean - z).
std::optional<NormalLaw> law_at_origin(HostModel const& model, NoiseLevel const& level) {
  if (!model.products || model.dimension > most_dimensions) return {};
  auto const d = static_cast<std::size_t>(model.dimension);
  std::vector<double> const origin(d, 0.0);
  std::vector<double> tangents(d * d, 0.0), products(d * d), score(d);
  for (std::size_t i = 0; i < d; ++i) tangents[i * d + i] = 1;
  model.products(origin, level, tangents, score, products);
  Affine const to_score = convert(model.prediction, Prediction::score, level);
  auto const n = static_cast<Eigen::Index>(d);
  Eigen::MatrixXd precision =
      -to_score.out * Eigen::Map<Eigen::MatrixXd const>(products.data(), n, n);
  precision.diagonal().array() -= to_score.skip;
  precision = (0.5 * (precision + precision.transpose())).eval();
  Eigen::LLT<Eigen::MatrixXd> const cholesky(precision);
  if (cholesky.info() != Eigen::Success || !precision.allFinite()) return {};
  Eigen::VectorXd const at_origin =
      to_score.out * Eigen::Map<Eigen::VectorXd const>(score.data(), n);
  Eigen::MatrixXd const factor = cholesky.matrixL();
  double const log_factor = factor.diagonal().array().log().sum() -
                            0.5 * static_cast<double>(d) * std::log(2 * std::numbers::pi);
  return NormalLaw{cholesky.solve(at_origin), factor, log_factor};
}

}  // namespace

EndTerms end_terms(Target const& target, Sde const& sde, double from, double to) {
  return {
      .truncation =
          [data = target.at(NoiseLevel::clean(sde.clean_t())),
           first = target.at(sde.at(from))](std::span<double const> x) {
            return std::abs(data.log_density(x) - first.log_density(x));
          },
      .correction =
          [data = target.at(NoiseLevel::clean(sde.clean_t())), level = sde.at(from),
           first = target.at(sde.at(from))](std::span<double const> x) {
            std::vector<double> score(x.size());
            auto const [log_density, divergence] = first.evaluate(x, score, {});
            double const nats = truncation_to_first_order(level, x, score, divergence);
            return TruncationCorrection{nats, std::abs(data.log_density(x) - (log_density + nats))};
          },
      .prior = [last = target.at(sde.at(to))](
                   std::span<double const> z,
                   double log_prior) { return std::abs(last.log_density(z) - log_prior); }};
}

EndTerms end_terms(HostModel const& model, Sde const& sde, double from, double to) {
  auto const law =
      std::make_shared<std::optional<NormalLaw> const>(law_at_origin(model, sde.at(to)));
  return {.truncation =
              [model, level = sde.at(from)](std::span<double const> x) {
                std::vector<double> score(x.size());
                double const divergence = score_of(model, level, x, score);
                if (std::isinf(divergence)) return unknown;
                return std::abs(truncation_to_first_order(level, x, score, divergence));
              },
          .correction =
              [model, level = sde.at(from)](std::span<double const> x) {
                std::vector<double> score(x.size());
                double const divergence = score_of(model, level, x, score);
                if (std::isinf(divergence)) return TruncationCorrection{0, unknown};
                double nats = 0, sizes = 0;
                for (double const term : truncation_terms(level, x, score, divergence)) {
                  nats += term;
                  sizes += std::abs(term);
                }
                return TruncationCorrection{nats, sizes * sizes};
              },
          .prior =
              [law](std::span<double const> z, double log_prior) {
                return *law ? std::abs((*law)->log_density(z) - log_prior) : unknown;
              }};
}

}  // namespace retrace
