// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/aligned_vector.hpp>
#include <retrace/nn/activation_lanes.hpp>
#include <retrace/nn/activation_slopes.hpp>
#include <retrace/nn/layer_norm_panels.hpp>
#include <retrace/nn/network_shape.hpp>
#include <retrace/nn/panels.hpp>
#include <retrace/nn/trainable.hpp>
#include <retrace/nn/weight_gradient.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <span>
#include <vector>

namespace retrace {

/// Loss of up to `rows` examples under a network, and the gradient: the memory of one thread. An
/// example is what the network F sees, what it should answer, and how much that counts:
///   loss = weight / d |F(input, embedding) - answer|^2,  F = scale f with a scale, else f.
/// The same bits in every instruction set; an example's loss depends on no other example.
template <class T, class Isa>
class GradientTile {
 public:
  static constexpr int rows = 128;
  using P = simd::pack<T, Isa>;

  explicit GradientTile(Trainable const& trainable)
      : trainable_(&trainable),
        norms_(trainable.architecture().width, rows),
        memory_(numbers_needed()) {
    T* next = memory_.data();
    auto const take = [&](int all_columns) {
      T* const mine = next;
      next += static_cast<std::ptrdiff_t>(area(all_columns));
      return mine;
    };
    Architecture const& a = trainable.architecture();
    input_ = take(a.dimension);
    embedding_ = take(a.features());
    output_ = take(a.dimension);
    for (int i = 0; i < a.depth; ++i) {
      states_.push_back(take(a.width));
      slopes_.push_back(take(a.width));
      if (a.norm == Norm::layer) normal_.push_back(take(a.width));
    }
    rates_.resize(normal_.size() * rows);
    delta_ = take(a.dimension);
    kept_.resize(states_.size());
    added_.resize(states_.size());
    for (std::size_t i = 0; i < states_.size(); ++i) {
      int const source = skip_source(a.skip, a.depth, static_cast<int>(i));
      if (source < 0) continue;
      // A residual needs but one place: what is there is added before it is written again.
      kept_[i] = a.skip == Skip::residual && i > 1 ? kept_[i - 1] : take(a.width);
      added_[static_cast<std::size_t>(source)] = kept_[i];
    }
    answers_.resize(static_cast<std::size_t>(rows) * static_cast<std::size_t>(a.dimension));
    weights_.resize(rows);
    losses_.resize(rows);
    if (trainable.scale()) unscaled_.resize(answers_.size());
  }

  /// Number `column` of example `row`, to be written before a call.
  [[nodiscard]] T& input(int row, int column) { return input_[place(row, column)]; }
  /// What hidden layers see besides the state: the time embedding, then the conditions.
  [[nodiscard]] T& embedding(int row, int column) { return embedding_[place(row, column)]; }
  /// Where columns first, first + 1, ... of a row lie side by side, up to a multiple of 32.
  [[nodiscard]] T* embedding_from(int row, int column) { return embedding_ + place(row, column); }
  [[nodiscard]] T& answer(int row, int column) { return answers_[dense(row, column)]; }
  [[nodiscard]] T& weight(int row) { return weights_[static_cast<std::size_t>(row)]; }

  /// The losses of the first `count` examples.
  std::span<T const> losses(std::span<T const> parameters, int count) {
    parameters_ = parameters;
    std::span<T const> found;
    activations::with(trainable_->architecture().activation,
                      [&](auto activation) { found = forward<decltype(activation)>(count); });
    return found;
  }

  /// Adds the gradient of the sum of the losses, which losses() has to have been asked for just
  /// before, each time, with parameters that are still there. `transposed` is of the same.
  void add_gradient(std::span<T const> transposed, std::span<T> gradient, int count) {
    gradient_of(transposed, gradient, count, panels::Sum::goes_on);
  }
  /// The same, instead of what `gradient` held; what fills up panels of it has to be 0.
  void set_gradient(std::span<T const> transposed, std::span<T> gradient, int count) {
    std::span<Trainable::Layer const> const layers = trainable_->layers();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      std::size_t const end = i + 1 < layers.size() ? layers[i + 1].weight : gradient.size();
      std::fill(&gradient[layers[i].bias], gradient.data() + end, T(0));
    }
    gradient_of(transposed, gradient, count, panels::Sum::begins);
  }

