// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/odeint/flow.hpp>
#include <retrace/trace/parameterisation.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

namespace retrace {

NoiseLevel level_of_end(HostModel const& model, Sde const& sde, std::string_view option, double t) {
  NoiseLevel const level = sde.at(t);
  Affine const velocity = convert(model.prediction, Prediction::velocity, level);
  if (std::isfinite(velocity.skip) && std::isfinite(velocity.out)) return level;
  bool const pure_noise = level.alpha() == 0;
  throw Error(Fault::argument, std::string(option) + " cannot be " + shortest(t),
              std::string(pure_noise ? "alpha" : "sigma") +
                  " is 0 there, and what the model predicts does not say where to go",
              std::string("give a time that is a little ") + (pure_noise ? "less" : "greater"));
}

NoiseLevel ProbabilityFlow::level(double phi) const {
  // A stage at the end of the last step may miss it by rounding, and must not leave [0, pi / 2].
  constexpr double rounding = 4 * std::numeric_limits<double>::epsilon();
  for (std::size_t i = 0; i < ends_.size(); ++i)
    if (std::abs(phi - angles_[i]) <= rounding * angles_[i]) return ends_[i];
  return level_at_angle(*sde_, phi);
}

struct ProbabilityFlow::Here {
  NoiseLevel level;
  double radius;
  Affine velocity;  ///< of the model's prediction
};

ProbabilityFlow::Here ProbabilityFlow::move_to(double phi, std::span<double const> z) {
  NoiseLevel const here = level(phi);
  double const s = radius_of(here);
  for (std::size_t i = 0; i < x_.size(); ++i) x_[i] = s * z[i];
  return {here, s, convert(model_->prediction, Prediction::velocity, here)};
}

void ProbabilityFlow::finish(Here const& here, std::span<double const> z, std::span<double> slope) {
  for (std::size_t i = 0; i < z.size(); ++i)
    slope[i] = here.velocity.skip * z[i] + here.velocity.out / here.radius * slope[i];
}

void ProbabilityFlow::operator()(double phi, std::span<double const> z, std::span<double> slope) {
  Here const here = move_to(phi, z);
  model_->predict(x_, here.level, slope);
  finish(here, z, slope);
}

double ProbabilityFlow::with_divergence(double phi, std::span<double const> z,
                                        std::span<double> slope) {
  Here const here = move_to(phi, z);
  double const divergence = model_->divergence(x_, here.level, slope);
  finish(here, z, slope);
  return here.velocity.skip * static_cast<double>(z.size()) + here.velocity.out * divergence;
}

void ProbabilityFlow::with_products(double phi, std::span<double const> z,
                                    std::span<double const> tangents, std::span<double> slope,
                                    std::span<double> products) {
  Here const here = move_to(phi, z);
  model_->products(x_, here.level, tangents, slope, products);
  finish(here, z, slope);
  for (std::size_t i = 0; i < products.size(); ++i)
    products[i] = here.velocity.skip * tangents[i] + here.velocity.out * products[i];
}

}  // namespace retrace
