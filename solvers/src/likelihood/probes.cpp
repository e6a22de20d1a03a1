// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/core/error.hpp>
#include <retrace/core/memory.hpp>
#include <retrace/likelihood/probes.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

namespace retrace {
namespace {

void check_count(int count) {
  if (count < 1 || count > Probes::most)
    throw Error(Fault::argument, "probes cannot be " + std::to_string(count),
                "it takes a number in [1, " + std::to_string(Probes::most) + "]");
}

std::span<double const> row_of(std::span<double const> rows, std::int64_t row, std::size_t d) {
  return rows.subspan(static_cast<std::size_t>(row) * d, d);
}

std::string shape(std::int64_t count, std::int64_t points, int dimension) {
  return "[" + std::to_string(count) + "][" + std::to_string(points) + "][" +
         std::to_string(dimension) + "]";
}

}  // namespace

void draw_probe(ProbeLaw law, std::uint64_t seed, std::uint64_t sample, std::int64_t probe,
                std::int32_t stream, std::span<double> out) {
  std::vector<float> z(out.size());
  draw_normals(seed, sample, Purpose::probe, {.step = probe, .k = stream}, z);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = law == ProbeLaw::gaussian ? double{z[i]} : std::signbit(z[i]) ? -1 : 1;
}

Probes Probes::drawn(int count, ProbeLaw law, std::uint64_t seed) {
  check_count(count);
  return {count, law, seed};
}

Probes Probes::given(std::vector<double> values, int count, std::int64_t points, int dimension) {
  check_count(count);
  std::size_t const size = values.size();
  if (points < 0 || dimension < 1 || size != saturated_product({count, points, dimension}))
    throw Error(Fault::argument, "the probes hold " + std::to_string(size) + " numbers",
                "that is not " + shape(count, points, dimension));
  auto const bad = std::find_if(values.begin(), values.end(),
                                [](double value) { return !std::isfinite(value); });
  if (bad != values.end()) {
    std::int64_t const row = (bad - values.begin()) / dimension;
    throw Error(Fault::argument, "probe " + std::to_string(row / points) + " of point " +
                                     std::to_string(row % points) + " is not finite");
  }
  Probes probes(count, ProbeLaw::gaussian, 0);
  probes.points_ = points;
  probes.dimension_ = dimension;
  probes.values_ = std::make_shared<std::vector<double> const>(std::move(values));
  return probes;
}

Probes Probes::further(int first, int count) const {
  if (values_)
    throw Error(Fault::argument, "there are no further probes", "these were given",
                "have them drawn, or ask for no half-width");
  check_count(count);
  if (first < 0 || first > most - count)
    throw Error(Fault::argument, "probes end at number " + std::to_string(most));
  Probes probes(count, law_, seed_);
  probes.first_ = first;
  return probes;
}

void Probes::check(std::int64_t points, int dimension) const {
  if (!values_ || (points_ == points && dimension_ == dimension)) return;
  throw Error(Fault::argument, "the probes are " + shape(count_, points_, dimension_),
              "the points are [" + std::to_string(points) + "][" + std::to_string(dimension) + "]");
}

void Probes::fill(PointNumber number, std::span<double> out) const {
  std::size_t const d = out.size() / static_cast<std::size_t>(count_);
  assert(!values_ || d == static_cast<std::size_t>(dimension_));
  for (int k = 0; k < count_; ++k) {
    auto const probe = out.subspan(static_cast<std::size_t>(k) * d, d);
    if (values_)
      std::ranges::copy(row_of(*values_, k * points_ + number.row, d), probe.begin());
    else
      draw_probe(law_, seed_, number.sample, first_ + k, 0, probe);
  }
}

}  // namespace retrace
