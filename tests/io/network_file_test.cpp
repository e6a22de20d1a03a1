// SPDX-License-Identifier: Apache-2.0
#include "support/files.hpp"
#include "support/safetensors_bytes.hpp"

#include <retrace/core/version.hpp>
#include <retrace/io/network_file.hpp>
#include <retrace/nn/conditioned.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

/// One of everything that an architecture can be.
std::vector<Architecture> architectures() {
  std::vector<Architecture> all{{}};
  auto const add = [&](auto const& change) {
    all.push_back({.dimension = 3, .width = 8, .depth = 2, .frequencies = 4});
    change(all.back());
  };
  for (auto const& [name, value] : names<Activation>())
    add([&, value = value](Architecture& a) { a.activation = value; });
  for (auto const& [name, value] : names<Prediction>())
    add([&, value = value](Architecture& a) { a.prediction = value; });
  for (auto const& [name, value] : names<Conditioning>())
    add([&, value = value](Architecture& a) { a.conditioning = value; });
  for (auto const& [name, value] : names<Embedding>())
    add([&, value = value](Architecture& a) { a.embedding = value; });
  for (auto const& [name, value] : names<Injection>())
    add([&, value = value](Architecture& a) { a.injection = value; });
  for (auto const& [name, value] : names<Skip>())
    add([&, value = value](Architecture& a) { a.skip = value; });
  for (auto const& [name, value] : names<Norm>())
    add([&, value = value](Architecture& a) { a.norm = value; });
  add([](Architecture& a) { a.frequencies = 0; });
  add([](Architecture& a) { a.depth = 1; });
  add([](Architecture& a) { a.scale = OutputScale::learned; });
  for (auto const& [name, value] : names<ConditionKind>())
    add([&, value = value](Architecture& a) { a.conditions = 5, a.condition_kind = value; });
  add([](Architecture& a) {
    a.conditions = 1, a.frequencies = 0, a.injection = Injection::first_layer;
  });
  add([](Architecture& a) {
    a.prediction = Prediction::denoised;
    a.preconditioning = Preconditioning::edm;
    a.sigma_data = 0.1;
  });
  return all;
}

TEST(NetworkFile, ComesBackAsItWasWritten) {
  TemporaryFolder const folder;
  for (Architecture const& architecture : architectures()) {
    TrainedNetwork const trained{
        .network = random_network(architecture, 1),
        .sde = "sub-vp:beta_max=19.5",
        .normalisation = {std::vector<double>(std::size_t(architecture.dimension), 0.1),
                          std::vector<double>(std::size_t(architecture.dimension), 1e-3)},
        .of_conditions = {std::vector<double>(std::size_t(architecture.conditions), 3.0),
                          std::vector<double>(std::size_t(architecture.conditions), 0.7)}};
    write_network(folder / "m.safetensors", trained);
    TrainedNetwork const read = read_network(folder / "m.safetensors");
    EXPECT_EQ(read.network.architecture(), architecture);
    EXPECT_TRUE(std::ranges::equal(read.network.values(), trained.network.values()));
    EXPECT_EQ(read.sde, trained.sde);
    EXPECT_EQ(read.normalisation, trained.normalisation);
    EXPECT_EQ(read.of_conditions, trained.of_conditions);
    SafetensorsFile const file(folder / "m.safetensors");
    EXPECT_EQ(file.metadata().at("version"), version);
    EXPECT_NO_THROW(file.verify());
  }
}

/// As PyTorch's save_file writes a state_dict: no metadata, or `format` alone.
TEST(NetworkFile, WithoutMetadataIsUnderstoodByItsShapes) {
  TemporaryFolder const folder;
  for (Architecture architecture : architectures()) {
    Network const network = random_network(architecture, 2);
    write_safetensors(folder / "m.safetensors", network_tensors(network, network.values()),
                      {{"format", "pt"}});
    TrainedNetwork const read = read_network(folder / "m.safetensors");
    Architecture const defaults{};
    architecture.activation = defaults.activation;
    architecture.conditioning = defaults.conditioning;
    architecture.embedding = defaults.embedding;
    architecture.skip = defaults.skip;
    architecture.prediction = defaults.prediction;
    architecture.preconditioning = defaults.preconditioning;
    architecture.sigma_data = defaults.sigma_data;
    architecture.condition_kind = defaults.condition_kind;
    EXPECT_EQ(read.network.architecture(), architecture);
    EXPECT_TRUE(std::ranges::equal(read.network.values(), network.values()));
    EXPECT_EQ(read.sde, "vp");
    EXPECT_TRUE(read.normalisation.empty());
  }
}

TEST(NetworkFile, IsConditionedInTheUnitsOfItsData) {
  TrainedNetwork const trained{
      .network =
          random_network({.width = 8, .conditions = 2, .condition_kind = ConditionKind::vector}, 1),
      .sde = "ve",
      .normalisation = {{1, 2}, {3, 4}},
      .of_conditions = {{10, -1}, {2, 0.5}}};
  TrainedNetwork const found = conditioned(trained, {14, -1.5});
  Network const expected = conditioned(trained.network, std::vector<double>{2, -1});
  EXPECT_TRUE(std::ranges::equal(found.network.values(), expected.values()));
  EXPECT_EQ(found.network.architecture(), expected.architecture());
  EXPECT_EQ(found.sde, "ve");
  EXPECT_EQ(found.normalisation, trained.normalisation);
  EXPECT_TRUE(found.of_conditions.empty());
}

