// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/core/error.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/core/runtime.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/likelihood/variational_bound.hpp>
#include <retrace/trace/parameterisation.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

namespace retrace {
namespace {

constexpr double log_root = 0.91893853320467274178;  // log(2 pi) / 2

/// log(Phi(high) - Phi(low)), low < high, in the tail where both are small.
double log_normal_interval(double low, double high) {
  if (low > 0) return log_normal_interval(-high, -low);
  double const larger = log_normal_cdf(high);
  return larger + std::log1p(-std::exp(log_normal_cdf(low) - larger));
}

/// KL(N(m, exp(p)) | N(m + gap, exp(q))).
double divergence(double gap, double p, double q) {
  return (q - p + std::exp(p - q) - 1 + gap * gap * std::exp(-q)) / 2;
}

void check_data(std::span<double const> data, std::int64_t dimension, Decoder const& decoder) {
  for (std::size_t i = 0; i < data.size(); ++i)
    if (!std::isfinite(data[i]) || !decoder.knows(data[i]))
      throw Error(Fault::argument,
                  "row " + std::to_string(i / static_cast<std::size_t>(dimension)) +
                      " of the data holds " + shortest(data[i]),
                  "the decoder gives it no probability",
                  "scale integer data of k bits to -1 + 2 j / (2^k - 1)");
}

/// One pass of the model over a batch of noised data.
template <class T>
class Pass {
 public:
  Pass(Chain const& chain, ReverseModel<T> const& model, BoundOptions const& options,
       std::int64_t rows, std::int64_t dimension)
      : chain_(chain),
        tables_(posterior_tables(chain)),
        model_(model),
        options_(options),
        d_(static_cast<std::size_t>(dimension)),
        x_("retrace::x", static_cast<std::size_t>(rows), d_),
        out_("retrace::out", static_cast<std::size_t>(rows), width()),
        host_x_(Kokkos::create_mirror_view(x_)),
        host_out_(Kokkos::create_mirror_view(out_)) {}

  /// The term of an index for the rows of `data`, samples from `first` on, added to `terms`.
  void add(std::int64_t index, int draw, std::span<double const> data, std::uint64_t first,
           std::span<double> terms) {
    NoiseLevel const level = chain_.level(index);
    Affine const to = convert(model_.prediction, Prediction::denoised, level);
    if (!std::isfinite(to.skip) || !std::isfinite(to.out))
      throw Error(
          Fault::argument,
          "the network's prediction does not determine x0 at index " + std::to_string(index),
          "alpha is 0 there", "predict velocity or denoised");
    std::size_t const rows = terms.size();
    noise(level, {index, draw}, data, first, rows);
    Kokkos::deep_copy(x_, host_x_);
    auto const these = std::pair(std::size_t{0}, rows);
    model_.call(Batch<T const>(Kokkos::subview(x_, these, Kokkos::ALL)), level,
                chain_.timesteps()[static_cast<std::size_t>(index)],
                Batch<T>(Kokkos::subview(out_, these, Kokkos::ALL)));
    Kokkos::fence();
    Kokkos::deep_copy(host_out_, out_);
    for (std::size_t r = 0; r < rows; ++r) {
      double const term = row_term(index, r, to, data.subspan(r * d_, d_));
      if (!std::isfinite(term))
        throw Error(Fault::numerics,
                    "the bound of sample " + std::to_string(first + r) +
                        " is not finite at index " + std::to_string(index),
                    "so is the network's answer there, or its variance");
      terms[r] += term / options_.draws;
    }
  }

 private:
  [[nodiscard]] std::size_t width() const {
    return model_.variance == PosteriorVariance::learned_range ? 2 * d_ : d_;
  }

  void noise(NoiseLevel const& level, DrawKey key, std::span<double const> data,
             std::uint64_t first, std::size_t rows) {
    std::vector<float> z(d_);
    for (std::size_t r = 0; r < rows; ++r) {
      draw_normals(options_.seed, first + r, Purpose::bound, key, z);
      for (std::size_t c = 0; c < d_; ++c)
        host_x_(r, c) =
            static_cast<T>(level.alpha() * data[r * d_ + c] + level.sigma() * double{z[c]});
    }
  }

  [[nodiscard]] double row_term(std::int64_t index, std::size_t r, Affine const& to,
                                std::span<double const> x0) const {
    auto const at = static_cast<std::size_t>(index);
    double sum = 0;
    for (std::size_t c = 0; c < d_; ++c) {
      double const denoised = to.skip * double{host_x_(r, c)} + to.out * double{host_out_(r, c)};
      double const v = width() > d_ ? double{host_out_(r, d_ + c)} : 0;
      double const log_variance = reverse_log_variance(tables_, index, model_.variance, v);
      sum += index == 0 ? options_.decoder.cost(x0[c], denoised, log_variance)
                        : divergence(tables_.posterior_mean_coef1[at] * (x0[c] - denoised),
                                     tables_.posterior_log_variance_clipped[at], log_variance);
    }
    return sum;
  }

