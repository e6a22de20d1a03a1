// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retrace {

/// What an order is the order of.
enum class OrderKind {
  ode,     ///< distance to the exact flow, on a two-dimensional Gaussian mixture: nonlinear
  weak,    ///< between laws: wasserstein2() of moments() on Gaussian data, and weak_distance() of
           ///< point_law() on a mixture, where the drift is not linear: no sampling
  strong,  ///< path_error() on Gaussian data: no sampling
  likelihood,  ///< of log p by the traced program and its volume, on that mixture
};

[[nodiscard]] std::string_view name(OrderKind kind);

/// A claim of a sampler beside what is measured: the slope of the error against the step.
struct OrderCertificate {
  std::string sampler, sde, grid;
  OrderKind kind;
  double claimed, measured;
  /// weak: on Gaussian data and on the mixture; `measured` is the smaller.
  std::optional<double> linear = {}, nonlinear = {};
  std::string remark = {};  ///< why the figure is not the claim, where that is known

  /// measured >= claimed - 0.1 (strong: 0.15; on grids whose steps differ in lambda: 0.3)
  [[nodiscard]] bool holds() const;
};

/// The grids of a certificate: even in log-snr, two whose steps change smoothly (`quadratic`,
/// `karras`), and one whose steps alternate in size, one to three (`alternating`), where formulas
/// for equal steps lose their order.
[[nodiscard]] std::span<std::string_view const> certified_grids();

/// Certificates of everything that the registry entry of a sampler claims, on one SDE, between two
/// levels amid the noise (a start at the largest t, where the denoised state
/// hardly changes, hides faults), on all of certified_grids(), `alternating` only where the claim
/// does not suppose smooth steps. Options of the sampler are heeded. Empty where nothing is
/// claimed. Throws Error (argument) for a discrete SDE.
[[nodiscard]] std::vector<OrderCertificate> certify(std::string_view sampler_text,
                                                    std::string_view sde_text);

/// Certificates of the log likelihood that a deterministic sampler makes from data to noise, its
/// unchanged program with the volume as one more row (log_likelihood() on a grid): that it has the
/// order of the sampler. On the same levels, the grids reversed; against exact densities. Empty for
/// stochastic samplers, and where no order is claimed. Throws Error (argument) for a discrete SDE.
[[nodiscard]] std::vector<OrderCertificate> certify_likelihood(std::string_view sampler_text,
                                                               std::string_view sde_text);

}  // namespace retrace
