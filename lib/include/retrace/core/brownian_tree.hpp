// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/brownian_split.hpp>
#include <retrace/core/draw.hpp>

#include <cmath>
#include <cstdint>
#include <map>
#include <utility>

namespace retrace {

/// The clock of the one Brownian path that all samplers, grids and step counts share: c = exp(2
/// lambda), the signal-to-noise ratio. In reverse time and u = exp(lambda) x / sigma every forward
/// process reads du = E[x0 | u] dc + dW(c): the noise of the reverse-time SDE from s to t is
/// sqrt(c_t - c_s) times a unit normal. Intervals are halved in lambda, down to 2^-20, so that c
/// may span 55 decades; times are rounded to the nearest such node.
struct PathClock {
  static constexpr int levels = 26;
  static constexpr std::int64_t nodes = std::int64_t{1} << levels;
  static constexpr double lowest = -32, resolution = 0x1p-20;  ///< in lambda; highest is 32

  [[nodiscard]] static double lambda(std::int64_t node) {
    return lowest + static_cast<double>(node) * resolution;
  }
  /// The node nearest to a lambda in [lowest, -lowest].
  [[nodiscard]] static std::int64_t node(double lambda) {
    return std::llround((lambda - lowest) / resolution);
  }
  /// The share of [from, to) that lies before `between`, in c.
  [[nodiscard]] static double share(std::int64_t from, std::int64_t between, std::int64_t to) {
    double const before = 2 * resolution * static_cast<double>(between - from),
                 whole = 2 * resolution * static_cast<double>(to - from);
    // (e^before - 1) / (e^whole - 1), which overflows for the longest
    return std::expm1(-before) / std::expm1(-whole) * std::exp(before - whole);
  }
  /// The draw `which` (0 or 1) of the interval that node `middle` halves; those of the root are
  /// node 0's. Purpose `path`. A pair shares one block of the counter in one and two dimensions.
  [[nodiscard]] static DrawKey key(std::int64_t middle, int which) {
    constexpr std::int64_t of_a_step = DrawKey::max_k + 1;
    return {2 * (middle / of_a_step) + which, static_cast<std::int32_t>(middle % of_a_step)};
  }
};

/// One Brownian path, a pure function of what `Source` draws at the nodes: additive, and the same
/// for any order of questions (Levy's construction). V is a vector, of numbers or symbolic;
/// source(middle, which) gives unit normals. What has been split is kept until forgotten.
template <class V, class Source>
class BrownianTree {
 public:
  explicit BrownianTree(Source source) : source_(std::move(source)) {
    cells_.emplace(Cell{0, PathClock::nodes}, PathPart<V>{source_(0, 0), source_(0, 1)});
  }

  /// The path over [from, to), nodes with from < to.
  [[nodiscard]] PathPart<V> over(std::int64_t from, std::int64_t to) {
    return gather({0, PathClock::nodes}, from, to);
  }

  /// Drops what was kept of intervals that end before a node; asking again gives the same values.
  void forget_before(std::int64_t node) {
    std::erase_if(cells_, [&](auto const& cell) {
      return cell.first.to <= node && cell.first.to - cell.first.from < PathClock::nodes;
    });
  }

 private:
  struct Cell {
    std::int64_t from, to;
    [[nodiscard]] std::int64_t middle() const { return from + (to - from) / 2; }
    [[nodiscard]] friend auto operator<=>(Cell const&, Cell const&) = default;
  };

  PathPart<V> gather(Cell const& cell, std::int64_t from, std::int64_t to) {
    if (from <= cell.from && cell.to <= to) return at(cell);
    std::int64_t const middle = cell.middle();
    if (to <= middle) return gather({cell.from, middle}, from, to);
    if (from >= middle) return gather({middle, cell.to}, from, to);
    PathPart<V> const one = gather({cell.from, middle}, from, to);
    PathPart<V> const two = gather({middle, cell.to}, from, to);
    BrownianSplit const split(
        PathClock::share(std::max(from, cell.from), middle, std::min(to, cell.to)));
    return split.joined(one, two);
  }

  PathPart<V> const& at(Cell const& cell) {
    if (auto const known = cells_.find(cell); known != cells_.end()) return known->second;
    std::int64_t const size = cell.to - cell.from;
    bool const is_first = cell.from / size % 2 == 0;
    Cell const parent =
        is_first ? Cell{cell.from, cell.to + size} : Cell{cell.from - size, cell.to};
    PathPart<V> const whole = at(parent);
    BrownianSplit const split(PathClock::share(parent.from, parent.middle(), parent.to));
    V const z1 = source_(parent.middle(), 0), z2 = source_(parent.middle(), 1);
    return cells_.emplace(cell, is_first ? split.first(whole, z1, z2) : split.second(whole, z1, z2))
        .first->second;
  }

  Source source_;
  std::map<Cell, PathPart<V>> cells_;
};

}  // namespace retrace
