// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/odeint/flow.hpp>
#include <retrace/run/lanes.hpp>
#include <retrace/run/network_executor.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <nn/support/networks.hpp>
#include <nn/support/tiles.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::Ask;
constexpr Span span{1e-3, 0.9};

/// Lanes at angles of their own, from one end of the span to the other.
template <class T>
struct Lanes48 {
  static constexpr int lanes = 48;
  using Room = Kokkos::View<T*, Kokkos::HostSpace>;
  static std::size_t at(int row, int lane) { return static_cast<std::size_t>(row * lanes + lane); }

  int d;
  Room z{"z", static_cast<std::size_t>(d*lanes)}, y{"y", static_cast<std::size_t>(d*lanes)};
  Room angle{"angle", lanes}, factor{"factor", lanes}, divergence{"divergence", lanes};

  Lanes48(int dimension, Sde const& sde) : d(dimension) {
    std::vector<float> normals(z.extent(0));
    draw_normals(3, 0, Purpose::start, {}, normals);
    double const from = angle_of(sde.at(*span.from)), to = angle_of(sde.at(*span.to));
    for (int l = 0; l < lanes; ++l) {
      auto const lane = static_cast<std::size_t>(l);
      angle(lane) = static_cast<T>(from + (to - from) * (0.01 + 0.02 * l));
      factor(lane) = static_cast<T>(0.25 + 0.5 * (l % 5));
      for (int c = 0; c < d; ++c) z(at(c, l)) = static_cast<T>(normals[at(c, l)]);
    }
  }

  template <class Walk>
  Lanes48& evaluate(Walk const& walk, NetworkAngleTile<T> const& tile, Ask ask) {
    Room const scratch("scratch", static_cast<std::size_t>(tile.divergence_scratch(lanes)));
    walk([&](auto const& use) {
      if (ask == Ask::divergence)
        tile.with_divergence(use, z.data(), y.data(), angle.data(), factor.data(),
                             divergence.data(), scratch.data());
      else
        tile(use, z.data(), y.data(), angle.data(), factor.data(), scratch.data());
    });
    return *this;
  }
  [[nodiscard]] std::vector<T> results() const {
    std::vector<T> all(y.data(), y.data() + y.extent(0));
    all.insert(all.end(), divergence.data(), divergence.data() + lanes);
    return all;
  }
};

template <class Isa, class T>
auto host_walk() {
  return [](auto const& use) { use(HostLanes<T, Isa, Lanes48<T>::lanes>{}); };
}

template <class T>
auto prepared(Network const& network, Sde const& sde) {
  return network_angle_source(network, sde, span).template prepare<T, 0, Execution>(Execution{});
}

template <class T>
void follows_the_host(Network const& network, Sde const& sde, double tolerance) {
  HostModel const model = host_model(network);
  ProbabilityFlow flow(model, sde, sde.at(*span.from), sde.at(*span.to));
  Lanes48<T> lanes(network.dimension(), sde);
  auto const kernel = prepared<T>(network, sde);
  lanes.evaluate(host_walk<simd::Native, T>(), kernel.tile, Ask::divergence);
  double scale = 0, error = 0, divergence_scale = 0, divergence_error = 0;
  for (int l = 0; l < Lanes48<T>::lanes; ++l) {
    auto const lane = static_cast<std::size_t>(l);
    auto const d = static_cast<std::size_t>(lanes.d);
    std::vector<double> z(d), slope(d);
    for (std::size_t c = 0; c < d; ++c)
      z[c] = static_cast<double>(lanes.z(Lanes48<T>::at(static_cast<int>(c), l)));
    double const factor = static_cast<double>(lanes.factor(lane));
    double const expected =
        factor * flow.with_divergence(static_cast<double>(lanes.angle(lane)), z, slope);
    divergence_scale = std::max(divergence_scale, std::abs(expected));
    divergence_error = std::max(divergence_error,
                                std::abs(static_cast<double>(lanes.divergence(lane)) - expected));
    for (std::size_t c = 0; c < d; ++c) {
      double const found = static_cast<double>(lanes.y(Lanes48<T>::at(static_cast<int>(c), l)));
      scale = std::max(scale, std::abs(factor * slope[c]));
      error = std::max(error, std::abs(found - factor * slope[c]));
    }
  }
  EXPECT_LT(error, tolerance * scale);
  EXPECT_LT(divergence_error, tolerance * divergence_scale);
}

