// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace retrace {

/// The grid a sampler does best on, by the kind of SDE: alpha falls but stays positive (VP), alpha
/// is 1 throughout (VE, EDM), alpha reaches 0, where lambda does not exist (rectified flow).
struct RecommendedGrid {
  std::string_view preserving = "quadratic", exploding = "log-snr", flow = "uniform";
};

/// Whether the claimed order holds on any grid, or supposes steps that change smoothly.
enum class Steps { any, smooth };

/// Whether a sampler claims orders. One that corrects tends, as the steps of the grid shrink, to a
/// law with the bias of its corrections: it says so, and states no order.
enum class Claims { orders, nothing };

/// Whether a sampler follows a grid, or chooses the steps of each sample by its estimate of their
/// error. The text of an adaptive one is its method with the steps of a grid, whose orders are
/// measured as those of all others.
enum class Stepping { grid, adaptive };

/// What the registry says of a sampler. Orders are claims; tests and certificates measure them.
/// What follows from the text of a sampler is not written here but traced: whether it is
/// deterministic, and its evaluations per step.
struct SamplerInfo {
  std::string_view name;
  std::string_view summary;
  std::string_view paper;              ///< with equation or algorithm
  std::optional<int> order = {};       ///< of the ODE method
  std::optional<int> weak_order = {};  ///< of the SDE method
  std::optional<double> strong_order = {};
  Claims claims = Claims::orders;
  Steps steps = Steps::any;
  Stepping stepping = Stepping::grid;
  RecommendedGrid grid = {};
};

}  // namespace retrace
