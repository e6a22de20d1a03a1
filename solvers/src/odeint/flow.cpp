// SPDX-License-Identifier: Apache-2.0
#include <retrace/nn/host_network.hpp>
#include <retrace/odeint/flow.hpp>
#include <retrace/trace/parameterisation.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace retrace {

HostModel host_model(Target const& target) {
  // Of score and denoised state together, because either alone loses digits at one of the ends.
  return {.dimension = target.dimension(),
          .prediction = Prediction::velocity,
          .predict = [target](std::span<double const> x, NoiseLevel const& level,
                              std::span<double> out) {
            std::vector<double> score(x.size());
            target.at(level).evaluate(x, score, out);
            double const of_score = -level.alpha() * level.sigma();
            for (std::size_t i = 0; i < out.size(); ++i)
              out[i] = of_score * score[i] - level.sigma() * out[i];
          }};
}

HostModel host_model(SpoiledTarget const& target) {
  HostModel model = host_model(target.target);
  model.predict = [exact = model.predict, field = ScoreErrorField(target.error, model.dimension)](
                      std::span<double const> x, NoiseLevel const& level, std::span<double> out) {
    std::vector<double> error(x.size());
    field.evaluate(x, level, error);
    double const factor = convert(Prediction::score, Prediction::velocity, level).out;
    exact(x, level, out);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += factor * error[i];
  };
  return model;
}

HostModel host_model(Network const& network) {
  return {.dimension = network.dimension(),
          .prediction = network.prediction(),
          .predict = [host = HostNetwork(network)](std::span<double const> x,
                                                   NoiseLevel const& level, std::span<double> out) {
            host.predict(x, level, out);
          }};
}

NoiseLevel ProbabilityFlow::level(double phi) const {
  // A stage at the end of the last step may miss it by rounding, and must not leave [0, pi / 2].
  constexpr double rounding = 4 * std::numeric_limits<double>::epsilon();
  for (NoiseLevel const& end : ends_)
    if (std::abs(phi - angle_of(end)) <= rounding * angle_of(end)) return end;
  return level_at_angle(*sde_, phi);
}

void ProbabilityFlow::operator()(double phi, std::span<double const> z, std::span<double> slope) {
  NoiseLevel const here = level(phi);
  double const s = radius_of(here);
  for (std::size_t i = 0; i < x_.size(); ++i) x_[i] = s * z[i];
  model_->predict(x_, here, slope);
  Affine const velocity = convert(model_->prediction, Prediction::velocity, here);
  for (std::size_t i = 0; i < x_.size(); ++i)
    slope[i] = velocity.skip * z[i] + velocity.out / s * slope[i];
}

}  // namespace retrace
