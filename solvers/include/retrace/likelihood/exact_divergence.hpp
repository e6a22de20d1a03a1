// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/likelihood/divergence.hpp>

#include <cstdint>
#include <memory>

namespace retrace::divergences {

/// The divergence itself: the model's own where it knows it, else the trace of the Jacobian by d
/// forward-mode products, some tens of them at a time.
struct exact {
  static constexpr bool is_exact = true;

  [[nodiscard]] int estimates() const { return 1; }
  /// Throws Error (argument) for a model that has no derivatives.
  void check(HostModel const& model, std::int64_t points) const;
  [[nodiscard]] std::unique_ptr<PointEstimator> at_point(HostModel const& model,
                                                         PointNumber number) const;
};

}  // namespace retrace::divergences
