// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/likelihood/error_budget.hpp>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <unsupported/Eigen/SpecialFunctions>

namespace retrace {

double ErrorBudget::half_width(std::size_t row, double confidence) const {
  return ode[row] + prior[row] + truncation[row] + trace_half_width(row, confidence);
}

double ErrorBudget::trace_half_width(std::size_t row, double confidence) const {
  if (!(confidence > 0 && confidence < 1))
    throw Error(Fault::argument, "the confidence cannot be " + shortest(confidence),
                "it must lie between 0 and 1");
  std::int64_t const count = probes[row];
  if (count == 0) return 0;
  if (count == 1) return std::numeric_limits<double>::infinity();
  double const each =
      probe_count == ProbeCount::given ? confidence : confidence_of_a_look(confidence);
  return probe_quantile(each, count) * trace[row];
}

double confidence_of_a_look(double confidence) { return 1 - (1 - confidence) / 2; }

double probe_quantile(double confidence, std::int64_t count) {
  return student_quantile(confidence, std::max((count - 1) / 2, std::int64_t{1}));
}

double student_quantile(double confidence, std::int64_t freedom) {
  auto const degrees = static_cast<double>(freedom);
  // P(|T| > t) = I_x(freedom / 2, 1 / 2), x = freedom / (freedom + t^2), which grows with x.
  using One = Eigen::Array<double, 1, 1>;
  double low = 0, high = 1;
  for (int i = 0; i < 200 && high - low > 1e-15 * high; ++i) {
    double const x = low + (high - low) / 2;
    double const beyond =
        Eigen::betainc(One::Constant(0.5 * degrees), One::Constant(0.5), One::Constant(x))(0);
    (beyond < 1 - confidence ? low : high) = x;
  }
  return std::sqrt(degrees * (1 - high) / high);
}

}  // namespace retrace
