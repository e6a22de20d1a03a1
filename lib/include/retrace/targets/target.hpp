// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/box_mixture.hpp>
#include <retrace/targets/exact_model.hpp>
#include <retrace/targets/mixture.hpp>

#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace retrace {

class TargetAtLevel;

/// Whatever can be a target: one of the kinds of exact model. A value that every one of them
/// converts to, so that what takes a Target takes them all. Kinds are a closed list, since each has
/// a kernel of its own (run/sample.hpp: target_executor).
class Target {
 public:
  using Kind = std::variant<Mixture, BoxMixture>;

  template <class Made>
  requires(std::is_constructible_v<Kind, Made>) Target(Made made) : kind_(std::move(made)) {}

  [[nodiscard]] Kind const& kind() const { return kind_; }
  /// The target where it is a Gaussian mixture, which some checks of samples need; else nullptr.
  /// Lives as long as this object.
  [[nodiscard]] Mixture const* mixture() const { return std::get_if<Mixture>(&kind_); }

  [[nodiscard]] int dimension() const;
  /// Mean [d] and covariance [d][d] of the data.
  [[nodiscard]] std::vector<double> mean() const;
  [[nodiscard]] std::vector<double> covariance() const;

  /// How many components its kind mixes.
  [[nodiscard]] int components() const;

  /// The law of alpha x0 + sigma z, made once for many points.
  [[nodiscard]] TargetAtLevel at(NoiseLevel const& level) const;

  /// Sample number `sample` of the data, and of p_t: a pure function of the arguments.
  void draw(std::uint64_t seed, std::int64_t sample, std::span<double> x) const;
  void draw(NoiseLevel const& level, std::uint64_t seed, std::int64_t sample,
            std::span<double> x) const;
  /// The component that this sample is of.
  [[nodiscard]] int component_of_draw(std::uint64_t seed, std::int64_t sample) const;

 private:
  Kind kind_;
};

/// p_t of a target; see the class of its kind for what holds at both ends. Calls may run in
/// parallel.
class TargetAtLevel : public DensityFunctions<TargetAtLevel> {
 public:
  using Kind = std::variant<MixtureAtLevel, BoxMixtureAtLevel>;
  using Values = DensityValues;

  explicit TargetAtLevel(Kind kind) : kind_(std::move(kind)) {}

  /// All of them in one pass. `score` and `denoised` take [d], or nothing where they are not
  /// wanted.
  Values evaluate(std::span<double const> x, std::span<double> score, std::span<double> denoised,
                  HessianProducts const& hessian = {}) const;

 private:
  Kind kind_;
};

}  // namespace retrace
