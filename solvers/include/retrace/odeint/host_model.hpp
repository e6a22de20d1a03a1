// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/prediction.hpp>
#include <retrace/models/batch_model.hpp>
#include <retrace/nn/guided.hpp>
#include <retrace/nn/network.hpp>
#include <retrace/run/reference.hpp>
#include <retrace/run/spoiled.hpp>
#include <retrace/targets/target.hpp>

#include <functional>
#include <span>

namespace retrace {

/// What a PointModel does, and the divergence of the prediction in x, exact.
using PointDivergence = std::function<double(std::span<double const> x, NoiseLevel const& level,
                                             std::span<double> out)>;

/// What a PointModel does, and the Jacobian of the prediction times each of the tangents [n][d], to
/// `products` [n][d]. The transposed Jacobian, which is what reverse mode has, does as well:
/// likelihoods read traces and symmetric parts.
using PointProducts = std::function<void(std::span<double const> x, NoiseLevel const& level,
                                         std::span<double const> tangents, std::span<double> out,
                                         std::span<double> products)>;

/// A model at one point, on the host, in double. Called from many threads at once.
struct HostModel {
  int dimension;
  Prediction prediction;  ///< what `predict` writes
  PointModel predict;
  PointDivergence divergence = {};  ///< empty where the model does not know it
  PointProducts products = {};      ///< empty where the model has no derivatives
};

/// A target with its exact velocity and its derivatives. These lose some 1e-16 sigma / alpha, and
/// are exact again at alpha = 0, where they vanish, as they do at sigma = 0.
[[nodiscard]] HostModel host_model(Target const& target);
/// The same with a planted score error. At alpha = 0 it has no bounds.
[[nodiscard]] HostModel host_model(SpoiledTarget const& target);
/// A score network and its derivatives. Throws Error (numerics) for parameters that are not finite.
[[nodiscard]] HostModel host_model(Network const& network);
[[nodiscard]] HostModel host_model(GuidedNetwork const& network);
/// A batch model, asked for one row at a time by one thread at a time, unconditionally. It has no
/// derivatives but with_differences(). T is float or double.
template <class T>
[[nodiscard]] HostModel host_model(AnyBatchModel<T> model);

extern template HostModel host_model(AnyBatchModel<float>);
extern template HostModel host_model(AnyBatchModel<double>);

/// The model with products by central differences,
///   (m(x + h e) - m(x - h e)) / (2 h),  h = step sqrt(alpha^2 + sigma^2),
/// two more calls for each tangent, in place of derivatives of its own. Their error is of order
/// step^2 (and, for values with a relative error of u, u / step): what comes of `step` and of twice
/// as much differs by three times the error of the smaller. Throws Error (argument) for a step
/// outside (0, 1].
[[nodiscard]] HostModel with_differences(HostModel model, double step);

}  // namespace retrace
