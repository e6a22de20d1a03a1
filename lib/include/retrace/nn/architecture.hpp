// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>
#include <retrace/core/prediction.hpp>

#include <span>
#include <string_view>
#include <utility>

namespace retrace {

enum class Activation {
  silu,      ///< z / (1 + exp(-z))
  gelu,      ///< z Phi(z), Phi of the normal distribution itself, not its approximation by tanh
  softplus,  ///< log(1 + exp(z))
  tanh,
  relu
};

/// What a network is told of a noise level: one number c.
enum class Conditioning {
  time,      ///< t of the process it was trained on
  log_sigma  ///< log(sigma / alpha) / 4, the c_noise of EDM (Karras et al. 2022, table 1), the same
             ///< on every process
};

/// How c becomes features e = [sin(2 pi c freq), cos(2 pi c freq)]. The frequencies are a tensor of
/// the network, so this says only how they were chosen.
enum class Embedding {
  fourier,    ///< normal numbers of standard deviation 16 (Tancik et al. 2020; Song et al. 2021), 1
              ///< for log_sigma, whose range is wider
  sinusoidal  ///< 2 pi freq_i = 1000 / 10000^(i / n), as for 1000 steps in DDPM (Ho et al. 2020)
};

/// Which hidden layers see e, each by a matrix of its own.
enum class Injection {
  every_layer,
  first_layer  ///< the same as e concatenated to x
};

enum class Skip {
  none,
  residual,  ///< every hidden layer but the first adds its input: h + act(...)
  u_shape    ///< hidden layer i of the second half, 2 i > depth - 1, adds the output of layer
             ///< depth - 1 - i: act(...) + h_(depth - 1 - i). Where depth is odd, the one in the
             ///< middle adds nothing; where it is even, the first of the second half adds its input
};

/// What the pre-activations of hidden layers go through.
enum class Norm {
  none,
  layer  ///< layer normalisation with a learned scale and offset of each feature: LayerNorm
};

enum class Preconditioning {
  none,
  edm  ///< Karras et al. 2022, eq. 7, see Architecture
};

/// What the numbers y are that a network is conditioned on.
enum class ConditionKind {
  of_class,  ///< one-hot: 1 for the class, 0 for the others; all 0 stands for no class
  vector
};

enum class OutputScale {
  none,
  learned  ///< a factor for each component of F, the tensor `scale`
};

/// The shape of a score network, a multilayer perceptron with time embedding:
///   h = act(l_i h + b_i + u_i e + c_i y), i = 0 .. depth - 1, h = x at first;
///   F(x, c, y) = scale (o h + b), component by component,
/// plus what `skip` and `norm` say.
/// Without preconditioning F is the prediction. With that of EDM it is, with y = x / alpha, rho =
/// sigma / alpha and s = sigma_data,
///   E[x0 | x] = s^2 / (rho^2 + s^2) y + rho s / sqrt(rho^2 + s^2) F(y / sqrt(rho^2 + s^2), c).
struct Architecture {
  int dimension = 2;
  int width = 128;
  int depth = 3;  ///< hidden layers, at least 1
  Activation activation = Activation::silu;
  Conditioning conditioning = Conditioning::time;
  Embedding embedding = Embedding::fourier;
  int frequencies = 32;  ///< e has twice as many features; 0: the network knows no level
  Injection injection = Injection::every_layer;
  Skip skip = Skip::none;
  Norm norm = Norm::none;
  Prediction prediction = Prediction::noise;
  Preconditioning preconditioning = Preconditioning::none;
  double sigma_data = 0.5;  ///< of EDM's preconditioning
  int conditions = 0;       ///< numbers y, the same all along a run; they enter where e does
  ConditionKind condition_kind = ConditionKind::of_class;
  OutputScale scale = OutputScale::none;

  /// What hidden layers see besides the state: e, then y.
  [[nodiscard]] int features() const { return 2 * frequencies + conditions; }
  /// Whether hidden layer i sees them.
  [[nodiscard]] bool sees_features(int i) const {
    return features() > 0 && (i == 0 || injection == Injection::every_layer);
  }

  [[nodiscard]] friend bool operator==(Architecture const&, Architecture const&) = default;
};

/// Throws Error (argument) where an architecture cannot be: sizes below 1 or beyond what kernels
/// count in int, EDM's preconditioning of anything but `denoised`, sigma_data that is not positive.
void check(Architecture const& architecture);

/// c at a level. Throws Error (argument) for log_sigma at alpha = 0 and sigma = 0.
[[nodiscard]] double condition(Architecture const& architecture, NoiseLevel const& level);

/// The prediction is skip x + out F(in x, c).
struct Precondition {
  double in = 1, skip = 0, out = 1;
};
/// At a level. Throws Error (argument) where EDM's does not exist, at alpha = 0.
[[nodiscard]] Precondition precondition(Architecture const& architecture, NoiseLevel const& level);

/// The values of an enum above by the names they have on the command line and in files.
template <class E>
[[nodiscard]] std::span<std::pair<std::string_view, E> const> names();
template <>
std::span<std::pair<std::string_view, Activation> const> names();
template <>
std::span<std::pair<std::string_view, Conditioning> const> names();
template <>
std::span<std::pair<std::string_view, Embedding> const> names();
template <>
std::span<std::pair<std::string_view, Injection> const> names();
template <>
std::span<std::pair<std::string_view, Skip> const> names();
template <>
std::span<std::pair<std::string_view, Norm> const> names();
template <>
std::span<std::pair<std::string_view, Preconditioning> const> names();
template <>
std::span<std::pair<std::string_view, Prediction> const> names();
template <>
std::span<std::pair<std::string_view, ConditionKind> const> names();
template <>
std::span<std::pair<std::string_view, OutputScale> const> names();

}  // namespace retrace
