// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/core/noise_level.hpp>
#include <retrace/core/prediction.hpp>
#include <retrace/sde/chain.hpp>
#include <retrace/sde/posterior.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace retrace {

/// A network that runs a chain backwards. `call` is asked at an index by the index the network was
/// trained on (Chain::timesteps()) and by its level, and writes [n][d] predictions, or, with
/// learned_range, [n][2 d]: the prediction and then v in [-1, 1] (reverse_log_variance()).
template <class T>
struct ReverseModel {
  Prediction prediction = Prediction::noise;
  PosteriorVariance variance = PosteriorVariance::fixed_small;
  std::function<void(Batch<T const> x, NoiseLevel const& level, std::int64_t timestep,
                     Batch<T> out)>
      call;
};

/// How the last step gives probability to data: the density of its Gaussian, or, for data of so
/// many bits scaled to [-1, 1], the probability of the interval around each of the 2^bits values,
/// open at the ends (Ho et al. 2020, eq. 13), by the exact distribution function and not cut off at
/// 1e-12 as improved-diffusion's is.
class Decoder {
 public:
  [[nodiscard]] static Decoder gaussian() { return Decoder(0); }
  /// Throws Error (argument) for bits outside [1, 16].
  [[nodiscard]] static Decoder discretised(int bits);

  /// -log p(x) in nats for N(mean, exp(log_variance)).
  [[nodiscard]] double cost(double x, double mean, double log_variance) const;
  /// Whether the decoder gives probability to x: discretised data are the 2^bits values.
  [[nodiscard]] bool knows(double x) const;

 private:
  explicit Decoder(int bits) : bits_(bits) {}
  int bits_;
};

/// log of the standard normal distribution function, also where that underflows.
[[nodiscard]] double log_normal_cdf(double z);

struct BoundOptions {
  Decoder decoder = Decoder::gaussian();
  std::uint64_t seed = 0;
  std::uint64_t first_sample = 0;
  int draws = 1;  ///< noised states for each sample and index, 1 to 1024
};

/// The bound -log p(x_0) <= L_T + sum of L_{t-1} + L_0 of Ho et al. 2020, eq. 5, in nats.
struct VariationalBound {
  std::vector<double> prior;      ///< L_T of each sample: KL(q(x_T | x_0) | N(0, I)), exact
  std::vector<double> steps;      ///< sum of L_1 .. L_{T-1} of each sample
  std::vector<double> decoder;    ///< L_0 of each sample
  std::vector<double> by_index;   ///< mean over the samples of the term of each index; 0 is L_0
  double nats = 0;                ///< mean over the samples of all terms
  double bits_per_dimension = 0;  ///< of it; of the data as they are given, on [-1, 1]
};

/// Estimates the bound for data [n][d], row-major. Each step's KL divergence is exact given the
/// noised state; the expectation over that state is a mean over draws from the counter, so that a
/// sample's bound depends on seed and sample number only. The denoised estimate is not clipped.
/// Needs a Runtime. Throws Error (argument) for data that the decoder gives no probability to or
/// that are not finite, a prediction that does not determine x0 (noise at alpha = 0) and draws out
/// of range; Error (numerics), naming the sample and index, where the model's answer is not finite.
template <class T>
[[nodiscard]] VariationalBound variational_bound(Chain const& chain, ReverseModel<T> const& model,
                                                 std::span<double const> data,
                                                 std::int64_t dimension,
                                                 BoundOptions const& options = {});

extern template VariationalBound variational_bound(Chain const&, ReverseModel<float> const&,
                                                   std::span<double const>, std::int64_t,
                                                   BoundOptions const&);
extern template VariationalBound variational_bound(Chain const&, ReverseModel<double> const&,
                                                   std::span<double const>, std::int64_t,
                                                   BoundOptions const&);

}  // namespace retrace
