// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/aligned_vector.hpp>
#include <retrace/nn/activation_lanes.hpp>
#include <retrace/nn/layer_norm_panels.hpp>
#include <retrace/nn/network_shape.hpp>
#include <retrace/nn/panels.hpp>
#include <retrace/nn/trainable.hpp>

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
  static constexpr int rows = 64;
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
    for (T*& delta : deltas_) delta = take(std::max(a.width, a.dimension));
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
    activations::with(trainable_->architecture().activation, [&](auto activation) {
      found = forward<decltype(activation)>(parameters, count);
    });
    return found;
  }

  /// Adds the gradient of the sum of the losses, which losses() has to have been asked for just
  /// before, with parameters that are still there. `transposed` is of the same.
  void add_gradient(std::span<T const> transposed, std::span<T> gradient, int count) {
    Architecture const& a = trainable_->architecture();
    std::span<Trainable::Layer const> const layers = trainable_->layers();
    T *delta = deltas_[0], *next = deltas_[1];
    loss_slopes(delta, gradient, count);
    for (int i = a.depth; i >= 0; --i) {
      Trainable::Layer const& layer = layers[static_cast<std::size_t>(i)];
      T const* const before = i == 0 ? input_ : states_[static_cast<std::size_t>(i - 1)];
      add_weights(layer, before, delta, gradient, count);
      if (i == 0) break;
      back(layer, &transposed[layer.transposed], delta, i - 1, next, count);
      if (a.norm == Norm::layer) {
        auto const number = static_cast<std::size_t>(i - 1);
        std::size_t const scale = layers[number].norm, offset = layers[number].norm_offsets();
        norms_.back(normal_[number], &rates_[number * rows], &parameters_[scale], next,
                    &gradient[scale], &gradient[offset], count);
      }
      std::swap(delta, next);
    }
  }

 private:
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
    return 2 * area(a.dimension) + area(a.features()) + 4 * depth * area(a.width) +
           2 * area(std::max(a.width, a.dimension));
  }
  [[nodiscard]] std::size_t dense(int row, int column) const {
    auto const d = static_cast<std::size_t>(trainable_->architecture().dimension);
    return static_cast<std::size_t>(row) * d + static_cast<std::size_t>(column);
  }
  [[nodiscard]] T& unscaled(int row, int column) { return unscaled_[dense(row, column)]; }

  /// Replaces z by the activation of it, and returns its slope.
  template <class Activation>
  static RETRACE_INLINE P activate(P& z) {
    constexpr double in = Activation::to_argument, out = Activation::to_value;
    auto const [value, derivative] = Activation::slope(scaled(z, in));
    z = scaled(value, 1 / out);
    return scaled(derivative, in / out);
  }
  static RETRACE_INLINE P scaled(P a, double by) {
    return by == 1 ? a : a * simd::broadcast<P>(static_cast<T>(by));
  }

  /// f(block, offset in the tile) for every block of the product of a layer's inputs and matrix.
  template <class F>
  void forward_layer(Trainable::Layer const& layer, std::span<T const> parameters, T const* state,
                     int count, F const& f) const {
    panels::for_blocks<P, block_rows>(
        layer.outputs, count, [&](auto& block, int p, int at, int row) {
          T const* const matrix = &parameters[layer.weight] + p * layer.inputs() * panels::columns;
          block.fill(&parameters[layer.bias] + p * panels::columns + at);
          T const* const rest = panels::multiply(block, state, rows, row, layer.state, matrix + at);
          panels::multiply(block, embedding_, rows, row, layer.embedding, rest);
          f(block, (p * rows + row) * panels::columns + at);
        });
  }

  /// The same of a hidden layer, with what its activation is given.
  template <class F>
  void forward_normalised(Trainable::Layer const& layer, int i, T const* state, int count,
                          F const& f) {
    T* const n = normal_[static_cast<std::size_t>(i)];
    forward_layer(layer, parameters_, state, count,
                  [&](auto& block, int offset) { block.store(n + offset); });
    norms_.forward(n, &rates_[static_cast<std::size_t>(i) * rows], count);
    T const *const scale = &parameters_[layer.norm], *const shift =
                                                         &parameters_[layer.norm_offsets()];
    panels::for_blocks<P, block_rows>(
        layer.outputs, count, [&](auto& block, int p, int at, int row) {
          int const offset = (p * rows + row) * panels::columns + at;
          block.load(n + offset);
          panels::for_each_pack(block, [&](int r, int v, int) {
            int const column = p * panels::columns + at + v * simd::width<P>;
            block.sum[r][v] = simd::fma(block.sum[r][v], simd::load<P>(scale + column),
                                        simd::load<P>(shift + column));
          });
          f(block, offset);
        });
  }

  template <class Activation>
  std::span<T const> forward(std::span<T const> parameters, int count) {
    Architecture const& a = trainable_->architecture();
    std::span<Trainable::Layer const> const layers = trainable_->layers();
    T const* state = input_;
    for (int i = 0; i < a.depth; ++i) {
      auto const number = static_cast<std::size_t>(i);
      T *const out = states_[number], *const slope = slopes_[number];
      int const source = skip_source(a.skip, a.depth, i);
      T const* const skipped = source >= 0 ? states_[static_cast<std::size_t>(source)] : nullptr;
      auto const leave = [&](auto& block, int offset) {
        auto slopes = block;
        panels::for_each_pack(block, [&](int r, int v, int place) {
          slopes.sum[r][v] = activate<Activation>(block.sum[r][v]);
          if (skipped != nullptr)
            block.sum[r][v] = block.sum[r][v] + simd::load<P>(skipped + offset + place);
        });
        block.store(out + offset);
        slopes.store(slope + offset);
      };
      Trainable::Layer const& layer = layers[number];
      if (a.norm == Norm::layer)
        forward_normalised(layer, i, state, count, leave);
      else
        forward_layer(layer, parameters, state, count, leave);
      state = out;
    }
    forward_layer(layers.back(), parameters, state, count,
                  [&](auto& block, int offset) { block.store(output_ + offset); });
    scale_ = trainable_->scale() ? &parameters[*trainable_->scale()] : nullptr;
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

  /// Adds the gradients of a layer's matrix and bias.
  void add_weights(Trainable::Layer const& layer, T const* state, T const* delta,
                   std::span<T> gradient, int count) const {
    for (int p = 0; p < panels::count(layer.outputs); ++p) {
      T const* const slopes = delta + p * rows * panels::columns;
      T* const matrix = &gradient[layer.weight] + p * layer.inputs() * panels::columns;
      T* const bias = &gradient[layer.bias] + p * panels::columns;
      panels::for_packs<P>(
          std::min(panels::columns, layer.outputs - p * panels::columns), [&](auto packs, int at) {
            auto const part = [&](T const* left, int first_row, int inputs) {
              for (int k = 0; k < inputs; k += block_rows) {
                int const used = std::min(block_rows, inputs - k);
                T* const mine = matrix + (first_row + k) * panels::columns + at;
                panels::Block<P, block_rows, packs()> block;
                block.load(mine, used);
                block.template add<panels::Left::transposed>(left + place(0, k), slopes + at,
                                                             count);
                block.store(mine, used);
              }
            };
            part(state, 0, layer.state);
            part(embedding_, layer.state, layer.embedding);
            for (int v = 0; v < packs(); ++v) {
              T* const mine = bias + at + v * simd::width<P>;
              P sum = simd::load<P>(mine);
              for (int row = 0; row < count; ++row)
                sum = sum + simd::load<P>(slopes + row * panels::columns + (mine - bias));
              simd::store(mine, sum);
            }
          });
    }
  }

  /// The gradient in what goes into a layer, which hidden layer `before` made, times the slopes of
  /// the activation there. A layer that adds that state brings the gradient of its own to it.
  void back(Trainable::Layer const& layer, T const* transposed, T const* delta, int before, T* out,
            int count) const {
    auto const number = static_cast<std::size_t>(before);
    T const *const slope = slopes_[number], *const added = added_[number];
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
      block.store(out + offset);
    });
  }

  Trainable const* trainable_;
  LayerNormPanels<T, Isa> norms_;
  std::span<T const> parameters_;  ///< of the last call
  AlignedVector<T> memory_;
  T *input_, *embedding_, *output_;
  std::vector<T*> states_, slopes_;
  std::vector<T*> normal_;  ///< n of layers that are normalised, whose rates are rates_
  std::vector<T> rates_;
  std::vector<T*> kept_, added_;  ///< gradients of states that go past layers, if any do
  T* deltas_[2];
  T const* scale_ = nullptr;  // of the parameters that losses() was asked for
  std::vector<T> answers_, weights_, losses_, unscaled_;
};

}  // namespace retrace
