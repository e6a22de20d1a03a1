// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/models/batch_model.hpp>
#include <retrace/models/score_error_tile.hpp>
#include <retrace/models/score_errors.hpp>
#include <retrace/models/tile_model.hpp>
#include <retrace/run/lanes.hpp>
#include <retrace/targets/target.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

/// Models with a planted score error, so that the error of a model and that of a solver can be told
/// apart: sample(spoiled(model, score_errors::field{.size = 0.1}), sampler, grid, options).
namespace retrace {

/// By how much a model's native prediction is off at each level where e(y) is 1 (score_error.hpp).
/// Throws Error (argument) at levels where the score does not determine the prediction: x0 at
/// alpha = 0.
[[nodiscard]] std::vector<double> score_error_factors(ErrorScale scale, Prediction native,
                                                      std::span<NoiseLevel const> levels);

/// A tile model with an error added to its prediction, which is rounded before and after as outside
/// the kernel: fused and batched runs give the same bits.
template <class T, class Inner>
struct SpoiledTile {
  using value_type = T;
  static constexpr int dimension_at_compile_time = Inner::dimension_at_compile_time;

  Inner inner;
  ScoreErrorTile<T, dimension_at_compile_time> error;

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int dimension() const { return inner.dimension(); }
  /// The prediction, and what one of the two needs at a time.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int scratch(int lanes) const {
    int const first = inner.scratch(lanes), second = error.scratch(lanes);
    return rows() * lanes + (first > second ? first : second);
  }

  template <Lanes L>
  RETRACE_INLINE void operator()(L const& lanes, T const* x, T* y, Evaluation<T> const& e,
                                 T* scratch) const {
    using P = typename L::Pack;
    using simd::broadcast, simd::load, simd::store;
    T *const prediction = scratch, *const rest = scratch + rows() * L::lanes;
    inner(lanes, x, prediction, Evaluation<T>{e.level, e.condition, T(0), T(1)}, rest);
    error.add(lanes, x, prediction, e.level, rest);
    P const out = broadcast<P>(e.out), skip = broadcast<P>(e.skip);
    lanes.flat(rows(), [&](int j) {
      store(y + j, simd::fma(out, load<P>(prediction + j), skip * load<P>(x + j)));
    });
  }

 private:
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int rows() const {
    return dimension_at_compile_time > 0 ? dimension_at_compile_time : inner.dimension();
  }
};

/// A fused model with a planted score error (a TileModelSource).
template <TileModelSource Source>
class SpoiledSource {
 public:
  Prediction prediction;

  /// Throws Error (argument) where the error does not fit the dimension.
  SpoiledSource(Source source, ScoreError const& error)
      : prediction(source.prediction),
        field_(error, source.dimension()),
        source_(std::move(source)) {}

  [[nodiscard]] int dimension() const { return source_.dimension(); }
  template <class T>
  [[nodiscard]] std::size_t bytes_per_level() const {
    return source_.template bytes_per_level<T>() + 2 * sizeof(T);
  }

  template <class T, int Dim, class Exec, class Inner>
  struct Prepared {
    Inner inner;
    PreparedScoreError<T, Dim, Exec> error;
    SpoiledTile<T, decltype(Inner::tile)> tile{inner.tile, error.tile};
  };
  template <class T, int Dim, class Exec>
  [[nodiscard]] auto prepare(Exec const& exec, std::span<NoiseLevel const> levels) const {
    auto inner = source_.template prepare<T, Dim, Exec>(exec, levels);
    return Prepared<T, Dim, Exec, decltype(inner)>{
        std::move(inner),
        {exec, field_, levels, score_error_factors(field_.scale(), prediction, levels)}};
  }

 private:
  ScoreErrorField field_;
  Source source_;
};

/// Adds the error to the predictions of a batch, a row at a time: for one lane a row is a tile.
template <class T>
struct SpoilRows {
  ScoreErrorTile<T, 0> error;
  T const* x;
  T* out;
  T* sums;  ///< [n][d]
  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    std::int64_t const first = i * error.d;
    error.add(HostLanes<T, simd::Scalar, 1>{}, x + first, out + first, 0, sums + first);
  }
};

/// A batch model with a planted score error; a batch model itself.
template <class Model>
class SpoiledModel {
 public:
  Prediction prediction;

  /// Throws Error (argument) where the error does not fit the dimension.
  SpoiledModel(Model model, ScoreError const& error, int dimension)
      : prediction(model.prediction), model_(std::move(model)), field_(error, dimension) {}

  [[nodiscard]] int dimension() const { return field_.dimension(); }

  template <class T>
  requires BatchModel<Model, T>
  void operator()(Batch<T const> x, NoiseLevel const& level, Batch<T> out) {
    model_(x, level, out);
    spoil(x, level, out);
  }
  template <class T>
  requires ConditionalBatchModel<Model, T>
  void operator()(Batch<T const> x, NoiseLevel const& level, int condition, Batch<T> out) {
    model_(x, level, condition, out);
    spoil(x, level, out);
  }

 private:
  template <class T>
  void spoil(Batch<T const> x, NoiseLevel const& level, Batch<T> out) const {
    Execution const exec;
    std::span const levels(&level, 1);
    PreparedScoreError<T, 0, Execution> const prepared(
        exec, field_, levels, score_error_factors(field_.scale(), prediction, levels));
    Kokkos::View<T*, Execution::memory_space> const sums(
        Kokkos::view_alloc(exec, Kokkos::WithoutInitializing, "retrace::score_error_sums"),
        x.size());
    auto const n = static_cast<std::int64_t>(x.extent(0));
    Kokkos::parallel_for(
        "retrace::spoil",
        Kokkos::RangePolicy<Execution, Kokkos::IndexType<std::int64_t>>(exec, 0, n),
        SpoilRows<T>{prepared.tile, x.data(), out.data(), sums.data()});
    exec.fence("retrace::spoil");
  }

  Model model_;
  ScoreErrorField field_;
};

/// A target with an error planted in its exact score. Starts are those of the target itself.
struct SpoiledTarget {
  Target target;
  ScoreError error;
};

/// The model or target with the error planted. A batch model that does not say its dimension takes
/// it from the last argument.
[[nodiscard]] inline SpoiledTarget spoiled(Target target, ScoreError error) {
  return {std::move(target), std::move(error)};
}
template <TileModelSource Source>
[[nodiscard]] SpoiledSource<Source> spoiled(Source source, ScoreError const& error) {
  return {std::move(source), error};
}
template <class Model>
requires requires(Model const& m) {
  { m.prediction } -> std::convertible_to<Prediction>;
}
[[nodiscard]] SpoiledModel<Model> spoiled(Model model, ScoreError const& error, int dimension) {
  return {std::move(model), error, dimension};
}
template <class Model>
requires(!TileModelSource<Model>) && requires(Model const& m) {
  { m.prediction } -> std::convertible_to<Prediction>;
  { m.dimension() } -> std::convertible_to<int>;
}
[[nodiscard]] SpoiledModel<Model> spoiled(Model model, ScoreError const& error) {
  int const dimension = model.dimension();
  return {std::move(model), error, dimension};
}

}  // namespace retrace
