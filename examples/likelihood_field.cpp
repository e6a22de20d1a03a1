// SPDX-License-Identifier: Apache-2.0
// The likelihood field of a swiss roll: log p by the probability flow at every pixel of a picture,
// likelihood_field.ppm, and how far the flow's answer is from the exact density.
#include <retrace/core/runtime.hpp>
#include <retrace/likelihood/log_likelihood.hpp>
#include <retrace/sde/vp.hpp>
#include <retrace/targets/swiss_roll.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <vector>

using namespace retrace;

namespace {

constexpr int side = 240;
constexpr double edge = 2.4;

/// From dark to bright over eight nats below the largest.
std::array<char, 3> colour(double below) {
  double const u = std::clamp(1 + below / 8, 0.0, 1.0);
  auto const channel = [](double v) {
    return static_cast<char>(static_cast<unsigned char>(255 * std::clamp(v, 0.0, 1.0)));
  };
  return {channel(1.5 * u - 0.2), channel(u * u * u), channel(0.3 + 0.5 * u * (1 - u) - 0.2 * u)};
}

}  // namespace

int main(int argc, char** argv) {
  Runtime const runtime(argc, argv);
  Target const target = swiss_roll{}();
  Sde const sde = vp{};
  std::vector<double> pixels;
  for (int row = 0; row < side; ++row)
    for (int column = 0; column < side; ++column) {
      pixels.push_back(edge * (2 * (column + 0.5) / side - 1));
      pixels.push_back(edge * (1 - 2 * (row + 0.5) / side));
    }
  Likelihood const found = log_likelihood(target, sde, "tsit5", pixels, {.budget = Budget::none});

  double const largest = *std::max_element(found.logp.begin(), found.logp.end());
  std::ofstream picture("likelihood_field.ppm", std::ios::binary);
  picture << "P6 " << side << " " << side << " 255\n";
  for (double const logp : found.logp) {
    auto const rgb = colour(logp - largest);
    picture.write(rgb.data(), rgb.size());
  }

  // The exact density of the data, and what the picture adds up to.
  TargetAtLevel const data = target.at(NoiseLevel::clean(0));
  double off = 0, mass = 0, pixel = 2 * edge / side * (2 * edge / side), evaluations = 0;
  for (std::size_t i = 0; i < found.logp.size(); ++i) {
    double const exact = data.log_density(std::vector{pixels[2 * i], pixels[2 * i + 1]});
    off += std::exp(exact) * std::abs(found.logp[i] - exact) * pixel;
    mass += std::exp(found.logp[i]) * pixel;
    evaluations += static_cast<double>(found.evaluations[i]);
  }
  std::printf(
      "%d x %d points in %.2f s, %.0f evaluations each; log p is %.1e nats off on average,\n"
      "the picture holds %.4f of the probability: likelihood_field.ppm\n",
      side, side, found.seconds, evaluations / static_cast<double>(found.logp.size()), off, mass);
  return off < 0.02 && std::abs(mass - 1) < 0.02 ? 0 : 1;
}