class NetworkFileRefusal : public testing::Test {
 protected:
  /// What is said of a small network with its tensors and metadata changed.
  std::string refused(TensorMetadata const& changes, std::vector<TensorData> const& added = {},
                      std::string const& left_out = "none") {
    auto tensors = network_tensors(trained.network, trained.network.values());
    std::erase_if(tensors, [&](TensorData const& t) { return t.name == left_out; });
    tensors.insert(tensors.end(), added.begin(), added.end());
    TensorMetadata metadata = network_metadata(trained);
    for (auto const& [key, text] : changes) metadata[key] = text;
    write_safetensors(folder / "m.safetensors", tensors, metadata);
    std::string message = refusal([&] { (void)read_network(folder / "m.safetensors"); });
    EXPECT_TRUE(contains(message, "m.safetensors"));
    return message;
  }

  TemporaryFolder folder;
  TrainedNetwork trained{.network = random_network({.width = 8, .depth = 2, .frequencies = 4}, 1)};
};

TEST_F(NetworkFileRefusal, NamesTheFieldOfTheMetadata) {
  EXPECT_TRUE(contains(refused({{"activation", "swish"}}),
                       "'swish' as activation; expected is one of silu, gelu"));
  EXPECT_TRUE(contains(refused({{"prediction", "x0"}}), "'x0' as prediction"));
  EXPECT_TRUE(contains(refused({{"width", "16"}}), "the width '16'; its tensors have 8"));
  EXPECT_TRUE(contains(refused({{"depth", "2.0"}}), "'2.0' as depth; expected is a number"));
  EXPECT_TRUE(contains(refused({{"injection", "first-layer"}}), "injection"));
  EXPECT_TRUE(contains(refused({{"norm", "layer"}}), "differ in the norm"));
  EXPECT_TRUE(contains(refused({{"preconditioning", "edm"}}), "EDM's preconditioning"));
  EXPECT_TRUE(contains(refused({{"mean", "[0,0]"}}), "one of mean and std"));
  EXPECT_TRUE(contains(refused({{"mean", "[0]"}, {"std", "[1,1]"}}), "mean that is no list of 2"));
  EXPECT_TRUE(contains(refused({{"mean", "[0,0]"}, {"std", "[1,0]"}}), "not positive"));
  EXPECT_TRUE(contains(refused({{"scale", "learned"}}), "differ in the scale"));
  EXPECT_TRUE(contains(refused({{"conditions", "3"}}), "the conditions '3'; its tensors have 0"));
  EXPECT_TRUE(contains(refused({{"condition", "label"}}), "expected is one of class, vector"));
  EXPECT_TRUE(contains(refused({{"condition_mean", "[0]"}}), "condition_mean and condition_std"));
  EXPECT_TRUE(contains(refused({{"mean", "[0,1e999]"}, {"std", "[1,1]"}}), "mean that is no list"));
}

TEST_F(NetworkFileRefusal, NamesTheTensorExpectedAndFound) {
  std::vector<float> const three(3), nan{0, std::numeric_limits<float>::quiet_NaN()};
  EXPECT_TRUE(contains(refused({}, {}, "l.1.bias"), "no tensor 'l.1.bias'"));
  EXPECT_TRUE(contains(refused({}, {}, "l.0.weight"), "no tensor 'l.0.weight'"));
  EXPECT_TRUE(contains(refused({}, {{"o.bias", {3}, three}}, "o.bias"),
                       "its tensor 'o.bias' has the shape [3]; expected is [2]"));
  EXPECT_TRUE(contains(refused({}, {{"l.0.weight", {3}, three}}, "l.0.weight"),
                       "its tensor 'l.0.weight' has 1 dimensions; expected are 2"));
  EXPECT_TRUE(contains(refused({}, {{"o.bias", {2}, nan}}, "o.bias"),
                       "entry 1 of its tensor 'o.bias' is NaN"));
  EXPECT_TRUE(contains(refused({}, {{"l.1.wieght", {3}, three}}), "'l.1.wieght'"));
}

TEST_F(NetworkFileRefusal, LeavesTensorsOfTrainingAlone) {
  std::vector<float> const three(3);
  auto tensors = network_tensors(trained.network, trained.network.values());
  tensors.emplace_back("ema/0.99/o.bias", std::vector<std::int64_t>{3}, three);
  tensors.emplace_back("train/history", std::vector<std::int64_t>{3}, three);
  write_safetensors(folder / "m.safetensors", tensors, network_metadata(trained));
  EXPECT_EQ(read_network(folder / "m.safetensors").network.architecture(),
            trained.network.architecture());
}

}  // namespace
}  // namespace retrace::test
