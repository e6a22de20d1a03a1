// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/options.hpp>
#include <retrace/sde/respacing.hpp>

#include <string>

namespace retrace {
namespace {

void check_count(std::int64_t steps, std::int64_t count) {
  if (count < 1 || count > steps)
    throw Error(Fault::argument,
                std::to_string(count) + " indices of a chain of " + std::to_string(steps),
                "it has from 1 to " + std::to_string(steps));
}

}  // namespace

std::int64_t rounded_ratio(std::int64_t numerator, std::int64_t denominator) {
  std::int64_t const whole = numerator / denominator, rest = 2 * (numerator % denominator);
  bool const up = rest > denominator || (rest == denominator && whole % 2 == 1);
  return whole + (up ? 1 : 0);
}

std::int64_t evenly_spaced_index(std::int64_t steps, std::int64_t count, std::int64_t k) {
  return count == 1 ? 0 : rounded_ratio(k * (steps - 1), count - 1);
}

std::vector<std::int64_t> evenly_spaced_indices(std::int64_t steps, std::int64_t count) {
  check_count(steps, count);
  std::vector<std::int64_t> indices;
  for (std::int64_t k = 0; k < count; ++k) indices.push_back(evenly_spaced_index(steps, count, k));
  return indices;
}

std::vector<std::int64_t> strided_indices(std::int64_t steps, std::int64_t count) {
  check_count(steps, count);
  // ceil(steps / stride) == count
  std::int64_t const stride = (steps + count - 1) / count;
  if ((steps + stride - 1) / stride != count)
    throw Error(Fault::argument,
                "no stride gives " + std::to_string(count) + " indices of a chain of " +
                    std::to_string(steps),
                "stride " + std::to_string(stride) + " gives " +
                    std::to_string((steps + stride - 1) / stride));
  std::vector<std::int64_t> indices;
  for (std::int64_t k = 0; k < count; ++k) indices.push_back(k * stride);
  return indices;
}

std::vector<std::int64_t> respaced_indices(std::string_view what, std::string_view text,
                                           std::int64_t steps) {
  constexpr std::string_view ddim = "ddim";
  bool const strided = text.starts_with(ddim);
  std::int64_t const count =
      parse_integer(what, strided ? text.substr(ddim.size()) : text, 1, steps);
  return strided ? strided_indices(steps, count) : evenly_spaced_indices(steps, count);
}

}  // namespace retrace
