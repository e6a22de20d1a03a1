// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/likelihood/divergence.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace retrace {

/// The law of a probe's components: independent, of mean 0 and variance 1.
enum class ProbeLaw {
  rademacher,  ///< 1 or -1; the sign of what `gaussian` draws
  gaussian     ///< standard normal
};

/// Fills [d] with probe number `probe` of a sample: a pure function of its arguments, purpose
/// `probe`, normals from the key {probe, stream}. Streams are 0 for probes, 1 for sketches.
void draw_probe(ProbeLaw law, std::uint64_t seed, std::uint64_t sample, std::int64_t probe,
                std::int32_t stream, std::span<double> out);

/// Probes of every point of a run; a value.
class Probes {
 public:
  static constexpr int most = 1 << 20;

  /// `count` for each point, drawn from the counter. Throws Error (argument) for a count outside
  /// [1, most].
  [[nodiscard]] static Probes drawn(int count, ProbeLaw law = ProbeLaw::rademacher,
                                    std::uint64_t seed = 0);
  /// values [count][points][dimension], row-major; of any law, but of unit covariance if estimates
  /// are to mean anything. Throws Error (argument) for a count below 1, values that are not
  /// finite, and another number of them.
  [[nodiscard]] static Probes given(std::vector<double> values, int count, std::int64_t points,
                                    int dimension);

  [[nodiscard]] int count() const { return count_; }
  /// Probes number first .. first + count - 1 of the counter instead. Throws Error (argument) for
  /// given ones, of which there are no more, and numbers outside [0, most].
  [[nodiscard]] Probes further(int first, int count) const;
  /// Throws Error (argument) where given probes are of other points or another dimension.
  void check(std::int64_t points, int dimension) const;
  /// Those of one point, [count][d].
  void fill(PointNumber number, std::span<double> out) const;

 private:
  Probes(int count, ProbeLaw law, std::uint64_t seed) : count_(count), law_(law), seed_(seed) {}

  int count_;
  int first_ = 0;  // number in the stream
  ProbeLaw law_;
  std::uint64_t seed_;
  std::int64_t points_ = 0;  // of given probes, as are
  int dimension_ = 0;
  std::shared_ptr<std::vector<double> const> values_ = {};
};

}  // namespace retrace
