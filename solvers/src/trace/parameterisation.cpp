// SPDX-License-Identifier: Apache-2.0
#include <retrace/trace/parameterisation.hpp>

#include <cassert>

namespace retrace {
namespace {

/// A prediction p as m = x_part x0 + e_part epsilon, with x = alpha x0 + sigma epsilon.
struct Parts {
  double x0, epsilon;
};

Parts parts(Prediction p, NoiseLevel const& s) {
  switch (p) {
    case Prediction::noise:
      return {0, 1};
    case Prediction::denoised:
      return {1, 0};
    case Prediction::score:
      return {0, -1 / s.sigma()};
    case Prediction::velocity:
      return {-s.sigma(), s.alpha()};
    case Prediction::flow:
      return {s.alpha_rate(), s.sigma_rate()};
  }
  assert(false);
  return {};
}

}  // namespace

Affine convert(Prediction have, Prediction want, NoiseLevel const& s) {
  if (have == want) return {0, 1};
  // skip x + out m = want, in x0 and epsilon:  skip alpha + out h0 = w0,  skip sigma + out h1 = w1.
  Parts const h = parts(have, s), w = parts(want, s);
  double const determinant = s.alpha() * h.epsilon - s.sigma() * h.x0;
  return {(w.x0 * h.epsilon - w.epsilon * h.x0) / determinant,
          (s.alpha() * w.epsilon - s.sigma() * w.x0) / determinant};
}

}  // namespace retrace
