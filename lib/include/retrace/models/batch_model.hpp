// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/core/noise_level.hpp>
#include <retrace/core/prediction.hpp>

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace retrace {

/// An opaque score model: whole batches, any framework behind it. It reads x, [n][d], and writes
/// its native prediction at `level` to `out`, the same shape; it may keep neither. What it throws
/// reaches the caller of the run. `prediction` may be static or a value of the model's.
template <class M, class T>
concept BatchModel = requires(M& m, Batch<T const> x, NoiseLevel const& level, Batch<T> out) {
  { m.prediction } -> std::convertible_to<Prediction>;
  m(x, level, out);
};

/// A batch model that takes a condition (class, guidance branch) as well.
template <class M, class T>
concept ConditionalBatchModel = requires(M& m, Batch<T const> x, NoiseLevel const& level,
                                         int condition, Batch<T> out) {
  { m.prediction } -> std::convertible_to<Prediction>;
  m(x, level, condition, out);
};

/// Any batch model; a value.
template <class T>
class AnyBatchModel {
 public:
  template <class M>
  requires(BatchModel<M, T> || ConditionalBatchModel<M, T>) AnyBatchModel(M model, int dimension)
      : prediction_(model.prediction),
        dimension_(dimension),
        call_([m = std::move(model)](Batch<T const> x, NoiseLevel const& level, int condition,
                                     Batch<T> out) mutable {
          if constexpr (ConditionalBatchModel<M, T>)
            m(x, level, condition, out);
          else
            m(x, level, out);
        }) {}

  [[nodiscard]] Prediction prediction() const { return prediction_; }
  [[nodiscard]] int dimension() const { return dimension_; }
  void operator()(Batch<T const> x, NoiseLevel const& level, int condition, Batch<T> out) {
    call_(x, level, condition, out);
  }

 private:
  Prediction prediction_;
  int dimension_;
  std::function<void(Batch<T const>, NoiseLevel const&, int, Batch<T>)> call_;
};

}  // namespace retrace