  Chain const& chain_;
  PosteriorTables tables_;
  ReverseModel<T> const& model_;
  BoundOptions const& options_;
  std::size_t d_;
  Kokkos::View<T**, Kokkos::LayoutRight, Execution::memory_space> x_, out_;
  typename decltype(x_)::HostMirror host_x_, host_out_;
};

/// KL(q(x_T | x_0) | N(0, I)).
double prior_term(NoiseLevel const& last, std::span<double const> x0) {
  double sum = 0;
  for (double const x : x0) sum += divergence(last.alpha() * x, 2 * last.log_sigma(), 0);
  return sum;
}

double mean_of(std::span<double const> values) {
  double sum = 0;
  for (double const value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

}  // namespace

double log_normal_cdf(double z) {
  constexpr double far = -30;  // erfc underflows at -38; the series is exact to 1e-9 from here on
  if (z > 0) return std::log1p(-std::erfc(z / std::numbers::sqrt2) / 2);
  if (z > far) return std::log(std::erfc(-z / std::numbers::sqrt2) / 2);
  double const u = 1 / (z * z);
  return -z * z / 2 - std::log(-z) - log_root + std::log1p(-u * (1 - 3 * u * (1 - 5 * u)));
}

Decoder Decoder::discretised(int bits) {
  constexpr int most = 16;
  if (bits < 1 || bits > most)
    throw Error(Fault::argument, "data of " + std::to_string(bits) + " bits",
                "a decoder takes 1 to " + std::to_string(most));
  return Decoder(bits);
}

bool Decoder::knows(double x) const {
  if (bits_ == 0) return true;
  constexpr double rounding = 1e-6;  // of values stored in float, in steps
  double const place = (x + 1) / 2 * (std::exp2(bits_) - 1);
  return x >= -1 - rounding && x <= 1 + rounding &&
         std::abs(place - std::nearbyint(place)) < std::exp2(bits_) * rounding;
}

double Decoder::cost(double x, double mean, double log_variance) const {
  double const deviation = std::exp(log_variance / 2), gap = x - mean;
  if (bits_ == 0) return log_root + log_variance / 2 + gap * gap * std::exp(-log_variance) / 2;
  double const half = 1 / (std::exp2(bits_) - 1);
  double const low = (gap - half) / deviation, high = (gap + half) / deviation;
  if (x < -1 + half) return -log_normal_cdf(high);
  if (x > 1 - half) return -log_normal_cdf(-low);
  return -log_normal_interval(low, high);
}

template <class T>
VariationalBound variational_bound(Chain const& chain, ReverseModel<T> const& model,
                                   std::span<double const> data, std::int64_t dimension,
                                   BoundOptions const& options) {
  constexpr std::int64_t at_once = 1024;
  Runtime::require();
  if (dimension < 1 || data.size() % static_cast<std::size_t>(dimension) != 0)
    throw Error(Fault::argument, "the data are no rows of " + std::to_string(dimension));
  if (options.draws < 1 || options.draws > DrawKey::max_k + 1)
    throw Error(Fault::argument, "draws of a bound cannot be " + std::to_string(options.draws),
                "it takes 1 to " + std::to_string(DrawKey::max_k + 1));
  check_data(data, dimension, options.decoder);

  auto const d = static_cast<std::size_t>(dimension);
  std::size_t const n = data.size() / d;
  VariationalBound bound{.prior = std::vector<double>(n),
                         .steps = std::vector<double>(n),
                         .decoder = std::vector<double>(n),
                         .by_index = std::vector<double>(static_cast<std::size_t>(chain.size()))};
  for (std::size_t r = 0; r < n; ++r)
    bound.prior[r] = prior_term(chain.level(chain.size() - 1), data.subspan(r * d, d));

  auto const batch =
      static_cast<std::size_t>(std::min<std::int64_t>(at_once, static_cast<std::int64_t>(n)));
  Pass<T> pass(chain, model, options, static_cast<std::int64_t>(batch), dimension);
  std::vector<double> terms(n);
  for (std::int64_t index = chain.size(); index-- > 0;) {
    std::fill(terms.begin(), terms.end(), 0.0);
    for (std::size_t first = 0; first < n; first += batch) {
      throw_if_interrupted();
      std::size_t const rows = std::min(batch, n - first);
      for (int draw = 0; draw < options.draws; ++draw)
        pass.add(index, draw, data.subspan(first * d, rows * d), options.first_sample + first,
                 std::span(terms).subspan(first, rows));
    }
    bound.by_index[static_cast<std::size_t>(index)] = mean_of(terms);
    std::vector<double>& sums = index == 0 ? bound.decoder : bound.steps;
    for (std::size_t r = 0; r < n; ++r) sums[r] += terms[r];
  }
  bound.nats = mean_of(bound.prior) + mean_of(bound.steps) + mean_of(bound.decoder);
  bound.bits_per_dimension = bound.nats / (static_cast<double>(dimension) * std::numbers::ln2);
  return bound;
}

template VariationalBound variational_bound(Chain const&, ReverseModel<float> const&,
                                            std::span<double const>, std::int64_t,
                                            BoundOptions const&);
template VariationalBound variational_bound(Chain const&, ReverseModel<double> const&,
                                            std::span<double const>, std::int64_t,
                                            BoundOptions const&);

}  // namespace retrace
