// SPDX-License-Identifier: Apache-2.0
#include "modules.hpp"

#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/grid_rule.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <io/support/files.hpp>
#include <support/messages.hpp>

#include <string>
#include <vector>

namespace retrace::test {
namespace {

constexpr ModuleTime::Kind every_kind[] = {ModuleTime::Kind::time, ModuleTime::Kind::log_sigma,
                                           ModuleTime::Kind::sigma};

Samples<float> run(TorchScriptModel const& model) {
  return sample<float>(model, make_sampler("ddim"),
                       make_grid("uniform:final=eps", make_sde("vp"), 4, {}),
                       {.samples = 3, .seed = 1});
}

/// The message of the Error that f throws, which must be of this fault and have these parts.
template <class F>
void expect_error(Fault fault, std::vector<std::string> const& parts, F const& f) {
  try {
    f();
    ADD_FAILURE() << "nothing thrown, expected " << parts.front();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), fault) << error.what();
    EXPECT_EQ(std::string_view(error.what()).find('\n'), std::string_view::npos) << error.what();
    for (auto const& part : parts)
      EXPECT_TRUE(testing::contains(error.what(), part)) << error.what();
  }
}

TEST(TorchScriptModel, TellsAModuleTheNumberAskedFor) {
  NoiseLevel const level = make_sde("vp").at(0.25);
  std::vector<double> const x{1, 2, 3, 4};
  std::vector<double> out(4);
  for (ModuleTime::Kind const kind : every_kind) {
    ModuleTime const time{.kind = kind, .scale = 4};
    module("says", {.conventions = {.time = time}}).predict(x, level, out);
    EXPECT_NEAR(out[3], time.at(level), 1e-6);
  }
  NoiseLevel const indexed = make_sde("ddpm").at(17);
  module("chain").predict(x, indexed, out);
  EXPECT_NEAR(out[0] - 0.1 * x[0], out[2] - 0.1 * x[2], 1e-6);
  std::vector<double> other(4);
  module("chain").predict(x, make_sde("ddpm").at(18), other);
  EXPECT_NE(out, other);
}

TEST(TorchScriptModel, LeavesStatesAloneWhereAModuleWorksInPlace) {
  std::vector<double> const x{1, 2, 3, 4};
  std::vector<double> out(4);
  module("alone").predict(x, make_sde("vp").at(0.25), out);
  EXPECT_EQ(x, (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(out, (std::vector<double>{0.5, 1, 1.5, 2}));
}

TEST(TorchScriptModel, TakesItsConventionsFromTheOptionsWhereTheFileSaysNothing) {
  auto const bare = [](ModuleConventions const& said) {
    return module("mlp_bare", {.conventions = said});
  };
  expect_error(Fault::argument, {"mlp_bare.pt", "shape"}, [&] { bare({}); });
  expect_error(Fault::argument, {"mlp_bare.pt", "prediction"}, [&] { bare({.shape = {2}}); });
  auto const made = run(bare({.shape = {2}, .prediction = Prediction::noise}));
  auto const expected = run(module("mlp"));
  for (std::size_t i = 0; i < made.x.size(); ++i) EXPECT_EQ(made.x.data()[i], expected.x.data()[i]);
}

TEST(TorchScriptModel, RefusesFilesThatAreNoTorchScript) {
  TemporaryFolder const folder;
  auto const refuse = [&](std::string const& file, std::vector<std::string> const& parts) {
    expect_error(Fault::file, parts, [&] { TorchScriptModel const model(file); });
  };
  refuse(folder / "none.pt", {"none.pt"});
  refuse(folder.path(), {"directory"});
  refuse(put(folder / "empty.pt", ""), {"empty.pt", "no TorchScript"});
  refuse(put(folder / "text.pt", "some text"), {"text.pt", "no TorchScript"});
  refuse(put(folder / "zip.pt", "PK\3\4 no more"), {"zip.pt", "torch.jit"});
  refuse(made("state_dict.pt"), {"state_dict.pt", "constants.pkl", "torch.jit"});
  refuse(made("mlp.safetensors"), {"mlp.safetensors", "no TorchScript"});
  refuse(made("misspelt.pt"), {"misspelt.pt", "'predicts'", "prediction"});
  refuse(made("labelled.pt"), {"labelled.pt", "3 arguments", "forward(x, t)"});
  std::string const bytes = bytes_of(made("mlp.pt"));
  for (std::size_t const size : {bytes.size() / 3, bytes.size() - 1})
    refuse(put(folder / "short.pt", bytes.substr(0, size)), {"short.pt"});
}

TEST(TorchScriptModel, ReportsWhatAModuleThrowsAndAnswersThatAreNone) {
  auto const fails = [](char const* name, std::vector<std::string> parts) {
    parts.emplace_back(std::string(name) + ".pt");
    expect_error(Fault::argument, parts, [&] { run(module(name)); });
  };
  fails("throws", {"no noise, no answer"});
  fails("tuple", {"Tuple", "[3, 2]"});
  fails("wider", {"[3, 4]", "[3, 2]"});
  fails("integer", {"Int"});
  // A shape that is not the module's.
  expect_error(Fault::argument, {"mlp.pt", "failed"},
               [] { run(module("mlp", {.conventions = {.shape = {3}}})); });
}

TEST(TorchScriptModel, HasItsNumbersThatAreNoneFoundBySampleAndLevel) {
  auto const found = run(module("blind"));
  EXPECT_EQ(found.nonfinite, 1);
  ASSERT_EQ(found.where.size(), 1U);
  EXPECT_EQ(found.where[0].sample, 1);
  EXPECT_EQ(found.where[0].evaluation, 3);
  EXPECT_LT(found.where[0].t, 0.5);
}

TEST(TorchScriptModel, RefusesDevicesAndBatchesThatThereAreNot) {
  auto const on = [](std::string const& device) {
    expect_error(Fault::argument, {"'" + device + "'"}, [&] { module("mlp", {.device = device}); });
  };
  on("nowhere");
  on("cuda:99");
  on("meta");
  expect_error(Fault::argument, {"-1"}, [] { module("mlp", {.batch = -1}); });
}

}  // namespace
}  // namespace retrace::test
