// SPDX-License-Identifier: Apache-2.0
#include <retrace/nn/conditioned.hpp>
#include <retrace/nn/host_network.hpp>
#include <retrace/nn/layer_norm.hpp>
#include <retrace/nn/network_shape.hpp>

#include <Eigen/Core>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

namespace retrace {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// An activation and its derivative.
struct Slope {
  double value, derivative;
};

Slope activate(Activation activation, double z) {
  double const logistic = 1 / (1 + std::exp(-z));
  switch (activation) {
    case Activation::silu:
      return {z * logistic, logistic * (1 + z * (1 - logistic))};
    case Activation::gelu: {
      double const below = 0.5 * std::erfc(-z / std::numbers::sqrt2);
      double const density =
          std::exp(-0.5 * z * z) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
      return {z * below, below + z * density};
    }
    case Activation::softplus:
      return {std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))), logistic};
    case Activation::tanh: {
      double const t = std::tanh(z);
      return {t, 1 - t * t};
    }
    case Activation::relu:
      return {std::max(z, 0.0), z > 0 ? 1.0 : 0.0};
  }
  assert(false);
  return {};
}

Matrix matrix(Network const& network, std::string const& name) {
  for (TensorInfo const& info : network.layout())
    if (info.name == name) {
      auto const rows = info.shape.front(), columns = info.shape.size() > 1 ? info.shape[1] : 1;
      using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
      return Eigen::Map<RowMajor const>(network.tensor(name).data(), rows, columns).cast<double>();
    }
  return {};
}

Eigen::Map<Vector const> vector(std::span<double const> x) {
  return {x.data(), static_cast<Eigen::Index>(x.size())};
}
Eigen::Map<Vector> vector(std::span<double> x) {
  return {x.data(), static_cast<Eigen::Index>(x.size())};
}

}  // namespace

struct HostNetwork::Layers {
  struct Hidden {
    Matrix weight, bias, embedding, scale, offset;
  };
  Network network;
  std::vector<Hidden> hidden;
  Matrix weight, bias, scale;

  Layers(Network const& n, Vector const& condition)
      : network(n),
        weight(matrix(n, "o.weight")),
        bias(matrix(n, "o.bias")),
        scale(matrix(n, "scale")) {
    for (int i = 0; i < n.architecture().depth; ++i) {
      std::string const number = std::to_string(i);
      hidden.push_back({matrix(n, "l." + number + ".weight"), matrix(n, "l." + number + ".bias"),
                        matrix(n, "u." + number + ".weight"), matrix(n, "n." + number + ".weight"),
                        matrix(n, "n." + number + ".bias")});
      Matrix const conditions = matrix(n, "c." + number + ".weight");
      if (conditions.size() > 0) hidden.back().bias += conditions * condition;
    }
    if (scale.size() == 0) scale = Matrix::Ones(n.dimension(), 1);
  }

  /// As LayerNorm says, derivatives too.
  static void normalise(Hidden const& layer, Vector& z, Matrix& along) {
    auto const count = static_cast<double>(z.size());
    z.array() -= z.mean();
    double const deviation = std::sqrt(z.squaredNorm() / count + layer_norm_epsilon);
    z /= deviation;
    for (Eigen::Index c = 0; c < along.cols(); ++c) {
      Vector const v = along.col(c);
      along.col(c) =
          (v.array() - v.mean() - z.array() * (z.dot(v) / count)) / deviation * layer.scale.array();
    }
    z = z.cwiseProduct(layer.scale) + layer.offset;
  }

  /// The prediction, and its derivatives along the columns of `v`, which they replace.
  [[nodiscard]] Vector predict(Vector const& x, NoiseLevel const& level, Matrix& v) const {
    Architecture const& a = network.architecture();
    Precondition const p = precondition(a, level);
    std::vector<double> const features =
        a.frequencies > 0 ? network.embedding(condition(a, level)) : std::vector<double>{};
    Eigen::Map<Vector const> const e(features.data(), static_cast<Eigen::Index>(features.size()));
    Vector h = p.in * x;
    Matrix along = p.in * v;
    std::vector<Vector> states;
    std::vector<Matrix> derivatives;
    for (Hidden const& layer : hidden) {
      Vector z = layer.weight * h + layer.bias;
      if (layer.embedding.size() > 0) z += layer.embedding * e;
      Matrix slopes = layer.weight * along;
      if (a.norm == Norm::layer) normalise(layer, z, slopes);
      for (Eigen::Index i = 0; i < z.size(); ++i) {
        Slope const s = activate(a.activation, z[i]);
        z[i] = s.value;
        slopes.row(i) *= s.derivative;
      }
      int const source = skip_source(a.skip, a.depth, static_cast<int>(states.size()));
      if (source >= 0) {
        z += states[static_cast<std::size_t>(source)];
        slopes += derivatives[static_cast<std::size_t>(source)];
      }
      states.push_back(h = z);
      derivatives.push_back(along = slopes);
    }
    v = p.skip * v + p.out * scale.col(0).asDiagonal() * (weight * along);
    return p.skip * x + p.out * scale.cwiseProduct(weight * h + bias);
  }
};

HostNetwork::HostNetwork(Network const& network) {
  network.check_usable();
  layers_ = std::make_shared<Layers const>(network, Vector());
}

HostNetwork::HostNetwork(Network const& network, std::span<double const> condition) {
  network.check_finite();
  check_condition(network.architecture(), condition);
  layers_ = std::make_shared<Layers const>(network, vector(condition));
}

Architecture const& HostNetwork::architecture() const { return layers_->network.architecture(); }

void HostNetwork::predict(std::span<double const> x, NoiseLevel const& level,
                          std::span<double> out) const {
  Matrix none(dimension(), 0);
  vector(out) = layers_->predict(vector(x), level, none);
}

void HostNetwork::products(std::span<double const> x, NoiseLevel const& level,
                           std::span<double const> tangents, std::span<double> out,
                           std::span<double> products) const {
  auto const d = static_cast<Eigen::Index>(dimension()),
             n = static_cast<Eigen::Index>(tangents.size()) / d;
  Matrix along = Eigen::Map<Matrix const>(tangents.data(), d, n);
  vector(out) = layers_->predict(vector(x), level, along);
  Eigen::Map<Matrix>(products.data(), d, n) = along;
}

double HostNetwork::divergence(std::span<double const> x, NoiseLevel const& level,
                               std::span<double> out) const {
  Matrix axes = Matrix::Identity(dimension(), dimension());
  vector(out) = layers_->predict(vector(x), level, axes);
  return axes.trace();
}

}  // namespace retrace
