// SPDX-License-Identifier: Apache-2.0
#include "batch.hpp"

#include <retrace/core/draw.hpp>
#include <retrace/trace/parameterisation.hpp>

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>

namespace retrace {
namespace {

constexpr int draw_of_noise = 0;
// No training has as many rows.
constexpr std::uint64_t first_for_validation = std::uint64_t{1} << 62;

std::int64_t blocks_of(std::int64_t batch) {
  constexpr std::int64_t least_rows = 128, most_blocks = 16;
  return std::clamp<std::int64_t>((batch + least_rows - 1) / least_rows, 1, most_blocks);
}

/// sin and cos of 2 pi c freq_k to columns k and n + k.
template <class Tile>
void embed(Tile& tile, int row, double c, std::span<float const> freq) {
  using P = simd::pack<float, simd::Native>;
  using W = simd::traits<P>::words;
  constexpr std::size_t width = simd::width<P>;
  alignas(alignment) simd::Word turns[width] = {};
  alignas(alignment) float sines[width], cosines[width];
  for (std::size_t k = 0; k < freq.size(); k += width) {
    std::size_t const some = std::min(width, freq.size() - k);
    for (std::size_t i = 0; i < some; ++i) {
      double const angle = c * static_cast<double>(freq[k + i]);
      turns[i] =
          static_cast<simd::Word>(static_cast<std::int64_t>((angle - std::floor(angle)) * 0x1p32));
    }
    P s, co;
    simd::sincos_turn<P>(simd::load<W>(turns), s, co);
    simd::store(sines, s);
    simd::store(cosines, co);
    for (std::size_t i = 0; i < some; ++i) {
      tile.embedding(row, static_cast<int>(k + i)) = sines[i];
      tile.embedding(row, static_cast<int>(freq.size() + k + i)) = cosines[i];
    }
  }
}

}  // namespace

Trainer::Batch::Batch(TrainingTask const& task, Network const& start, Trainable const& trainable,
                      TimeSampler const& times)
    : task_(&task),
      start_(&start),
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

void Trainer::Batch::fill(Tile& tile, int row, NoiseLevel const& level, double factor,
                          std::span<double> x, std::span<float const> noise) const {
  Architecture const& a = task_->architecture;
  Precondition const p = precondition(a, level);
  Affine const answer = convert(Prediction::noise, a.prediction, level);
  double const counts =
      loss_weight(task_->options.weighting, a.prediction, a.sigma_data, level) * p.out * p.out;
  for (std::size_t j = 0; j < x.size(); ++j) {
    auto const z = static_cast<double>(noise[j]);
    double const noised = level.alpha() * x[j] + level.sigma() * z;
    tile.input(row, static_cast<int>(j)) = static_cast<float>(p.in * noised);
    tile.answer(row, static_cast<int>(j)) =
        static_cast<float>((answer.skip * noised + answer.out * z - p.skip * noised) / p.out);
  }
  tile.weight(row) = static_cast<float>(counts * factor);
  if (a.frequencies > 0) embed(tile, row, condition(a, level), start_->tensor("freq"));
}

void Trainer::Batch::run(std::span<float const> parameters, std::int64_t iteration) {
  trainable_->transpose<float>(parameters, transposed_);
  TrainingOptions const& o = task_->options;
  auto const d = static_cast<std::size_t>(task_->architecture.dimension);
  tbb::parallel_for(std::size_t{0}, gradients_.size(), [&](std::size_t block) {
    Tile& tile = tiles_.local();
    std::fill(gradients_[block].begin(), gradients_[block].end(), 0.0F);
    std::vector<double> x(d);
    std::vector<float> noise(d);
    std::int64_t const begin = static_cast<std::int64_t>(block) * rows_per_block_;
    std::int64_t const end = std::min(o.batch, begin + rows_per_block_);
    for (std::int64_t first = begin; first < end; first += Tile::rows) {
      auto const count = static_cast<int>(std::min<std::int64_t>(Tile::rows, end - first));
      for (int row = 0; row < count; ++row) {
        std::int64_t const number = first + row;
        task_->data.draw(o.seed, iteration, number, o.batch, x);
        draw_normals(o.seed, static_cast<std::uint64_t>(number), Purpose::train,
                     {.step = iteration, .k = draw_of_noise}, noise);
        auto const [level, factor] = times_->draw(o.seed, iteration, number, o.batch);
        fill(tile, row, level, factor, x, noise);
        factors_[static_cast<std::size_t>(number)] = static_cast<float>(factor);
      }
      std::ranges::copy(tile.losses(parameters, count), losses_.begin() + first);
      tile.add_gradient(transposed_, gradients_[block], count);
    }
  });
}

double Trainer::Batch::validation_loss(std::span<float const> parameters, std::int64_t first,
                                       std::span<double const> places) {
  Tile& tile = tiles_.local();
  TrainingOptions const& o = task_->options;
  auto const d = static_cast<std::size_t>(task_->architecture.dimension);
  std::vector<double> x(d);
  std::vector<float> noise(d);
  double sum = 0;
  for (std::size_t from = 0; from < places.size(); from += Tile::rows) {
    auto const count = static_cast<int>(std::min<std::size_t>(Tile::rows, places.size() - from));
    for (int row = 0; row < count; ++row) {
      std::size_t const mine = from + static_cast<std::size_t>(row);
      auto const number = static_cast<std::int64_t>(mine) + first;
      task_->data.draw_for_validation(o.seed, number, x);
      draw_normals(o.seed, first_for_validation + static_cast<std::uint64_t>(number),
                   Purpose::train, {.step = 0, .k = draw_of_noise}, noise);
      fill(tile, row, times_->at(places[mine]), 1, x, noise);
    }
    for (float const loss : tile.losses(parameters, count)) sum += static_cast<double>(loss);
  }
  return sum / static_cast<double>(places.size());
}

}  // namespace retrace
