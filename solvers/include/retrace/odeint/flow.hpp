// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/prediction.hpp>
#include <retrace/nn/network.hpp>
#include <retrace/odeint/guard.hpp>
#include <retrace/run/reference.hpp>
#include <retrace/run/spoiled.hpp>
#include <retrace/sde/angle.hpp>
#include <retrace/sde/sde.hpp>
#include <retrace/targets/target.hpp>

#include <array>
#include <span>

namespace retrace {

/// A model at one point, on the host, in double. Called from many threads at once.
struct HostModel {
  int dimension;
  Prediction prediction;  ///< what `predict` writes
  PointModel predict;
};

/// A target with its exact velocity.
[[nodiscard]] HostModel host_model(Target const& target);
/// The same with a planted score error. At alpha = 0 it has no bounds.
[[nodiscard]] HostModel host_model(SpoiledTarget const& target);
/// A score network. Throws Error (numerics) for parameters that are not finite.
[[nodiscard]] HostModel host_model(Network const& network);

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
        x_(static_cast<std::size_t>(model.dimension)) {}

  void operator()(double phi, std::span<double const> z, std::span<double> slope);

  [[nodiscard]] NoiseLevel level(double phi) const;

 private:
  HostModel const* model_;
  Sde const* sde_;
  std::array<NoiseLevel, 2> ends_;
  OdeState x_;
};

}  // namespace retrace
