// SPDX-License-Identifier: Apache-2.0
#include "modules.hpp"

#include <retrace/io/npy.hpp>
#include <retrace/io/npz.hpp>

#include <app/tool.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

void expect_near(std::vector<double> const& found, std::vector<double> const& expected,
                 double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], tolerance * (1 + std::abs(expected[i])));
}

/// Runs a command on the network as TorchScript and as tensors; f(as TorchScript, as tensors).
template <class F>
void expect_equal(TemporaryFolder const& folder, std::string const& command, F const& f) {
  for (char const* kind : {"pt", "safetensors"}) {
    Outcome const outcome = run(folder.path(), command + " --json --out " + kind + " --model " +
                                                   made("mlp." + std::string(kind)));
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.json()["sde"], "vp");
  }
  f(folder / "pt", folder / "safetensors");
}

TEST(TorchScript, GivesTheCommandsWhatTheSameNetworkGivesThem) {
  TemporaryFolder const folder;
  expect_equal(folder, "sample --sampler dpmpp-2m --steps 12 --samples 50 --seed 1",
               [](auto const& found, auto const& expected) {
                 expect_near(read_npy(found).values, read_npy(expected).values, 1e-4);
               });
  expect_equal(folder, "sample --sampler dopri5 --samples 4 --seed 1",
               [](auto const& found, auto const& expected) {
                 expect_near(read_npy(found).values, read_npy(expected).values, 1e-3);
               });
  write_npy<double>(folder / "x.npy", std::vector<double>{0.5, -1, 2, 0.25}.data(),
                    std::array<std::int64_t, 2>{2, 2});
  expect_equal(folder, "score --t 0.4 --points x.npy", [](auto const& found, auto const& expected) {
    auto const one = read_npz(found), other = read_npz(expected);
    ASSERT_EQ(one.size(), 3U);
    for (auto const& [name, array] : one) expect_near(array.values, other.at(name).values, 1e-5);
  });
}

TEST(TorchScript, HasTheLikelihoodThatTheSameNetworkHas) {
  TemporaryFolder const folder;
  write_npy<double>(folder / "x.npy", std::vector<double>{0.5, -1, 2, 0.25}.data(),
                    std::array<std::int64_t, 2>{2, 2});
  auto const logp = [&](std::string const& model) {
    Outcome const outcome =
        run(folder.path(),
            "likelihood --points x.npy --from 0.01 --json --out l.npz --model " + made(model));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return read_npz(folder / "l.npz").at("logp").values;
  };
  expect_near(logp("mlp.pt"), logp("mlp.safetensors"), 1e-3);
  expect_refusal(
      folder,
      "likelihood --points x.npy --out m.npz --solver heun --steps 10 --model " + made("mlp.pt"), 2,
      {"fixed steps"});
}

TEST(TorchScript, IsComparedAsTheSameNetworkIs) {
  TemporaryFolder const folder;
  auto const rows = [&](std::string const& model) {
    Outcome const outcome = run(folder.path(),
                                "compare --target moons --samplers ddim,dpmpp-2m --evaluations 10 "
                                "--samples 500 --json --report r --model " +
                                    made(model));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome.json()["rows"];
  };
  auto const found = rows("mlp.pt"), expected = rows("mlp.safetensors");
  ASSERT_EQ(found.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i)
    for (char const* what : {"sliced_wasserstein", "energy_distance"})
      EXPECT_NEAR(found[i][what].get<double>(), expected[i][what].get<double>(), 1e-4) << i;
  EXPECT_EQ(found[1]["sampler"], "ddim (model)");
}

TEST(TorchScript, LeavesTheDivergenceOutWhereItWouldTakeHundredsOfCalls) {
  TemporaryFolder const folder;
  std::string const score = "score --t 0.4 --points " + made("start.npy") + " --out s.npz --model ";
  ASSERT_EQ(run(folder.path(), score + made("unet.pt")).status, 0);
  auto const arrays = read_npz(folder / "s.npz");
  EXPECT_EQ(arrays.size(), 2U);
  EXPECT_EQ(arrays.at("score").values.size(), 5U * 3072);
}

TEST(TorchScript, TakesFromOptionsWhatTheFileDoesNotSay) {
  TemporaryFolder const folder;
  std::string const sample = "sample --sampler ddim --steps 3 --samples 2 --seed 1 --out x.npy ";
  std::string const bare = "--model " + made("mlp_bare.pt");
  expect_refusal(folder, sample + bare, 2, {"--shape"});
  expect_refusal(folder, sample + bare + " --shape 2", 2, {"--prediction"});
  expect_refusal(folder, sample + bare + " --shape 2 --prediction noise", 2, {"--sde is missing"});
  std::string const all = " --shape 2 --prediction noise --conditioning time --sde vp --batch 1";
  Outcome const outcome = run(folder.path(), sample + bare + all);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  auto const found = read_npy(folder / "x.npy").values;
  ASSERT_EQ(run(folder.path(), sample + "--model " + made("mlp.pt")).status, 0);
  expect_near(found, read_npy(folder / "x.npy").values, 1e-4);
}

TEST(TorchScript, RefusesOptionsThatDoNotFit) {
  TemporaryFolder const folder;
  std::string const sample = "sample --sampler ddim --steps 3 --samples 2 --out x.npy ";
  std::string const mlp = "--model " + made("mlp.pt");
  for (char const* option :
       {"--shape 2", "--prediction noise", "--conditioning time", "--device cpu", "--batch 7"}) {
    std::string const name = words_of(option).front();
    expect_refusal(folder, sample + "--sde vp --target moons " + option, 2, {name});
    expect_refusal(folder, sample + "--model " + made("mlp.safetensors") + " " + option, 2, {name});
  }
  expect_refusal(folder, sample + mlp + " --shape 2x", 2, {"--shape"});
  expect_refusal(folder, sample + mlp + " --prediction eps", 2, {"'eps'"});
  expect_refusal(folder, sample + mlp + " --conditioning index", 2, {"index", "--conditioning"});
  expect_refusal(folder, sample + mlp + " --device gpu", 2, {"'gpu'"});
  expect_refusal(folder, sample + mlp + " --batch 0", 2, {"--batch"});
  expect_refusal(folder, sample + mlp + " --score-error bias:size=0.1", 2, {"--score-error"});
  expect_refusal(folder, sample + mlp + " --init " + made("start.npy"), 2, {"[2, 2]"});
  expect_refusal(folder, sample + "--model " + made("throws.pt"), 2, {"no noise, no answer"});
  expect_refusal(folder, sample + "--model " + made("blind.pt"), 1, {"sample 1", "not finite"});
  expect_refusal(folder, sample + "--model " + made("state_dict.pt"), 1, {"torch.jit"});
}

}  // namespace
}  // namespace retrace::test
