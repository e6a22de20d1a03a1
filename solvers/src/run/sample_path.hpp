// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/brownian_tree.hpp>
#include <retrace/core/draw.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <valarray>
#include <vector>

namespace retrace {

/// D numbers without an allocation.
template <std::size_t D>
struct Point {
  std::array<double, D> v{};

  explicit Point(std::size_t) {}
  [[nodiscard]] double& operator[](std::size_t i) { return v[i]; }
  [[nodiscard]] double operator[](std::size_t i) const { return v[i]; }
  friend Point operator*(double a, Point x) {
    for (double& each : x.v) each *= a;
    return x;
  }
  friend Point operator+(Point x, Point const& y) {
    for (std::size_t i = 0; i < D; ++i) x.v[i] += y.v[i];
    return x;
  }
  friend Point operator-(Point x, Point const& y) {
    for (std::size_t i = 0; i < D; ++i) x.v[i] -= y.v[i];
    return x;
  }
};

/// The Brownian path of one sample, in numbers. V is a Point or a valarray.
template <class V>
class SamplePath {
 public:
  SamplePath(std::uint64_t seed, std::uint64_t sample, int dimension)
      : tree_(Draw{seed, sample, static_cast<std::size_t>(dimension), &draws_}) {}
  SamplePath(SamplePath const&) = delete;
  SamplePath& operator=(SamplePath const&) = delete;

  void operator()(std::int64_t from, std::int64_t to, std::span<double> w) {
    if (from > before_) tree_.forget_before(before_ = from);
    PathPart<V> const part = tree_.over(from, to);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = part.w[i];
  }
  [[nodiscard]] std::int64_t draws() const { return draws_; }

 private:
  struct Draw {
    std::uint64_t seed, sample;
    std::size_t dimension;
    std::int64_t* draws;

    V operator()(std::int64_t middle, int which) const {
      std::array<float, 4> few{};
      std::vector<float> many(dimension > few.size() ? dimension : 0);
      std::span<float> const z = many.empty() ? std::span(few).first(dimension) : std::span(many);
      draw_normals(seed, sample, Purpose::path, PathClock::key(middle, which), z);
      ++*draws;
      V drawn(dimension);
      for (std::size_t i = 0; i < dimension; ++i) drawn[i] = static_cast<double>(z[i]);
      return drawn;
    }
  };

  std::int64_t draws_ = 0, before_ = 0;
  BrownianTree<V, Draw> tree_;
};

}  // namespace retrace
