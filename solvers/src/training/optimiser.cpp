// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/simd.hpp>
#include <retrace/training/optimiser.hpp>

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <iterator>
#include <numeric>

namespace retrace {
namespace {

using P = simd::pack<float, simd::Native>;
constexpr std::size_t width = simd::width<P>;
// Parts of the parameters; a number of their own, so that sums do not depend on the threads.
constexpr std::size_t part = 4096;

template <class F>
void for_parts(std::size_t size, F const& f) {
  tbb::parallel_for(std::size_t{0}, (size + part - 1) / part,
                    [&](std::size_t p) { f(p, p * part, std::min(size, (p + 1) * part)); });
}

P all(double value) { return simd::broadcast<P>(static_cast<float>(value)); }

}  // namespace

Weights::Weights(std::span<float const> start, std::size_t rates)
    : parameters(start.begin(), start.end()),
      first_moment(start.size(), 0.0F),
      second_moment(start.size(), 0.0F),
      averages(rates, parameters) {}

double reduce(std::span<AlignedVector<float>> gradients, std::int64_t batch) {
  std::size_t const size = gradients[0].size();
  assert(size % 32 == 0);
  P const share = all(1 / static_cast<double>(batch));
  std::vector<double> squares((size + part - 1) / part);
  for_parts(size, [&](std::size_t p, std::size_t begin, std::size_t end) {
    float* const sum = gradients[0].data();
    // One gradient after the other: the part of the sum stays in the cache.
    for (std::size_t g = 1; g < gradients.size(); ++g)
      for (std::size_t i = begin; i < end; i += width)
        simd::store(sum + i, simd::load<P>(sum + i) + simd::load<P>(&gradients[g][i]));
    // Many sums, so that additions need not wait for each other.
    constexpr std::size_t many = 32;
    double sums[many] = {};
    for (std::size_t i = begin; i < end; i += many) {
      for (std::size_t j = i; j < i + many; j += width)
        simd::store(sum + j, simd::load<P>(sum + j) * share);
      for (std::size_t j = 0; j < many; ++j) sums[j] += double{sum[i + j]} * double{sum[i + j]};
    }
    squares[p] = std::accumulate(std::begin(sums), std::end(sums), 0.0);
  });
  double square = 0;
  for (double const s : squares) square += s;
  return std::sqrt(square);
}

void update(Weights& weights, std::span<float const> gradient, double norm,
            TrainingOptions const& options, std::int64_t i) {
  constexpr double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  auto const step = static_cast<double>(i + 1);
  double const rate = learning_rate_at(options, i);
  P const clip = all(options.clip > 0 && norm > options.clip ? options.clip / norm : 1);
  P const keep1 = all(beta1), take1 = all(1 - beta1), keep2 = all(beta2), take2 = all(1 - beta2);
  P const length = all(-rate / (1 - std::pow(beta1, step)));
  P const unbias = all(1 / (1 - std::pow(beta2, step))), least = all(epsilon);
  P const decay = all(1 - rate * options.weight_decay);
  std::vector<P> averaging;
  for (double const ema : options.ema)
    averaging.push_back(all(1 - std::min(ema, step / (step + 9))));
  for_parts(gradient.size(), [&](std::size_t, std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; k += width) {
      P const g = simd::load<P>(&gradient[k]) * clip;
      P const m = simd::fma(keep1, simd::load<P>(&weights.first_moment[k]), take1 * g);
      P const v = simd::fma(keep2, simd::load<P>(&weights.second_moment[k]), take2 * (g * g));
      P const by = simd::sqrt(v * unbias) + least;
      P const w = simd::fma(length, m / by, decay * simd::load<P>(&weights.parameters[k]));
      simd::store(&weights.first_moment[k], m);
      simd::store(&weights.second_moment[k], v);
      simd::store(&weights.parameters[k], w);
      for (std::size_t a = 0; a < averaging.size(); ++a) {
        float* const average = &weights.averages[a][k];
        P const before = simd::load<P>(average);
        simd::store(average, simd::fma(averaging[a], w - before, before));
      }
    }
  });
}

}  // namespace retrace
