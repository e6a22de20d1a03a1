// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/likelihood/dequantisation.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

namespace retrace {
namespace {

bool is_integer_of(int bits, double x) {
  return x >= 0 && x < std::ldexp(1.0, bits) && x == std::floor(x);
}

[[noreturn]] void refuse_data(std::string const& where, double x, int bits) {
  throw Error(Fault::argument, where + " of the data is " + shortest(x),
              "with " + std::to_string(bits) + " bits it must be an integer from 0 to " +
                  shortest(std::ldexp(1.0, bits) - 1));
}

}  // namespace

void Dequantisation::check() const {
  constexpr int most_bits = 16;
  if (bits < 1 || bits > most_bits)
    throw Error(Fault::argument, "data cannot have " + std::to_string(bits) + " bits",
                "it takes 1 to " + std::to_string(most_bits));
  if (!std::isfinite(low) || !std::isfinite(high) || !(low < high))
    throw Error(Fault::argument,
                "data cannot be scaled to [" + shortest(low) + ", " + shortest(high) + "]",
                "the ends must be finite and in order");
}

double Dequantisation::offset(int dimension) const {
  return dimension * std::log(std::ldexp(high - low, -bits));
}

void Dequantisation::apply(std::span<double const> x, std::span<double const> u,
                           std::span<double> y) const {
  check();
  assert(x.size() == u.size() && x.size() == y.size());
  double const values = std::ldexp(1.0, bits);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!is_integer_of(bits, x[i])) refuse_data("component " + std::to_string(i), x[i], bits);
    if (!(u[i] >= 0 && u[i] < 1))
      throw Error(Fault::argument,
                  "component " + std::to_string(i) + " of the noise is " + shortest(u[i]),
                  "it must lie in [0, 1)");
    y[i] = low + (high - low) * ((x[i] + u[i]) / values);
  }
}

void uniform_noise(std::uint64_t seed, std::uint64_t sample, std::int32_t draw,
                   std::span<double> u) {
  for (std::size_t i = 0; i < u.size(); ++i)
    u[i] = draw_uniform(seed, sample, Purpose::dequantise,
                        {.step = static_cast<std::int64_t>(i), .k = draw});
}

std::vector<double> dequantised(Dequantisation const& how, std::span<double const> data,
                                int dimension, int draws, std::uint64_t seed,
                                std::uint64_t first_sample) {
  how.check();
  auto const d = static_cast<std::size_t>(dimension);
  auto const each = static_cast<std::size_t>(draws);
  assert(data.size() % d == 0);
  for (std::size_t i = 0; i < data.size(); ++i)
    if (!is_integer_of(how.bits, data[i]))
      refuse_data("row " + std::to_string(i / d) + ", component " + std::to_string(i % d), data[i],
                  how.bits);
  std::vector<double> all(data.size() * each), u(d);
  for (std::size_t row = 0; row < data.size() / d; ++row)
    for (std::size_t k = 0; k < each; ++k) {
      uniform_noise(seed, first_sample + row, static_cast<std::int32_t>(k), u);
      how.apply(data.subspan(row * d, d), u, std::span(all).subspan((row * each + k) * d, d));
    }
  return all;
}

double log_mean_exp(std::span<double const> values) {
  if (values.empty()) return -std::numeric_limits<double>::infinity();
  double const top = *std::max_element(values.begin(), values.end());
  if (!std::isfinite(top)) return top;
  double sum = 0;
  for (double const value : values) sum += std::exp(value - top);
  return top + std::log(sum / static_cast<double>(values.size()));
}

}  // namespace retrace