 private:
  /// `sum` says how sums of matrices begin; the others go on.
  void gradient_of(std::span<T const> transposed, std::span<T> gradient, int count,
                   panels::Sum sum) {
    Architecture const& a = trainable_->architecture();
    std::span<Trainable::Layer const> const layers = trainable_->layers();
    panels::WeightGradient<P, block_rows> const weights(rows, count, sum);
    T* delta = delta_;
    loss_slopes(delta, gradient, count);
    for (int i = a.depth; i >= 0; --i) {
      Trainable::Layer const& layer = layers[static_cast<std::size_t>(i)];
      T const* const before = i == 0 ? input_ : states_[static_cast<std::size_t>(i - 1)];
      T *const matrix = &gradient[layer.weight], *const rest =
                                                     matrix + layer.state * panels::columns;
      int const stride = layer.inputs() * panels::columns;
      weights.of_matrix(before, layer.state, delta, layer.outputs, matrix, stride);
      weights.of_matrix(embedding_, layer.embedding, delta, layer.outputs, rest, stride);
      weights.of_bias(delta, layer.outputs, &gradient[layer.bias]);
      if (i == 0) break;
      delta = back(layer, &transposed[layer.transposed], delta, i - 1, count);
      if (a.norm == Norm::layer) {
        auto const number = static_cast<std::size_t>(i - 1);
        std::size_t const scale = layers[number].norm, offset = layers[number].norm_offsets();
        norms_.back(normal_[number], &rates_[number * rows], &parameters_[scale], delta,
                    &gradient[scale], &gradient[offset], count);
      }
    }
  }

  static constexpr int block_rows = panels::block_rows<Isa>;
  static_assert(rows % block_rows == 0);

  static std::size_t area(int all_columns) {
    return static_cast<std::size_t>(panels::count(all_columns)) * rows * panels::columns;
  }
  static std::size_t place(int row, int column) {
    auto const panel = static_cast<std::size_t>(column / panels::columns);
    return (panel * rows + static_cast<std::size_t>(row)) * panels::columns +
           static_cast<std::size_t>(column % panels::columns);
  }
  [[nodiscard]] std::size_t numbers_needed() const {
    Architecture const& a = trainable_->architecture();
    auto const depth = static_cast<std::size_t>(a.depth);
    return 3 * area(a.dimension) + area(a.features()) + 4 * depth * area(a.width);
  }
  [[nodiscard]] std::size_t dense(int row, int column) const {
    auto const d = static_cast<std::size_t>(trainable_->architecture().dimension);
    return static_cast<std::size_t>(row) * d + static_cast<std::size_t>(column);
  }
  [[nodiscard]] T& unscaled(int row, int column) { return unscaled_[dense(row, column)]; }

  /// Leaves them as they are.
  struct Leave {
    RETRACE_INLINE void operator()(P, int) const {}
  };

  /// The product of a layer's inputs and matrix to `out`, and then finish(pack, where it is): a
  /// panel at a time, which is still near, because a block would have to wait for its own result.
  template <class F>
  void forward_layer(Trainable::Layer const& layer, T const* state, T* out, int count,
                     F const& finish) const {
    constexpr int columns = panels::columns;
    for (int p = 0; p < panels::count(layer.outputs); ++p)
      panels::for_packs<P>(std::min(columns, layer.outputs - p * columns), [&](auto packs, int at) {
        T const* const matrix = &parameters_[layer.weight] + p * layer.inputs() * columns + at;
        T* const mine = out + p * rows * columns + at;
        for (int row = 0; row < count; row += block_rows) {
          panels::Block<P, block_rows, packs()> block;
          block.fill(&parameters_[layer.bias] + p * columns + at);
          T const* const rest = panels::multiply(block, state, rows, row, layer.state, matrix);
          panels::multiply(block, embedding_, rows, row, layer.embedding, rest);
          block.store(mine + row * columns);
        }
        for (int row = 0; row < count; ++row)
          for (int v = 0; v < packs(); ++v) {
            T* const from = mine + row * columns + v * simd::width<P>;
            finish(simd::load<P>(from), static_cast<int>(from - out));
          }
      });
  }

  /// The same of a hidden layer that is normalised.
  template <class F>
  void forward_normalised(Trainable::Layer const& layer, int i, T const* state, int count,
                          F const& finish) {
    T* const n = normal_[static_cast<std::size_t>(i)];
    forward_layer(layer, state, n, count, Leave{});
    norms_.forward(n, &rates_[static_cast<std::size_t>(i) * rows], count);
    T const *const scale = &parameters_[layer.norm], *const shift =
                                                         &parameters_[layer.norm_offsets()];
    panels::for_blocks<P, 1>(layer.outputs, count, [&](auto& block, int p, int at, int row) {
      int const first = p * panels::columns + at;
      T const* const from = n + (p * rows + row) * panels::columns + at;
      panels::for_each_pack(block, [&](int, int, int place) {
        P const z = simd::fma(simd::load<P>(from + place), simd::load<P>(scale + first + place),
                              simd::load<P>(shift + first + place));
        finish(z, static_cast<int>(from - n) + place);
      });
    });
  }

