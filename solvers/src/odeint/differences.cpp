// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/odeint/host_model.hpp>

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace retrace {

HostModel with_differences(HostModel model, double step) {
  if (!(step > 0 && step <= 1))
    throw Error(Fault::argument, "the step of differences cannot be " + shortest(step),
                "it takes a number in (0, 1]");
  model.divergence = {};
  model.products = [predict = model.predict, step](
                       std::span<double const> x, NoiseLevel const& level,
                       std::span<double const> tangents, std::span<double> out,
                       std::span<double> products) {
    std::size_t const d = x.size();
    double const h = step * std::hypot(level.alpha(), level.sigma());
    std::vector<double> moved(d), below(d);
    predict(x, level, out);
    for (std::size_t row = 0; row < tangents.size(); row += d) {
      auto const e = tangents.subspan(row, d);
      auto const product = products.subspan(row, d);
      for (std::size_t i = 0; i < d; ++i) moved[i] = x[i] - h * e[i];
      predict(moved, level, below);
      for (std::size_t i = 0; i < d; ++i) moved[i] = x[i] + h * e[i];
      predict(moved, level, product);
      for (std::size_t i = 0; i < d; ++i) product[i] = (product[i] - below[i]) / (2 * h);
    }
  };
  return model;
}

}  // namespace retrace
