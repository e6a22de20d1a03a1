// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/odeint/flow.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace retrace {

/// The divergence of a flow as the solve of one point sees it: what is random in it stays the same
/// from the first evaluation to the last. For one thread.
class PointEstimator {
 public:
  PointEstimator() = default;
  virtual ~PointEstimator() = default;
  PointEstimator(PointEstimator const&) = delete;
  PointEstimator& operator=(PointEstimator const&) = delete;

  /// What flow(phi, z, slope) does, and every estimate of the divergence of the slope in z.
  virtual void evaluate(ProbabilityFlow& flow, double phi, std::span<double const> z,
                        std::span<double> slope, std::span<double> estimates) = 0;
  /// What they make of the divergence of a growth by a factor: d where it is exact.
  virtual void of_identity(std::span<double> estimates) const = 0;
};

/// Which point of a run: row `row` of what is given for all points, sample `sample` of the counter.
struct PointNumber {
  std::int64_t row;
  std::uint64_t sample;
};

/// A way to find divergences: a value such as divergences::exact.
template <class Kind>
concept DivergenceKind = requires(Kind const& kind, HostModel const& model, std::int64_t points,
                                  PointNumber number) {
  { kind.estimates() } -> std::convertible_to<int>;
  kind.check(model, points);
  { kind.at_point(model, number) } -> std::same_as<std::unique_ptr<PointEstimator>>;
}
&&std::copyable<Kind>;

/// Any way to find divergences; a value.
class DivergenceEstimator {
 public:
  // Whether an estimator is a kind must not be asked: the answer would depend on itself.
  template <class Kind>
  requires(!std::same_as<Kind, DivergenceEstimator> && DivergenceKind<Kind>)
      DivergenceEstimator(Kind kind)
      : self_(std::make_shared<Model<Kind>>(std::move(kind))) {}

  /// How many estimates it makes for each point.
  [[nodiscard]] int estimates() const { return self_->estimates(); }
  /// Whether its estimate is the divergence itself, of a kind that says `is_exact`.
  [[nodiscard]] bool is_exact() const { return self_->is_exact(); }
  /// Throws Error (argument) where it does not fit the model or the number of points.
  void check(HostModel const& model, std::int64_t points) const { self_->check(model, points); }
  [[nodiscard]] std::unique_ptr<PointEstimator> at_point(HostModel const& model,
                                                         PointNumber number) const {
    return self_->at_point(model, number);
  }
  /// Estimates number first .. first + count - 1 of the same stream. Throws Error (argument) where
  /// there is no stream of them.
  [[nodiscard]] DivergenceEstimator further(int first, int count) const {
    return self_->further(first, count);
  }

 private:
  [[noreturn]] static void throw_no_further();

  struct Concept {
    Concept() = default;
    virtual ~Concept() = default;
    Concept(Concept const&) = delete;
    Concept& operator=(Concept const&) = delete;
    [[nodiscard]] virtual int estimates() const = 0;
    [[nodiscard]] virtual bool is_exact() const = 0;
    virtual void check(HostModel const& model, std::int64_t points) const = 0;
    [[nodiscard]] virtual std::unique_ptr<PointEstimator> at_point(HostModel const& model,
                                                                   PointNumber number) const = 0;
    [[nodiscard]] virtual DivergenceEstimator further(int first, int count) const = 0;
  };
  template <class Kind>
  struct Model final : Concept {
    explicit Model(Kind made) : kind(std::move(made)) {}
    [[nodiscard]] int estimates() const override { return kind.estimates(); }
    [[nodiscard]] bool is_exact() const override {
      return requires { Kind::is_exact; };
    }
    void check(HostModel const& model, std::int64_t points) const override {
      kind.check(model, points);
    }
    [[nodiscard]] std::unique_ptr<PointEstimator> at_point(HostModel const& model,
                                                           PointNumber number) const override {
      return kind.at_point(model, number);
    }
    [[nodiscard]] DivergenceEstimator further(int first, int count) const override {
      if constexpr (requires { kind.further(first, count); })
        return kind.further(first, count);
      else
        throw_no_further();
    }
    Kind kind;
  };
  std::shared_ptr<Concept const> self_;
};

}  // namespace retrace
