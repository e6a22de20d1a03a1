// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/nn/architecture.hpp>

#include <array>
#include <cmath>
#include <string>

namespace retrace {
namespace {

void check_size(char const* what, int value, int low, int high) {
  if (value >= low && value <= high) return;
  throw Error(Fault::argument,
              std::string("the ") + what + " of a network is " + std::to_string(value),
              "it must lie in [" + std::to_string(low) + ", " + std::to_string(high) + "]");
}

template <class E, std::size_t N>
using Names = std::array<std::pair<std::string_view, E>, N>;

}  // namespace

void check(Architecture const& a) {
  check_size("dimension", a.dimension, 1, 1 << 20);
  check_size("width", a.width, 1, 1 << 14);
  check_size("depth", a.depth, 1, 256);
  check_size("number of frequencies", a.frequencies, 0, 1 << 14);
  check_size("number of conditions", a.conditions, 0, 1 << 14);
  if (a.preconditioning == Preconditioning::none) return;
  if (a.prediction != Prediction::denoised)
    throw Error(Fault::argument, "EDM's preconditioning makes a denoiser",
                "the network is said to predict something else", "let it predict denoised");
  if (!(a.sigma_data > 0) || !std::isfinite(a.sigma_data))
    throw Error(Fault::argument, "sigma_data of EDM's preconditioning must be positive");
}

double condition(Architecture const& architecture, NoiseLevel const& level) {
  return architecture.conditioning == Conditioning::time ? level.t() : -level.lambda() / 4;
}

Precondition precondition(Architecture const& architecture, NoiseLevel const& level) {
  if (architecture.preconditioning == Preconditioning::none) return {};
  double const s = architecture.sigma_data, rho = level.rho(), both = std::hypot(rho, s);
  return {.in = 1 / (level.alpha() * both),
          .skip = s / both * (s / both) / level.alpha(),
          .out = rho * s / both};
}

template <>
std::span<std::pair<std::string_view, Activation> const> names() {
  static constexpr Names<Activation, 5> all{{{"silu", Activation::silu},
                                             {"gelu", Activation::gelu},
                                             {"softplus", Activation::softplus},
                                             {"tanh", Activation::tanh},
                                             {"relu", Activation::relu}}};
  return all;
}

template <>
std::span<std::pair<std::string_view, Conditioning> const> names() {
  static constexpr Names<Conditioning, 2> all{
      {{"time", Conditioning::time}, {"log-sigma", Conditioning::log_sigma}}};
  return all;
}

template <>
std::span<std::pair<std::string_view, Embedding> const> names() {
  static constexpr Names<Embedding, 2> all{
      {{"fourier", Embedding::fourier}, {"sinusoidal", Embedding::sinusoidal}}};
  return all;
}

template <>
std::span<std::pair<std::string_view, Injection> const> names() {
  static constexpr Names<Injection, 2> all{
      {{"every-layer", Injection::every_layer}, {"first-layer", Injection::first_layer}}};
  return all;
}

template <>
std::span<std::pair<std::string_view, Skip> const> names() {
  static constexpr Names<Skip, 3> all{
      {{"none", Skip::none}, {"residual", Skip::residual}, {"u-shape", Skip::u_shape}}};
  return all;
}

template <>
std::span<std::pair<std::string_view, Norm> const> names() {
  static constexpr Names<Norm, 2> all{{{"none", Norm::none}, {"layer", Norm::layer}}};
  return all;
}

template <>
std::span<std::pair<std::string_view, Preconditioning> const> names() {
  static constexpr Names<Preconditioning, 2> all{
      {{"none", Preconditioning::none}, {"edm", Preconditioning::edm}}};
  return all;
}

template <>
std::span<std::pair<std::string_view, Prediction> const> names() {
  static constexpr Names<Prediction, 5> all{{{"noise", Prediction::noise},
                                             {"denoised", Prediction::denoised},
                                             {"v", Prediction::velocity},
                                             {"flow", Prediction::flow},
                                             {"score", Prediction::score}}};
  return all;
}

template <>
std::span<std::pair<std::string_view, ConditionKind> const> names() {
  static constexpr Names<ConditionKind, 2> all{
      {{"class", ConditionKind::of_class}, {"vector", ConditionKind::vector}}};
  return all;
}

template <>
std::span<std::pair<std::string_view, OutputScale> const> names() {
  static constexpr Names<OutputScale, 2> all{
      {{"none", OutputScale::none}, {"learned", OutputScale::learned}}};
  return all;
}

}  // namespace retrace
