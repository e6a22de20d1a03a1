// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/run/reference.hpp>
#include <retrace/sde/grid.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <utility>
#include <vector>

/// Plain vectors, in which the papers' formulas are written a second time.
namespace retrace::testing {

using State = std::vector<double>;
/// E[x0 | x] by the host's mixture, which shares nothing with the kernels.
using Denoiser = std::function<State(State const&, NoiseLevel const&)>;

inline Denoiser denoiser_of(Mixture const& mixture) {
  return [=](State const& x, NoiseLevel const& s) {
    State out(x.size());
    mixture.at(s).denoised(x, out);
    return out;
  };
}

inline State combine(std::vector<std::pair<double, State>> const& terms) {
  State sum(terms[0].second.size(), 0.0);
  for (auto const& [factor, v] : terms)
    for (std::size_t i = 0; i < v.size(); ++i) sum[i] += factor * v[i];
  return sum;
}

/// The noise that goes with a denoised estimate.
inline State epsilon(State const& x, NoiseLevel const& s, State const& x0) {
  return combine({{1 / s.sigma(), x}, {-s.alpha() / s.sigma(), x0}});
}

inline State score(State const& x, NoiseLevel const& s, Denoiser const& d) {
  return combine({{-1 / s.sigma(), epsilon(x, s, d(x, s))}});
}

/// dx/dt of the probability-flow ODE, as Song et al. 2021 print it.
inline State drift(State const& x, NoiseLevel const& s, Denoiser const& d) {
  return combine({{s.f(), x}, {-s.g2() / 2, score(x, s, d)}});
}

/// Where a deterministic sampler takes x, by the reference interpreter.
inline State traced(AnySampler const& sampler, Grid const& grid, State x, Mixture const& mixture) {
  reference(
      trace(sampler, grid),
      [&](std::span<double const> in, NoiseLevel const& s, std::span<double> out) {
        mixture.at(s).denoised(in, out);
      },
      0, 0, x);
  return x;
}

}  // namespace retrace::testing
