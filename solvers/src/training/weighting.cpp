// SPDX-License-Identifier: Apache-2.0
#include <retrace/trace/parameterisation.hpp>
#include <retrace/training/weighting.hpp>

#include <algorithm>
#include <array>
#include <cassert>

namespace retrace {
namespace {

/// For the error of epsilon.
double weight_of_epsilon(Weighting weighting, double sigma_data, NoiseLevel const& level) {
  constexpr double gamma = 5;  // "the" value of Hang et al. 2023
  switch (weighting) {
    case Weighting::epsilon:
      return 1;
    case Weighting::likelihood:
      return level.g2() / (level.sigma() * level.sigma());
    case Weighting::edm: {
      double const ratio = level.rho() / sigma_data;
      return 1 + ratio * ratio;
    }
    case Weighting::min_snr:
      return std::min(1.0, gamma * level.rho() * level.rho());
    case Weighting::prediction:
      break;
  }
  assert(false);
  return 0;
}

}  // namespace

template <>
std::span<std::pair<std::string_view, Weighting> const> names() {
  static constexpr std::array<std::pair<std::string_view, Weighting>, 5> all{
      {{"prediction", Weighting::prediction},
       {"epsilon", Weighting::epsilon},
       {"likelihood", Weighting::likelihood},
       {"edm", Weighting::edm},
       {"min-snr", Weighting::min_snr}}};
  return all;
}

double loss_weight(Weighting weighting, Prediction prediction, double sigma_data,
                   NoiseLevel const& level) {
  if (weighting == Weighting::prediction) return 1;
  double const to_epsilon = convert(prediction, Prediction::noise, level).out;
  return weight_of_epsilon(weighting, sigma_data, level) * to_epsilon * to_epsilon;
}

}  // namespace retrace
