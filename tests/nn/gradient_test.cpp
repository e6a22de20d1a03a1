// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/aligned_vector.hpp>
#include <retrace/core/draw.hpp>
#include <retrace/nn/gradient_tile.hpp>
#include <retrace/nn/host_network.hpp>
#include <retrace/sde/vp.hpp>

#include <gtest/gtest.h>
#include <nn/support/networks.hpp>

#include <cmath>
#include <vector>

namespace retrace {
namespace {

constexpr int examples = 37;  // not a whole number of blocks

std::vector<Architecture> all_architectures(int dimension) {
  auto all = testing::architectures(dimension);
  auto const more = testing::conditional_architectures(dimension);
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// A network with its parameters, and a tile full of examples.
template <class T, class Isa>
struct Setting {
  Network network;
  Trainable trainable{network.architecture()};
  GradientTile<T, Isa> tile{trainable};
  AlignedVector<T> parameters = AlignedVector<T>(trainable.size());

  explicit Setting(Architecture const& a) : network(testing::random_scaled_network(a, 3)) {
    trainable.gather<T>(network.values(), parameters);
    for (int row = 0; row < examples; ++row) {
      NoiseLevel const level = level_of(row);
      auto const x = state(row);
      for (int j = 0; j < a.dimension; ++j) {
        tile.input(row, j) = T(precondition(a, level).in * x[std::size_t(j)]);
        tile.answer(row, j) = T(std::sin(row + j));
      }
      auto const e = network.embedding(condition(a, level));
      for (int k = 0; k < 2 * a.frequencies; ++k) tile.embedding(row, k) = T(e[std::size_t(k)]);
      auto const y = condition_of(row);
      for (int k = 0; k < a.conditions; ++k)
        tile.embedding(row, 2 * a.frequencies + k) = T(y[std::size_t(k)]);
      tile.weight(row) = T(0.5 + 0.01 * row);
    }
  }

  [[nodiscard]] std::vector<double> condition_of(int row) const {
    std::vector<double> y;
    for (int k = 0; k < network.architecture().conditions; ++k) y.push_back(std::cos(row + 2 * k));
    return y;
  }

  static NoiseLevel level_of(int row) { return Sde(vp{}).at((row + 0.5) / examples); }
  [[nodiscard]] std::vector<double> state(int row) const {
    std::vector<float> z(std::size_t(network.dimension()));
    draw_normals(1, std::uint64_t(row), Purpose::start, {}, z);
    return {z.begin(), z.end()};
  }
  double loss() {
    double sum = 0;
    for (T const loss : tile.losses(parameters, examples)) sum += double(loss);
    return sum;
  }
  AlignedVector<T> gradient() {
    AlignedVector<T> transposed(trainable.transposed_size()), made(trainable.size());
    trainable.transpose<T>(parameters, transposed);
    (void)loss();
    tile.add_gradient(transposed, made, examples);
    return made;
  }
};

TEST(GradientTile, HasTheLossOfTheHostNetwork) {
  for (Architecture const& a : all_architectures(3)) {
    SCOPED_TRACE(testing::text(a));
    Setting<double, simd::Native> setting(a);
    auto const losses = setting.tile.losses(setting.parameters, examples);
    for (int row = 0; row < examples; ++row) {
      NoiseLevel const level = Setting<double, simd::Native>::level_of(row);
      Precondition const p = precondition(a, level);
      std::vector<double> const x = setting.state(row);
      std::vector<double> out(3);
      HostNetwork(setting.network, setting.condition_of(row)).predict(x, level, out);
      double sum = 0;
      for (int j = 0; j < 3; ++j) {
        auto const c = std::size_t(j);
        double const f = (out[c] - p.skip * x[c]) / p.out;
        sum += (f - std::sin(row + j)) * (f - std::sin(row + j));
      }
      double const expected = sum * (0.5 + 0.01 * row) / 3;
      EXPECT_NEAR(losses[std::size_t(row)], expected, 1e-11 * std::max(1.0, expected)) << row;
    }
  }
}

TEST(GradientTile, HasTheGradientThatDifferencesHave) {
  for (int const dimension : {1, 2, 35})
    for (Architecture const& a : testing::architectures(dimension)) {
      SCOPED_TRACE(testing::text(a));
      if (a.activation == Activation::relu) continue;  // has kinks: below
      Setting<double, simd::Native> setting(a);
      auto const gradient = setting.gradient();
      int looked_at = 0;
      for (std::size_t i = 0; i < gradient.size(); i += 1 + gradient.size() / 150) {
        double const here = setting.parameters[i], h = 1e-5;
        setting.parameters[i] = here + h;
        double const above = setting.loss();
        setting.parameters[i] = here - h;
        double const below = setting.loss();
        setting.parameters[i] = here;
        // A number that only fills up may have no effect on the loss; its gradient must be 0.
        double const expected = (above - below) / (2 * h);
        if (here == 0)
          EXPECT_EQ(gradient[i], 0) << i;
        else
          EXPECT_NEAR(gradient[i], expected, 1e-7 * std::max(1.0, std::abs(expected))) << i;
        looked_at += here != 0;
      }
      EXPECT_GT(looked_at, 20);
    }
}

TEST(GradientTile, SetsAGradientToWhatItAddsToNothing) {
  for (Architecture const& a : all_architectures(2)) {
    SCOPED_TRACE(testing::text(a));
    Setting<float, simd::Native> setting(a);
    auto const expected = setting.gradient();
    AlignedVector<float> transposed(setting.trainable.transposed_size()), made = expected;
    setting.trainable.transpose<float>(setting.parameters, transposed);
    (void)setting.loss();
    setting.tile.set_gradient(transposed, made, examples);
    EXPECT_EQ(made, expected);
  }
}

/// Along the gradient itself, over a length in which hardly a kink lies.
TEST(GradientTile, HasTheGradientOfRectifiers) {
  Setting<double, simd::Native> setting({.width = 21, .activation = Activation::relu});
  auto const gradient = setting.gradient();
  double squares = 0;
  for (double const g : gradient) squares += g * g;
  auto const along = [&](double h) {
    auto const before = setting.parameters;
    for (std::size_t i = 0; i < gradient.size(); ++i) setting.parameters[i] += h * gradient[i];
    double const loss = setting.loss();
    setting.parameters = before;
    return loss;
  };
  double const h = 1e-7;
  EXPECT_NEAR((along(h) - along(-h)) / (2 * h), squares, 1e-5 * squares);
}

TEST(GradientTile, HasTheSameBitsInVectorsAndInScalars) {
  for (Architecture const& a : all_architectures(2)) {
    SCOPED_TRACE(testing::text(a));
    Setting<float, simd::Native> vectors(a);
    Setting<float, simd::Scalar> scalars(a);
    EXPECT_EQ(vectors.loss(), scalars.loss());
    EXPECT_EQ(vectors.gradient(), scalars.gradient());
  }
}

TEST(Trainable, PutsBackWhatItTook) {
  for (Architecture const& a : all_architectures(35)) {
    Network const network = testing::random_scaled_network(a, 3);
    Trainable const trainable(a);
    std::vector<float> parameters(trainable.size());
    trainable.gather<float>(network.values(), parameters);
    Network back = testing::random_scaled_network(a, 4);
    std::copy(network.tensor("freq").begin(), network.tensor("freq").end(), back.values().begin());
    trainable.scatter<float>(parameters, back.values());
    EXPECT_TRUE(std::equal(back.values().begin(), back.values().end(), network.values().begin()));
  }
}

}  // namespace
}  // namespace retrace