TEST(NetworkAngle, GivesTheFlowAndItsDivergenceAtTheLevelOfEachLane) {
  for (int const d : {1, 2, 5})
    for (Architecture const& a : testing::architectures(d)) {
      SCOPED_TRACE(testing::text(a));
      follows_the_host<double>(testing::random_scaled_network(a, 7), make_sde("vp"), 2e-11);
      follows_the_host<float>(testing::random_scaled_network(a, 7), make_sde("vp"), 1e-3);
    }
}

TEST(NetworkAngle, TakesEveryPredictionOnEveryProcess) {
  for (char const* const process : {"vp", "ve", "sub-vp", "cosine", "rectified-flow"})
    for (auto const& [name, prediction] : names<Prediction>()) {
      SCOPED_TRACE(std::string(process) + ", " + std::string(name));
      Network const network = random_network({.width = 13, .prediction = prediction}, 4);
      follows_the_host<double>(network, make_sde(process), 2e-11);
    }
}

TEST(NetworkAngle, KnowsConditionAndRadiusOfEveryAngle) {
  using Tile = NetworkAngleTile<double>;
  for (char const* const process : {"vp", "ve", "sub-vp", "edm", "cosine"}) {
    SCOPED_TRACE(process);
    Sde const sde = make_sde(process);
    Span const whole{sde.default_end(Solver::deterministic), 0.999 * sde.t_max()};
    Architecture const a{.width = 8};
    NetworkAngleSource const source =
        network_angle_source(testing::random_scaled_network(a, 1), sde, whole);
    PiecewisePolynomial const& table = source.table();
    PiecewiseTile<double> const tile{table.coefficients.data(), table.from, 1 / table.width,
                                     table.pieces, table.functions};
    for (int i = 0; i <= 1000; ++i) {
      double const lambda = table.from + table.width * table.pieces * i / 1000;
      NoiseLevel const level = sde.at_lambda(lambda);
      tile.evaluate(lambda, [&](int function, double value) {
        double const expected =
            function == Tile::of_condition ? condition(a, level) : radius_of(level);
        EXPECT_NEAR(value, expected, 1e-11) << "at lambda = " << lambda;
      });
    }
  }
}

template <class T>
void same_bits(int dimension) {
  Sde const sde = make_sde("vp");
  for (Architecture const& a : testing::architectures(dimension)) {
    SCOPED_TRACE(testing::text(a));
    auto const kernel = prepared<T>(testing::random_scaled_network(a, 7), sde);
    auto const run = [&](auto const& walk, Ask ask) {
      return Lanes48<T>(dimension, sde).evaluate(walk, kernel.tile, ask).results();
    };
    for (Ask const ask : {Ask::prediction, Ask::divergence}) {
      auto const expected = run(host_walk<simd::Native, T>(), ask);
      EXPECT_EQ(run(host_walk<simd::Scalar, T>(), ask), expected);
#if !defined(__CUDACC__) && defined(__AVX512F__)
      EXPECT_EQ(run(host_walk<simd::Avx2, T>(), ask), expected);
#endif
      auto const team = [](auto const& use) {
        for (int rank = 2; rank >= 0; --rank) {
          testing::OneOfTeam const member{rank, 3};
          use(TeamLanes<T, Lanes48<T>::lanes, testing::OneOfTeam>{member});
        }
      };
      EXPECT_EQ(run(team, ask), expected);
    }
    auto plain = run(host_walk<simd::Native, T>(), Ask::prediction);
    auto const both = run(host_walk<simd::Native, T>(), Ask::divergence);
    std::copy(both.end() - Lanes48<T>::lanes, both.end(), plain.end() - Lanes48<T>::lanes);
    EXPECT_EQ(plain, both) << "the divergence changes the flow";
  }
}

TEST(NetworkAngle, GivesTheSameBitsInLanesOfEveryKind) {
  for (int const d : {1, 2, 5}) {
    same_bits<float>(d);
    same_bits<double>(d);
  }
}

TEST(NetworkAngle, HasNoAnglesWithoutLambda) {
  Network const network = random_network({.width = 8}, 1);
  EXPECT_THROW(network_angle_source(network, make_sde("rectified-flow"), {0.1, 1}), Error);
  EXPECT_FALSE(runs_adaptively_in_kernels(make_sde("rectified-flow"), {0.1, 1}));
  EXPECT_TRUE(runs_adaptively_in_kernels(make_sde("rectified-flow"), {0.1, 0.9}));
}

}  // namespace
}  // namespace retrace
