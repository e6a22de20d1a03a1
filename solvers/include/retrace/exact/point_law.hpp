// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/exact/gaussian.hpp>
#include <retrace/trace/trace.hpp>

#include <cstddef>
#include <vector>

namespace retrace {

/// sum_k weights[k] parts[k], on the line: data whose score is not linear.
struct NormalMixture {
  std::vector<double> weights;
  std::vector<Normal> parts;
};

/// p_t of such data.
[[nodiscard]] NormalMixture marginal(NormalMixture data, NoiseLevel const& s);
/// The normal with its mean and variance.
[[nodiscard]] Normal moments(NormalMixture const& law);

/// A law on the line as weighted points. The weights add up to 1; some may be negative: means of
/// smooth functions are what it is for.
struct PointLaw {
  std::vector<double> points, weights;

  template <class F>
  [[nodiscard]] double mean(F const& f) const {
    double sum = 0;
    for (std::size_t i = 0; i < points.size(); ++i) sum += weights[i] * f(points[i]);
    return sum;
  }
};

/// The law of a sampler's result on a mixture, started from the exact law of the grid's first
/// level, without sampling: points go through the program, every draw splits each of them (Gauss
/// and Hermite's rule of five points), and after a step they are replaced by few, with the means of
/// all smooth functions kept. What a multistep method carries from step to step besides its state
/// are past answers of the model; given the state, they vary by no more than the noise of a step
/// moves them, and means of polynomials of second order in that are kept.
///
/// On grids of a hundred steps between two levels amid the noise, means of smooth functions are
/// right to 1e-7, and to 1e-6 where a single draw is large, as in restart. Throws Error (argument)
/// where a sampler asks for so many draws between two states that the points become too many.
[[nodiscard]] PointLaw point_law(AnySampler const& sampler, Grid const& grid,
                                 NormalMixture const& data);

/// How far a law is from another as smooth functions see it: root of the summed squared differences
/// of their means of y, y^2, and sine and cosine of y and 2 y, y = x centred and scaled by the
/// exact law's mean and standard deviation.
[[nodiscard]] double weak_distance(PointLaw const& law, NormalMixture const& exact);

}  // namespace retrace