  template <class Activation>
  std::span<T const> forward(int count) {
    Architecture const& a = trainable_->architecture();
    std::span<Trainable::Layer const> const layers = trainable_->layers();
    T const* state = input_;
    for (int i = 0; i < a.depth; ++i) {
      auto const number = static_cast<std::size_t>(i);
      int const source = skip_source(a.skip, a.depth, i);
      ActivationSlopes<Activation, P> const finish{
          states_[number], slopes_[number],
          source >= 0 ? states_[static_cast<std::size_t>(source)] : nullptr};
      if (a.norm == Norm::layer)
        forward_normalised(layers[number], i, state, count, finish);
      else
        forward_layer(layers[number], state, finish.out, count, finish);
      state = finish.out;
    }
    forward_layer(layers.back(), state, output_, count, Leave{});
    scale_ = trainable_->scale() ? &parameters_[*trainable_->scale()] : nullptr;
    return errors(count);
  }

  std::span<T const> errors(int count) {
    int const d = trainable_->architecture().dimension;
    for (int row = 0; row < count; ++row) {
      T sum = 0;
      for (int j = 0; j < d; ++j) {
        T& out = output_[place(row, j)];
        if (scale_ != nullptr) {
          unscaled(row, j) = out;
          out *= scale_[j];
        }
        out -= answer(row, j);
        sum = simd::fma(out, out, sum);
      }
      losses_[static_cast<std::size_t>(row)] = sum * (weight(row) / T(d));
    }
    return std::span(losses_).first(static_cast<std::size_t>(count));
  }

  /// The gradient of the losses in f; 0 in the rows and columns that only fill up. Adds that in the
  /// scale.
  void loss_slopes(T* delta, std::span<T> gradient, int count) {
    int const d = trainable_->architecture().dimension;
    T* const of_scale = scale_ == nullptr ? nullptr : &gradient[*trainable_->scale()];
    std::fill_n(delta, area(d), T(0));
    for (int row = 0; row < count; ++row) {
      T const factor = T(2) * weight(row) / T(d);
      for (int j = 0; j < d; ++j) {
        T const slope = factor * output_[place(row, j)];
        delta[place(row, j)] = scale_ == nullptr ? slope : slope * scale_[j];
        if (scale_ != nullptr) of_scale[j] = simd::fma(slope, unscaled(row, j), of_scale[j]);
      }
    }
  }

  /// The gradient in what goes into a layer, which hidden layer `before` made, times the slopes of
  /// the activation there; in their place. A layer that adds that state brings the gradient of its
  /// own to it.
  T* back(Trainable::Layer const& layer, T const* transposed, T const* delta, int before,
          int count) const {
    auto const number = static_cast<std::size_t>(before);
    T* const slope = slopes_[number];
    T const* const added = added_[number];
    T* const kept = kept_[number];
    panels::for_blocks<P, block_rows>(layer.state, count, [&](auto& block, int p, int at, int row) {
      int const offset = (p * rows + row) * panels::columns + at;
      if (added != nullptr)
        block.load(added + offset);
      else
        block.clear();
      panels::multiply(block, delta, rows, row, layer.outputs,
                       transposed + p * layer.outputs * panels::columns + at);
      if (kept != nullptr) block.store(kept + offset);
      panels::for_each_pack(block, [&](int r, int v, int place) {
        block.sum[r][v] = block.sum[r][v] * simd::load<P>(slope + offset + place);
      });
      block.store(slope + offset);
    });
    return slope;
  }

  Trainable const* trainable_;
  LayerNormPanels<T, Isa> norms_;
  std::span<T const> parameters_;  ///< of the last call
  AlignedVector<T> memory_;
  T *input_, *embedding_, *output_, *delta_;
  std::vector<T*> states_, slopes_;
  std::vector<T*> normal_;  ///< n of layers that are normalised, whose rates are rates_
  std::vector<T> rates_;
  std::vector<T*> kept_, added_;  ///< gradients of states that go past layers, if any do
  T const* scale_ = nullptr;      // of the parameters that losses() was asked for
  std::vector<T> answers_, weights_, losses_, unscaled_;
};

}  // namespace retrace
