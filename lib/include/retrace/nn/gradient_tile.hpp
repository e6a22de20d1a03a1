// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/aligned_vector.hpp>
#include <retrace/nn/activation_lanes.hpp>
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
      : trainable_(&trainable), memory_(numbers_needed()) {
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
    }
    for (T*& delta : deltas_) delta = take(std::max(a.width, a.dimension));
    through_ = a.skip == Skip::residual ? take(a.width) : nullptr;
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
    std::span<T const> found;
    activations::with(trainable_->architecture().activation, [&](auto activation) {
      found = forward<decltype(activation)>(parameters, count);
    });
    return found;
  }

  /// Adds the gradient of the sum of the losses, which losses() has to have been asked for just
  /// before. `transposed` is of the same parameters.
  void add_gradient(std::span<T const> transposed, std::span<T> gradient, int count) {
    Architecture const& a = trainable_->architecture();
    std::span<Trainable::Layer const> const layers = trainable_->layers();
    T* delta = deltas_[0];
    T* next = deltas_[1];
    loss_slopes(delta, gradient, count);
    for (int i = a.depth; i >= 0; --i) {
      Trainable::Layer const& layer = layers[static_cast<std::size_t>(i)];
      T const* const before = i == 0 ? input_ : states_[static_cast<std::size_t>(i - 1)];
      add_weights(layer, before, delta, gradient, count);
      if (i == 0) break;
      // The identity beside layer i brings the gradient of its output to that of its input.
      bool const skips = a.skip == Skip::residual && i < a.depth && i >= 1;
      back(layer, &transposed[layer.transposed], delta, slopes_[static_cast<std::size_t>(i - 1)],
           skips, next, count);
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
    return 2 * area(a.dimension) + area(a.features()) + (2 * depth + 1) * area(a.width) +
           2 * area(std::max(a.width, a.dimension));
  }
  [[nodiscard]] std::size_t dense(int row, int column) const {
    auto const d = static_cast<std::size_t>(trainable_->architecture().dimension);
    return static_cast<std::size_t>(row) * d + static_cast<std::size_t>(column);
  }
  [[nodiscard]] T& unscaled(int row, int column) { return unscaled_[dense(row, column)]; }
  static int rounded(int count) { return (count + block_rows - 1) / block_rows * block_rows; }

  /// Adds left * right to a block of rows, `right` the rows of one panel; goes on behind them.
  template <int V>
  static RETRACE_INLINE T const* multiply(panels::Block<P, block_rows, V>& block, T const* left,
                                          int row, int inner, T const* right) {
    for (int k = 0; k < inner; k += panels::columns) {
      int const some = inner - k < panels::columns ? inner - k : panels::columns;
      block.template add<panels::Left::straight>(left + (k * rows + row * panels::columns), right,
                                                 some);
      right += some * panels::columns;
    }
    return right;
  }

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
    for (int p = 0; p < panels::count(layer.outputs); ++p) {
      T const* const matrix = &parameters[layer.weight] + p * layer.inputs() * panels::columns;
      T const* const bias = &parameters[layer.bias] + p * panels::columns;
      panels::for_packs<P>(
          std::min(panels::columns, layer.outputs - p * panels::columns), [&](auto packs, int at) {
            for (int row = 0; row < rounded(count); row += block_rows) {
              panels::Block<P, block_rows, packs()> block;
              block.fill(bias + at);
              T const* const rest = multiply(block, state, row, layer.state, matrix + at);
              multiply(block, embedding_, row, layer.embedding, rest);
              f(block, (p * rows + row) * panels::columns + at);
            }
          });
    }
  }

  template <class Activation>
  std::span<T const> forward(std::span<T const> parameters, int count) {
    Architecture const& a = trainable_->architecture();
    std::span<Trainable::Layer const> const layers = trainable_->layers();
    T const* state = input_;
    for (int i = 0; i < a.depth; ++i) {
      T* const out = states_[static_cast<std::size_t>(i)];
      T* const slope = slopes_[static_cast<std::size_t>(i)];
      T const* const kept = a.skip == Skip::residual && i > 0 ? state : nullptr;
      forward_layer(layers[static_cast<std::size_t>(i)], parameters, state, count,
                    [&](auto& block, int offset) {
                      auto slopes = block;
                      for_each_pack(block, [&](int r, int v, int place) {
                        slopes.sum[r][v] = activate<Activation>(block.sum[r][v]);
                        if (kept != nullptr)
                          block.sum[r][v] = block.sum[r][v] + simd::load<P>(kept + offset + place);
                      });
                      block.store(out + offset);
                      slopes.store(slope + offset);
                    });
      state = out;
    }
    forward_layer(layers.back(), parameters, state, count,
                  [&](auto& block, int offset) { block.store(output_ + offset); });
    scale_ = trainable_->scale() ? &parameters[*trainable_->scale()] : nullptr;
    return errors(count);
  }

  template <class Block, class F>
  static RETRACE_INLINE void for_each_pack(Block const& block, F const& f) {
    constexpr int packs = sizeof(block.sum[0]) / sizeof(P);
    RETRACE_UNROLL(8)
    for (int r = 0; r < block_rows; ++r) {
      RETRACE_UNROLL(4)
      for (int v = 0; v < packs; ++v) f(r, v, r * panels::columns + v * simd::width<P>);
    }
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

  /// The gradient in what goes into a layer, times the slopes of the activation that made it.
  void back(Trainable::Layer const& layer, T const* transposed, T const* delta, T const* slope,
            bool skips, T* out, int count) const {
    for (int p = 0; p < panels::count(layer.state); ++p) {
      T const* const matrix = transposed + p * layer.outputs * panels::columns;
      panels::for_packs<P>(
          std::min(panels::columns, layer.state - p * panels::columns), [&](auto packs, int at) {
            for (int row = 0; row < rounded(count); row += block_rows) {
              int const offset = (p * rows + row) * panels::columns + at;
              panels::Block<P, block_rows, packs()> block;
              if (skips)
                block.load(through_ + offset);
              else
                block.clear();
              multiply(block, delta, row, layer.outputs, matrix + at);
              if (through_ != nullptr) block.store(through_ + offset);
              for_each_pack(block, [&](int r, int v, int place) {
                block.sum[r][v] = block.sum[r][v] * simd::load<P>(slope + offset + place);
              });
              block.store(out + offset);
            }
          });
    }
  }

  Trainable const* trainable_;
  AlignedVector<T> memory_;
  T *input_, *embedding_, *output_, *through_;
  std::vector<T*> states_, slopes_;
  T* deltas_[2];
  T const* scale_ = nullptr;  // of the parameters that losses() was asked for
  std::vector<T> answers_, weights_, losses_, unscaled_;
};

}  // namespace retrace
