// SPDX-License-Identifier: Apache-2.0
#include <retrace/nn/host_network.hpp>
#include <retrace/odeint/host_model.hpp>
#include <retrace/trace/parameterisation.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace retrace {
namespace {

/// What makes the velocity's Jacobian of the identity and of the Hessian of the log density.
Affine velocity_of_hessian(NoiseLevel const& level) {
  // At alpha = 0 the velocity is the mean of -sigma x0, of which x says nothing; at sigma = 0 that
  // of alpha epsilon, likewise.
  if (level.alpha() == 0 || level.sigma() == 0) return {0, 0};
  return convert(Prediction::score, Prediction::velocity, level);
}

/// The velocity of score and denoised state together, because either alone loses digits at one of
/// the ends. Returns its divergence.
double velocity(Target const& target, std::span<double const> x, NoiseLevel const& level,
                std::span<double> out, HessianProducts const& derivatives) {
  std::vector<double> score(x.size());
  DensityValues const values = target.at(level).evaluate(x, score, out, derivatives);
  double const of_score = -level.alpha() * level.sigma();
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = of_score * score[i] - level.sigma() * out[i];
  Affine const jacobian = velocity_of_hessian(level);
  auto const& [tangents, products] = derivatives;
  for (std::size_t i = 0; i < products.size(); ++i)
    products[i] = jacobian.skip * tangents[i] + jacobian.out * products[i];
  return jacobian.skip * static_cast<double>(x.size()) + jacobian.out * values.divergence;
}

/// Adds the error of the velocity, and of its Jacobian times the tangents; returns the divergence
/// of it.
double add_error(ScoreErrorField const& field, std::span<double const> x, NoiseLevel const& level,
                 std::span<double> out, HessianProducts const& derivatives) {
  std::size_t const d = x.size(), n = derivatives.products.size();
  std::vector<double> error(d + n);
  std::span<double> const of_score(error.data(), d), of_products(error.data() + d, n);
  double const factor = convert(Prediction::score, Prediction::velocity, level).out;
  double const divergence = field.evaluate(x, level, of_score, derivatives.tangents, of_products);
  for (std::size_t i = 0; i < d; ++i) out[i] += factor * of_score[i];
  for (std::size_t i = 0; i < n; ++i) derivatives.products[i] += factor * of_products[i];
  return factor * divergence;
}

/// A host model of one function that does everything.
template <class Everything>
HostModel velocity_model(int dimension, Everything everything) {
  return {
      .dimension = dimension,
      .prediction = Prediction::velocity,
      .predict = [everything](std::span<double const> x, NoiseLevel const& level,
                              std::span<double> out) { everything(x, level, out, {}); },
      .divergence = [everything](std::span<double const> x, NoiseLevel const& level,
                                 std::span<double> out) { return everything(x, level, out, {}); },
      .products =
          [everything](std::span<double const> x, NoiseLevel const& level,
                       std::span<double const> tangents, std::span<double> out,
                       std::span<double> products) {
            everything(x, level, out, {.tangents = tangents, .products = products});
          }};
}

}  // namespace

HostModel host_model(Target const& target) {
  return velocity_model(target.dimension(),
                        [target](std::span<double const> x, NoiseLevel const& level,
                                 std::span<double> out, HessianProducts const& derivatives) {
                          return velocity(target, x, level, out, derivatives);
                        });
}

HostModel host_model(SpoiledTarget const& target) {
  int const d = target.target.dimension();
  return velocity_model(d, [inner = target.target, field = ScoreErrorField(target.error, d)](
                               std::span<double const> x, NoiseLevel const& level,
                               std::span<double> out, HessianProducts const& derivatives) {
    double const exact = velocity(inner, x, level, out, derivatives);
    return exact + add_error(field, x, level, out, derivatives);
  });
}

HostModel host_model(Network const& network) {
  HostNetwork const host(network);
  return {
      .dimension = network.dimension(),
      .prediction = network.prediction(),
      .predict = [host](auto x, NoiseLevel const& level, auto out) { host.predict(x, level, out); },
      .divergence = [host](auto x, NoiseLevel const& level,
                           auto out) { return host.divergence(x, level, out); },
      .products = [host](auto x, NoiseLevel const& level, auto tangents, auto out,
                         auto products) { host.products(x, level, tangents, out, products); }};
}

HostModel host_model(GuidedNetwork const& network) {
  HostModel const with = host_model(network.conditional),
                  without = host_model(network.unconditional);
  auto const lead = [weight = network.weight](auto led, std::vector<double> const& other) {
    for (std::size_t i = 0; i < led.size(); ++i) led[i] += weight * (led[i] - other[i]);
  };
  return {.dimension = network.dimension(),
          .prediction = network.prediction(),
          .predict =
              [=](auto x, NoiseLevel const& level, auto out) {
                std::vector<double> other(x.size());
                with.predict(x, level, out);
                without.predict(x, level, other);
                lead(out, other);
              },
          .divergence =
              [=, weight = network.weight](auto x, NoiseLevel const& level, auto out) {
                std::vector<double> other(x.size());
                double const first = with.divergence(x, level, out),
                             second = without.divergence(x, level, other);
                lead(out, other);
                return first + weight * (first - second);
              },
          .products =
              [=](auto x, NoiseLevel const& level, auto tangents, auto out, auto products) {
                std::vector<double> other(x.size()), others(tangents.size());
                with.products(x, level, tangents, out, products);
                without.products(x, level, tangents, other, others);
                lead(out, other);
                lead(products, others);
              }};
}

template <class T>
HostModel host_model(AnyBatchModel<T> model) {
  using Rows = Kokkos::View<T**, Kokkos::LayoutRight, Execution::memory_space>;
  /// The model, one row of room, and who is at work with them.
  struct Shared {
    AnyBatchModel<T> model;
    Rows x, out;
    typename Rows::HostMirror x_host, out_host;
    std::mutex busy;
  };
  auto const d = static_cast<std::size_t>(model.dimension());
  Rows const x("retrace::x", 1, d), out("retrace::prediction", 1, d);
  int const dimension = model.dimension();
  Prediction const prediction = model.prediction();
  auto const shared = std::shared_ptr<Shared>(new Shared{.model = std::move(model),
                                                         .x = x,
                                                         .out = out,
                                                         .x_host = create_mirror_view(x),
                                                         .out_host = create_mirror_view(out),
                                                         .busy = {}});
  return {.dimension = dimension,
          .prediction = prediction,
          .predict = [shared](std::span<double const> point, NoiseLevel const& level,
                              std::span<double> answer) {
            std::scoped_lock const lock(shared->busy);
            for (std::size_t i = 0; i < point.size(); ++i)
              shared->x_host(0, i) = static_cast<T>(point[i]);
            Kokkos::deep_copy(shared->x, shared->x_host);
            shared->model(shared->x, level, 0, shared->out);
            Kokkos::deep_copy(shared->out_host, shared->out);
            for (std::size_t i = 0; i < answer.size(); ++i) answer[i] = shared->out_host(0, i);
          }};
}

template HostModel host_model(AnyBatchModel<float>);
template HostModel host_model(AnyBatchModel<double>);

}  // namespace retrace
