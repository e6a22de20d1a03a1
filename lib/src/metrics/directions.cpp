// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/metrics/directions.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string>

namespace retrace {
namespace {

// Not the library's noise: that is a function of the user's seed, and figures taken along
// directions that change with the seed could not be compared between runs.

/// Uniform in (0, 1): entry `counter` of splitmix64 (Steele, Lea and Flood 2014) from state 0.
double uniform(std::uint64_t counter) {
  std::uint64_t z = (counter + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  z ^= z >> 31;
  return (static_cast<double>(z >> 12) + 0.5) * 0x1p-52;
}

/// Box-Muller; its second normal is left unused, which keeps this a function of one counter.
double normal(std::uint64_t counter) {
  double const radius = std::sqrt(-2 * std::log(uniform(2 * counter)));
  return radius * std::cos(2 * std::numbers::pi * uniform(2 * counter + 1));
}

std::vector<double> on_half_circle(std::size_t count) {
  std::vector<double> out;
  out.reserve(2 * count);
  for (std::size_t k = 0; k < count; ++k) {
    double const angle =
        (static_cast<double>(k) + 0.5) * std::numbers::pi / static_cast<double>(count);
    out.push_back(std::cos(angle));
    out.push_back(std::sin(angle));
  }
  return out;
}

std::vector<double> on_sphere(std::size_t dimension, std::size_t count) {
  std::size_t const axes = count > dimension ? dimension : 0;
  std::vector<double> out(count * dimension, 0.0);
  for (std::size_t k = 0; k < axes; ++k) out[k * dimension + k] = 1;
  for (std::size_t k = axes; k < count; ++k) {
    double norm2 = 0;
    for (std::size_t i = k * dimension; i < (k + 1) * dimension; ++i) {
      out[i] = normal(i);
      norm2 += out[i] * out[i];
    }
    double const norm = std::sqrt(norm2);
    for (std::size_t i = k * dimension; i < (k + 1) * dimension; ++i) out[i] /= norm;
  }
  return out;
}

}  // namespace

std::vector<double> directions(int dimension, int count) {
  if (dimension < 1 || count < 1)
    throw Error(Fault::argument,
                "no directions: dimension " + std::to_string(dimension) + ", count " +
                    std::to_string(count),
                "both must be at least 1");
  if (dimension == 1) return {1.0};
  if (dimension == 2) return on_half_circle(static_cast<std::size_t>(count));
  return on_sphere(static_cast<std::size_t>(dimension), static_cast<std::size_t>(count));
}

}  // namespace retrace
