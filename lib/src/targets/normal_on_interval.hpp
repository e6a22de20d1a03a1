// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace retrace {

/// One coordinate of x = alpha x0 + sigma z with x0 uniform on [low, high].
struct NormalOnInterval {
  NormalOnInterval(double x, double alpha, double sigma, double low, double high);

  double log_density;  ///< of x, but for - log sigma
  double noise;        ///< E[z | x]
  double excess;       ///< Var[z | x] - 1
  double state;        ///< E[x0 | x]

 private:
  void narrow(double z, double h);
  void wide(double v, double u);
};

}  // namespace retrace
