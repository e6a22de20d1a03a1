// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/core/error.hpp>
#include <retrace/core/prediction.hpp>
#include <retrace/models/batch_model.hpp>
#include <retrace/sde/chain.hpp>
#include <retrace/sde/sde.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

/// Networks of discrete chains at continuous levels, and the other way round. Both rest on the same
/// fact: processes with the same lambda = log(alpha / sigma) differ by a scale of x only, so that
/// E[x0 | x] and E[epsilon | x] are the same.
namespace retrace {

/// A network of a chain: a BatchModel that is told an index, Chain::timesteps(), in place of a
/// level. It expects x at alpha^2 + sigma^2 = 1 and predicts noise, denoised or velocity.
template <class M, class T>
concept IndexModel = requires(M& m, Batch<T const> x, std::int64_t timestep, Batch<T> out) {
  { M::prediction } -> std::convertible_to<Prediction>;
  m(x, timestep, out);
};

/// What a network says of a level between two of its indices: its two answers, interpolated
/// linearly in lambda (two evaluations; the error is second order in the gap), or the answer at the
/// index nearest in that sense (one evaluation, first order).
enum class BetweenIndices { interpolate, nearest };

namespace detail {

template <class T>
using DeviceArray = Kokkos::View<T**, Kokkos::LayoutRight, Execution::memory_space>;

template <class T>
Kokkos::RangePolicy<Execution, Kokkos::IndexType<std::int64_t>> all_of(Batch<T> const& x) {
  return {0, static_cast<std::int64_t>(x.size())};
}

/// y = factor x
template <class T>
void scale(Batch<T const> x, T factor, Batch<T> y) {
  T const* const from = x.data();
  T* const to = y.data();
  Kokkos::parallel_for(
      "retrace::scale", all_of(y), KOKKOS_LAMBDA(std::int64_t i) { to[i] = factor * from[i]; });
  Kokkos::fence();
}

/// y = a x + b y
template <class T>
void combine(T a, Batch<T const> x, T b, Batch<T> y) {
  T const* const from = x.data();
  T* const to = y.data();
  Kokkos::parallel_for(
      "retrace::combine", all_of(y),
      KOKKOS_LAMBDA(std::int64_t i) { to[i] = a * from[i] + b * to[i]; });
  Kokkos::fence();
}

/// A level's distance from the origin of the (alpha, sigma) plane: 1 where variance is preserved.
inline double radius(NoiseLevel const& s) { return std::hypot(s.alpha(), s.sigma()); }

}  // namespace detail

/// A network of a discrete chain as a score model at the levels of any process (a BatchModel). A
/// level's lambda names its place among the indices (Chain::index_of_lambda); x is scaled to
/// alpha^2 + sigma^2 = 1 before. Levels beyond the ends of the chain get the network's answer at
/// its first or last index. At the chain's own levels that is one evaluation, at that index.
template <class T, IndexModel<T> M>
class AtLevels {
 public:
  static constexpr Prediction prediction = M::prediction;
  static_assert(prediction == Prediction::noise || prediction == Prediction::denoised ||
                    prediction == Prediction::velocity,
                "a network of a chain predicts noise, denoised or velocity");

  AtLevels(M network, Chain chain, BetweenIndices between = BetweenIndices::interpolate)
      : network_(std::move(network)), chain_(std::move(chain)), between_(between) {}

  [[nodiscard]] int dimension() const requires requires(M const& m) { m.dimension(); }
  { return network_.dimension(); }

  void operator()(Batch<T const> x, NoiseLevel const& level, Batch<T> out) {
    double const lambda =
        level.has_lambda() ? level.lambda() : -std::numeric_limits<double>::infinity();
    double const place = chain_.index_of_lambda(lambda), radius = detail::radius(level);
    auto const low = static_cast<std::int64_t>(
        between_ == BetweenIndices::nearest ? std::nearbyint(place) : std::floor(place));
    auto const share =
        static_cast<T>(between_ == BetweenIndices::nearest ? 0 : place - static_cast<double>(low));

    detail::DeviceArray<T> const scaled("retrace::scaled", x.extent(0), x.extent(1));
    detail::scale<T>(x, static_cast<T>(1 / radius), scaled);
    network_(Batch<T const>(scaled), timestep(low), out);
    if (share > 0) {
      detail::DeviceArray<T> const next("retrace::next", x.extent(0), x.extent(1));
      network_(Batch<T const>(scaled), timestep(low + 1), Batch<T>(next));
      detail::combine<T>(share, next, 1 - share, out);
    }
    // velocity = alpha epsilon - sigma x0 goes with the level's own alpha and sigma.
    if (prediction == Prediction::velocity) detail::scale<T>(out, static_cast<T>(radius), out);
  }

 private:
  [[nodiscard]] std::int64_t timestep(std::int64_t index) const {
    return chain_.timesteps()[static_cast<std::size_t>(index)];
  }

  M network_;
  Chain chain_;
  BetweenIndices between_;
};

/// A model trained on one continuous process at the levels of another, a discrete chain or any
/// other (a BatchModel). It is asked at its own process' level of the same lambda, for x scaled to
/// it; where that lies beyond t_max or t_min, at that end: DDPM's last level is a little noisier
/// than vp's. The model must not predict flow, which depends on how a process runs.
template <class T, BatchModel<T> M>
class TrainedOn {
 public:
  static constexpr Prediction prediction = M::prediction;
  static_assert(prediction != Prediction::flow, "flow has no meaning on another process");

  /// Throws Error (argument) for a discrete process: AtLevels is for those.
  TrainedOn(M model, Sde sde) : model_(std::move(model)), sde_(std::move(sde)) {
    if (sde_.is_discrete())
      throw Error(Fault::argument, std::string(sde_.name()) + " is no continuous process",
                  "a network of a chain is told indices", "take AtLevels");
  }

  [[nodiscard]] int dimension() const requires requires(M const& m) { m.dimension(); }
  { return model_.dimension(); }

  void operator()(Batch<T const> x, NoiseLevel const& level, Batch<T> out) {
    NoiseLevel const own = own_level(level);
    double const ratio = detail::radius(own) / detail::radius(level);
    detail::DeviceArray<T> const scaled("retrace::scaled", x.extent(0), x.extent(1));
    detail::scale<T>(x, static_cast<T>(ratio), scaled);
    model_(Batch<T const>(scaled), own, out);
    if (prediction == Prediction::velocity) detail::scale<T>(out, static_cast<T>(1 / ratio), out);
    if (prediction == Prediction::score)
      detail::scale<T>(out, static_cast<T>(own.sigma() / level.sigma()), out);
  }

 private:
  [[nodiscard]] NoiseLevel own_level(NoiseLevel const& level) const {
    NoiseLevel const noisiest = sde_.at(sde_.t_max());
    if (!level.has_lambda()) return noisiest;
    if (noisiest.has_lambda() && level.lambda() <= noisiest.lambda()) return noisiest;
    NoiseLevel const cleanest = sde_.at(sde_.t_min());
    if (cleanest.has_lambda() && level.lambda() >= cleanest.lambda()) return cleanest;
    return sde_.at_lambda(level.lambda());
  }

  M model_;
  Sde sde_;
};

}  // namespace retrace
