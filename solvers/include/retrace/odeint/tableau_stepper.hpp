// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/odeint/guard.hpp>
#include <retrace/samplers/tableaus.hpp>

#include <array>
#include <cstddef>

namespace retrace {

/// The pair `Method::tableau`, whose last stage is the first of the next step, as an error stepper.
template <class Method>
class TableauStepper {
  static constexpr auto const& pair = Method::tableau;
  static constexpr std::size_t stages = pair.stages;
  static_assert(pair.last_is_next_first());

 public:
  [[nodiscard]] int error_order() const { return pair.order_hat; }

  template <class System>
  void do_step(System system, OdeState const& y, OdeState const& slope, double u, OdeState& y_new,
               OdeState& slope_new, double h, OdeState& error) {
    k_[0] = slope;
    for (std::size_t s = 1; s < stages; ++s) {  // the last stage is at the answer
      y_new = y;
      add(h, pair.a[s], s, y_new);
      k_[s].resize(y.size());
      system(y_new, k_[s], pair.c[s] == 1 ? u + h : u + pair.c[s] * h);
    }
    slope_new = k_[stages - 1];
    error.assign(y.size(), 0.0);
    typename Tableau<stages>::Row difference;
    for (std::size_t j = 0; j < stages; ++j) difference[j] = pair.b[j] - pair.b_hat[j];
    add(h, difference, stages, error);
  }

 private:
  /// sum += h sum of the first `count` slopes, weighted.
  void add(double h, typename Tableau<stages>::Row const& weights, std::size_t count,
           OdeState& sum) const {
    for (std::size_t j = 0; j < count; ++j)
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += h * weights[j] * k_[j][i];
  }

  std::array<OdeState, stages> k_;
};

}  // namespace retrace
