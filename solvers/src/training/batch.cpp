// SPDX-License-Identifier: Apache-2.0
#include "batch.hpp"

#include "validation_draws.hpp"

#include <retrace/core/draw.hpp>
#include <retrace/trace/parameterisation.hpp>

#include <tbb/parallel_for.h>

#include <algorithm>
#include <bit>

namespace retrace {
namespace {

constexpr int draw_of_noise = 0, draw_of_drop = 3;  // 1 is the time, 2 the datum

std::int64_t blocks_of(std::int64_t batch) {
  constexpr std::int64_t least_rows = 128, most_blocks = 16;
  return std::clamp<std::int64_t>((batch + least_rows - 1) / least_rows, 1, most_blocks);
}

/// The part of a number of turns that is left of whole ones, in units of 2^-32, to the nearest.
/// Sums with 1.5 2^52 round to whole numbers and keep them in their low bits; compilers vectorise
/// that.
simd::Word turned(double turns) {
  constexpr double round = 0x1.8p52;
  double const part = turns - ((turns + round) - round);
  return static_cast<simd::Word>(std::bit_cast<std::uint64_t>(part * 0x1p32 + round));
}

/// sin and cos of 2 pi c freq_k to columns k and n + k, for the c of every row.
template <class Tile>
void embed(Tile& tile, std::span<double const> c, std::span<float const> freq) {
  using P = simd::pack<float, simd::Native>;
  using W = simd::traits<P>::words;
  constexpr std::size_t width = simd::width<P>;
  std::size_t const n = freq.size(), padded = (n + width - 1) / width * width;
  // All of them first: what has just been written in parts cannot be read as a whole.
  AlignedVector<simd::Word> turns(c.size() * padded);
  for (std::size_t row = 0; row < c.size(); ++row)
    for (std::size_t k = 0; k < n; ++k)
      turns[row * padded + k] = turned(c[row] * static_cast<double>(freq[k]));
  alignas(alignment) float sines[width], cosines[width];
  bool const whole = n % width == 0;  // then every pack lies in a panel
  for (std::size_t i = 0; i < turns.size(); i += width) {
    auto const row = static_cast<int>(i / padded), column = static_cast<int>(i % padded);
    int const cosine_column = static_cast<int>(n) + column;
    P sine, cosine;
    simd::sincos_turn<P>(simd::load<W>(&turns[i]), sine, cosine);
    if (whole) {
      simd::store(tile.embedding_from(row, column), sine);
      simd::store(tile.embedding_from(row, cosine_column), cosine);
      continue;
    }
    simd::store(sines, sine);
    simd::store(cosines, cosine);
    for (int j = 0; j < static_cast<int>(std::min(width, n - i % padded)); ++j) {
      tile.embedding(row, column + j) = sines[j];
      tile.embedding(row, cosine_column + j) = cosines[j];
    }
  }
}

}  // namespace

Trainer::Batch::Batch(TrainingTask const& task, Network const& start, Trainable const& trainable,
                      TimeSampler const& times)
    : task_(&task),
      freq_(start.tensor("freq")),
      trainable_(&trainable),
      times_(&times),
      transposed_(trainable.transposed_size()),
      losses_(static_cast<std::size_t>(task.options.batch)),
      factors_(losses_.size()),
      tiles_(trainable) {
  std::int64_t const blocks = blocks_of(task.options.batch);
  std::int64_t const even = (task.options.batch + blocks - 1) / blocks;
  rows_per_block_ = (even + Tile::rows - 1) / Tile::rows * Tile::rows;
  gradients_.assign(
      static_cast<std::size_t>((task.options.batch + rows_per_block_ - 1) / rows_per_block_),
      AlignedVector<float>(trainable.size()));
}

void Trainer::Batch::drop(std::int64_t iteration, std::int64_t first, std::span<double> y) const {
  TrainingOptions const& o = task_->options;
  auto const m = static_cast<std::size_t>(task_->architecture.conditions);
  if (o.drop_condition == 0 || m == 0) return;
  std::vector<double> drawn(y.size() / m);
  draw_uniforms(o.seed, static_cast<std::uint64_t>(first), Purpose::train,
                {.step = iteration, .k = draw_of_drop}, drawn);
  for (std::size_t i = 0; i < drawn.size(); ++i)
    if (drawn[i] < o.drop_condition) std::ranges::fill(y.subspan(i * m, m), 0.0);
}

void Trainer::Batch::fill(Tile& tile, std::span<TrainingLevel const> levels, double const* x,
                          double const* y, float const* noise) const {
  Architecture const& a = task_->architecture;
  std::vector<double> c(levels.size());
  for (std::size_t i = 0; i < levels.size(); ++i) {
    auto const row = static_cast<int>(i);
    fill_row(tile, row, levels[i], x + row * a.dimension, noise + row * a.dimension);
    c[i] = a.frequencies > 0 ? condition(a, levels[i].level) : 0;
    for (int k = 0; k < a.conditions; ++k)
      tile.embedding(row, 2 * a.frequencies + k) = static_cast<float>(y[row * a.conditions + k]);
  }
  embed(tile, c, freq_);
}

void Trainer::Batch::fill_row(Tile& tile, int row, TrainingLevel const& at, double const* x,
                              float const* noise) const {
  Architecture const& a = task_->architecture;
  NoiseLevel const& level = at.level;
  Precondition const p = precondition(a, level);
  Affine const answer = convert(Prediction::noise, a.prediction, level);
  double const counts =
      loss_weight(task_->options.weighting, a.prediction, a.sigma_data, level) * p.out * p.out;
  for (int j = 0; j < a.dimension; ++j) {
    auto const z = static_cast<double>(noise[j]);
    double const noised = level.alpha() * x[j] + level.sigma() * z;
    tile.input(row, j) = static_cast<float>(p.in * noised);
    tile.answer(row, j) =
        static_cast<float>((answer.skip * noised + answer.out * z - p.skip * noised) / p.out);
  }
  tile.weight(row) = static_cast<float>(counts * at.factor);
}

void Trainer::Batch::run(std::span<float const> parameters, std::int64_t iteration) {
  trainable_->transpose<float>(parameters, transposed_);
  TrainingOptions const& o = task_->options;
  std::int64_t const d = task_->architecture.dimension, m = task_->architecture.conditions;
  tbb::parallel_for(std::size_t{0}, gradients_.size(), [&](std::size_t block) {
    Tile& tile = tiles_.local();
    std::vector<double> x(static_cast<std::size_t>(Tile::rows * d));
    std::vector<double> y(static_cast<std::size_t>(Tile::rows * m));
    std::vector<float> noise(x.size());
    std::vector<TrainingLevel> levels;
    std::int64_t const begin = static_cast<std::int64_t>(block) * rows_per_block_;
    std::int64_t const end = std::min(o.batch, begin + rows_per_block_);
    for (std::int64_t first = begin; first < end; first += Tile::rows) {
      std::int64_t const count = std::min<std::int64_t>(Tile::rows, end - first);
      auto const numbers = static_cast<std::size_t>(count * d);
      auto const conditions = std::span(y).first(static_cast<std::size_t>(count * m));
      task_->data.draw(o.seed, iteration, first, o.batch, std::span(x).first(numbers), conditions);
      drop(iteration, first, conditions);
      draw_normal_rows(o.seed, static_cast<std::uint64_t>(first), Purpose::train,
                       {.step = iteration, .k = draw_of_noise}, d, std::span(noise).first(numbers));
      times_->draw(o.seed, iteration, first, count, o.batch, levels);
      for (std::int64_t row = 0; row < count; ++row)
        factors_[static_cast<std::size_t>(first + row)] =
            static_cast<float>(levels[static_cast<std::size_t>(row)].factor);
      fill(tile, levels, x.data(), y.data(), noise.data());
      std::ranges::copy(tile.losses(parameters, static_cast<int>(count)), losses_.begin() + first);
      if (first == begin)
        tile.set_gradient(transposed_, gradients_[block], static_cast<int>(count));
      else
        tile.add_gradient(transposed_, gradients_[block], static_cast<int>(count));
    }
  });
}

double Trainer::Batch::validation_loss(std::span<float const> parameters, std::int64_t first,
                                       std::span<double const> places) {
  Tile& tile = tiles_.local();
  TrainingOptions const& o = task_->options;
  auto const d = static_cast<std::size_t>(task_->architecture.dimension);
  auto const m = static_cast<std::size_t>(task_->architecture.conditions);
  std::vector<double> x(places.size() * d), y(places.size() * m);
  std::vector<float> noise(x.size());
  task_->data.draw_for_validation(o.seed, first, x, y);
  draw_normal_rows(o.seed, static_cast<std::uint64_t>(first_for_validation + first), Purpose::train,
                   {.step = 0, .k = draw_of_noise}, static_cast<std::int64_t>(d), noise);
  double sum = 0;
  for (std::size_t from = 0; from < places.size(); from += Tile::rows) {
    std::size_t const count = std::min<std::size_t>(Tile::rows, places.size() - from);
    std::vector<TrainingLevel> levels;
    for (std::size_t row = 0; row < count; ++row)
      levels.push_back({times_->at(places[from + row]), 1});
    fill(tile, levels, x.data() + from * d, y.data() + from * m, noise.data() + from * d);
    for (float const loss : tile.losses(parameters, static_cast<int>(count)))
      sum += static_cast<double>(loss);
  }
  return sum / static_cast<double>(places.size());
}

}  // namespace retrace
