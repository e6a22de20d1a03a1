// SPDX-License-Identifier: Apache-2.0
#include "particles.hpp"

#include <retrace/exact/point_law.hpp>

#include <cmath>
#include <utility>

namespace retrace {

NormalMixture marginal(NormalMixture data, NoiseLevel const& s) {
  for (Normal& part : data.parts) part = marginal(part, s);
  return data;
}

Normal moments(NormalMixture const& law) {
  double mean = 0, square = 0;
  for (std::size_t k = 0; k < law.parts.size(); ++k) mean += law.weights[k] * law.parts[k].mean;
  for (std::size_t k = 0; k < law.parts.size(); ++k) {
    double const away = law.parts[k].mean - mean;
    square += law.weights[k] * (law.parts[k].variance + away * away);
  }
  return {mean, square};
}

PointLaw point_law(AnySampler const& sampler, Grid const& grid, NormalMixture const& data) {
  Program const program = trace(sampler, grid);
  Particles particles(program, data, grid.level(0));
  particles.run();
  return particles.result();
}

double weak_distance(PointLaw const& law, NormalMixture const& exact) {
  Normal const all = moments(exact);
  double const scale = std::sqrt(all.variance);
  auto const missed = [&](double expected, auto const& f) {
    return law.mean([&](double x) { return f((x - all.mean) / scale); }) - expected;
  };
  double sum =
      std::hypot(missed(0, [](double y) { return y; }), missed(1, [](double y) { return y * y; }));
  for (double const frequency : {1.0, 2.0}) {
    double sine = 0, cosine = 0;
    for (std::size_t k = 0; k < exact.parts.size(); ++k) {
      double const angle = frequency * (exact.parts[k].mean - all.mean) / scale;
      double const size = exact.weights[k] * std::exp(-frequency * frequency *
                                                      exact.parts[k].variance / (2 * all.variance));
      sine += size * std::sin(angle);
      cosine += size * std::cos(angle);
    }
    sum = std::hypot(sum, missed(sine, [&](double y) { return std::sin(frequency * y); }),
                     missed(cosine, [&](double y) { return std::cos(frequency * y); }));
  }
  return sum;
}

}  // namespace retrace
