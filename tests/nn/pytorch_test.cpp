// SPDX-License-Identifier: Apache-2.0
#include <retrace/io/network_file.hpp>
#include <retrace/nn/host_network.hpp>
#include <retrace/nn/network_source.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <nn/support/tiles.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

/// Networks that PyTorch saved, and what it says of them: tests/nn/data/make.py.
namespace retrace {
namespace {

std::filesystem::path const folder = RETRACE_TEST_DATA;

/// What PyTorch says of one of its networks.
struct Said {
  std::vector<double> x, t, y, out;  ///< [k][d], [k], [m], [k][d]

  Said(std::string const& name) {
    SafetensorsFile const file(folder / "outputs.safetensors");
    x = file.values(name + "/x");
    t = file.values(name + "/t");
    out = file.values(name + "/out");
    if (file.has(name + "/y")) y = file.values(name + "/y");
  }
};

std::vector<std::string> const names_of_files{"snippet", "silu",     "gelu",  "softplus", "tanh",
                                              "relu",    "residual", "class", "vector"};

double size_of(std::vector<double> const& values) {
  double most = 0;
  for (double const value : values) most = std::max(most, std::abs(value));
  return most;
}

TEST(PyTorch, IsReadAndEvaluatedAsItEvaluatesItself) {
  for (std::string const& name : names_of_files) {
    SCOPED_TRACE(name);
    Said const said(name);
    TrainedNetwork const read = read_network(folder / (name + ".safetensors"));
    EXPECT_EQ(read.sde, "vp");
    EXPECT_EQ(read.network.architecture().width, 16);
    TrainedNetwork const trained = said.y.empty() ? read : conditioned(read, said.y);
    auto const d = static_cast<std::size_t>(trained.network.dimension());
    ASSERT_EQ(said.out.size(), said.t.size() * d);
    HostNetwork const host =
        said.y.empty() ? HostNetwork(read.network) : HostNetwork(read.network, said.y);
    std::vector<NoiseLevel> levels;
    for (double const t : said.t) levels.push_back(make_sde("vp").at(t));
    using Exec = Kokkos::DefaultHostExecutionSpace;
    auto const fused =
        NetworkSource(trained.network).prepare<float, 0, Exec>(Exec{}, std::span(levels));
    double const size = size_of(said.out);
    for (std::size_t k = 0; k < said.t.size(); ++k) {
      std::vector<double> const x(said.x.begin() + static_cast<std::ptrdiff_t>(k * d),
                                  said.x.begin() + static_cast<std::ptrdiff_t>((k + 1) * d));
      std::vector<double> out(d);
      host.predict(x, levels[k], out);
      std::vector<float> const rounded(x.begin(), x.end());
      auto const tile = testing::on_host_tiles<float, simd::Native, 96>(
          fused.tile, rounded, {static_cast<int>(k), 0, 0.F, 1.F}, testing::Ask::prediction);
      for (std::size_t c = 0; c < d; ++c) {
        double const expected = said.out[k * d + c];
        EXPECT_NEAR(out[c], expected, 1e-13 * size);
        EXPECT_NEAR(static_cast<double>(tile.y[c]), expected, 1e-5 * size);
      }
    }
  }
}

TEST(PyTorch, IsToldFromAnotherOfItsNetworks) {  // the control
  HostNetwork const other(read_network(folder / "tanh.safetensors").network);
  Said const said("relu");
  std::vector<double> out(3);
  other.predict(std::span(said.x).first(3), make_sde("vp").at(said.t[0]), out);
  EXPECT_GT(std::abs(out[0] - said.out[0]), 1e-3 * size_of(said.out));
}

}  // namespace
}  // namespace retrace
