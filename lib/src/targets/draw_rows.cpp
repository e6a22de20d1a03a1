// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/interrupt.hpp>
#include <retrace/targets/draw_rows.hpp>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <cstddef>
#include <span>

namespace retrace {
namespace {

template <class Draw>
std::vector<double> rows_of(Target const& target, std::int64_t count, Draw const& draw) {
  auto const d = static_cast<std::size_t>(target.dimension());
  std::vector<double> rows(static_cast<std::size_t>(count) * d);
  parallel_rows(count, [&](std::int64_t i) {
    draw(i, std::span(rows).subspan(static_cast<std::size_t>(i) * d, d));
  });
  return rows;
}

}  // namespace

void parallel_rows(std::int64_t count, std::function<void(std::int64_t)> const& f) {
  constexpr std::int64_t at_once = 256;
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, count, at_once), [&](auto const& range) {
    throw_if_interrupted();
    for (std::int64_t i = range.begin(); i < range.end(); ++i) f(i);
  });
}

std::vector<double> draw_rows(Target const& target, std::uint64_t seed, std::int64_t first,
                              std::int64_t count) {
  return rows_of(target, count,
                 [&](std::int64_t i, std::span<double> row) { target.draw(seed, first + i, row); });
}

std::vector<double> draw_rows(Target const& target, NoiseLevel const& level, std::uint64_t seed,
                              std::int64_t first, std::int64_t count) {
  return rows_of(target, count, [&](std::int64_t i, std::span<double> row) {
    target.draw(level, seed, first + i, row);
  });
}

}  // namespace retrace
