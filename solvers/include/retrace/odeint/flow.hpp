// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/odeint/guard.hpp>
#include <retrace/odeint/host_model.hpp>
#include <retrace/sde/angle.hpp>
#include <retrace/sde/sde.hpp>

#include <array>
#include <span>
#include <string_view>

namespace retrace {

/// The probability-flow ODE of a model in z = x / s, s^2 = alpha^2 + sigma^2, and the angle
/// phi = arctan(sigma / alpha), where it reads
///   dz/dphi = (alpha epsilon - sigma x0) / s
/// (Salimans and Ho 2022, appendix D, for any s). All processes are one in these variables, z keeps
/// the size of normalised data, and the right-hand side is finite and smooth from data to noise. In
/// t it is neither at sigma = 0 on VP; in rho = sigma / alpha it does not exist at alpha = 0, and a
/// tolerance relative to x / alpha, which falls by orders of magnitude, lets one long step ruin a
/// sample.
///
/// For one thread: it has room for one x.
class ProbabilityFlow {
 public:
  /// Both ends are kept as they are: an angle says nothing of t where alpha or sigma is 0.
  ProbabilityFlow(HostModel const& model, Sde const& sde, NoiseLevel const& from,
                  NoiseLevel const& to)
      : model_(&model),
        sde_(&sde),
        ends_{from, to},
        angles_{angle_of(from), angle_of(to)},
        x_(static_cast<std::size_t>(model.dimension)) {}

  void operator()(double phi, std::span<double const> z, std::span<double> slope);
  /// The same, and the divergence of dz/dphi in z; where the model knows its own.
  double with_divergence(double phi, std::span<double const> z, std::span<double> slope);
  /// The same, and the Jacobian of dz/dphi in z times each of the tangents [n][d], to `products`;
  /// where the model has derivatives.
  void with_products(double phi, std::span<double const> z, std::span<double const> tangents,
                     std::span<double> slope, std::span<double> products);

  [[nodiscard]] NoiseLevel level(double phi) const;

 private:
  struct Here;  ///< a level, and how the prediction becomes the slope there
  Here move_to(double phi, std::span<double const> z);
  static void finish(Here const& here, std::span<double const> z, std::span<double> slope);

  HostModel const* model_;
  Sde const* sde_;
  std::array<NoiseLevel, 2> ends_;
  std::array<double, 2> angles_;
  OdeState x_;
};

/// The level of one end of a flow, which `option` gave. Throws Error (argument) where alpha or
/// sigma is 0 there and the model's prediction does not determine the flow.
[[nodiscard]] NoiseLevel level_of_end(HostModel const& model, Sde const& sde,
                                      std::string_view option, double t);

}  // namespace retrace
