// SPDX-License-Identifier: Apache-2.0
#include <retrace/sde/registry.hpp>
#include <retrace/torch/module_conventions.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

TEST(ModuleConventions, ReadShapesAsTheyAreWritten) {
  EXPECT_EQ(parse_shape("--shape", "3x32x32"), (std::vector<std::int64_t>{3, 32, 32}));
  EXPECT_EQ(shape_text(parse_shape("--shape", "2")), "2");
  for (char const* wrong : {"", "x", "3x", "x3", "3x0", "3x-1", "3X32", "3x3.5", "4096x4097",
                            "99999999999x99999999999"})
    EXPECT_TRUE(contains(argument_error([&] { static_cast<void>(parse_shape("--shape", wrong)); }),
                         "--shape"))
        << wrong;
}

TEST(ModuleConventions, TellAModuleItsNumberOfALevel) {
  NoiseLevel const level = make_sde("vp").at(0.4);
  EXPECT_EQ(ModuleTime::parse("time").at(level), 0.4);
  EXPECT_EQ(ModuleTime::parse("time:scale=1000").at(level), 400);
  EXPECT_DOUBLE_EQ(ModuleTime::parse("sigma").at(level), level.sigma() / level.alpha());
  EXPECT_DOUBLE_EQ(ModuleTime::parse("log-sigma").at(level),
                   std::log(level.sigma() / level.alpha()) / 4);
  EXPECT_EQ(ModuleTime::parse("index").at(make_sde("ddpm").at(17)), 17);
  EXPECT_EQ(ModuleTime::parse("time").at(make_sde("ddpm").at(17)), 17);
}

TEST(ModuleConventions, GiveAContinuousProcessNoIndex) {
  auto const at = [](double t) {
    return argument_error(
        [&] { static_cast<void>(ModuleTime::parse("index").at(make_sde("vp").at(t))); });
  };
  EXPECT_TRUE(contains(at(0.4), "index"));
  EXPECT_TRUE(contains(at(1), "index"));
}

TEST(ModuleConventions, RefuseAConditioningThatDoesNotExist) {
  for (char const* wrong : {"", "times", "time:scale=0", "time:scale=nan", "time:factor=2",
                            "sigma:scale=2", "log-sigma:scale=2"})
    EXPECT_NE(argument_error([&] { static_cast<void>(ModuleTime::parse(wrong)); }), "") << wrong;
}

TEST(ModuleConventions, AreReadFromJsonAndGoBehindWhatTheUserSays) {
  auto const file = ModuleConventions::parse(
      R"({"shape": [3, 8, 8], "prediction": "v", "conditioning": "sigma", "sde": "edm"})", "f.pt");
  EXPECT_EQ(shape_text(file.shape), "3x8x8");
  EXPECT_EQ(file.prediction, Prediction::velocity);
  EXPECT_EQ(file.time->kind, ModuleTime::Kind::sigma);
  EXPECT_EQ(file.sde, "edm");
  ModuleConventions const said{.shape = {192}, .prediction = Prediction::score};
  auto const both = said.or_else(file);
  EXPECT_EQ(both.shape, said.shape);
  EXPECT_EQ(both.prediction, Prediction::score);
  EXPECT_EQ(both.time->kind, ModuleTime::Kind::sigma);
  EXPECT_EQ(both.sde, "edm");
}

TEST(ModuleConventions, RefuseJsonThatIsNotUnderstood) {
  for (char const* wrong :
       {"", "[]", "{", R"({"shape": 3})", R"({"shape": "3x3"})", R"({"shape": [3, -1]})",
        R"({"shape": [3, 1.5]})", R"({"shape": []})", R"({"prediction": "eps"})",
        R"({"prediction": 1})", R"({"conditioning": "t"})", R"({"sde": null})",
        R"({"colour": "red"})"}) {
    try {
      static_cast<void>(ModuleConventions::parse(wrong, "f.pt"));
      ADD_FAILURE() << wrong;
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::file) << wrong;
      EXPECT_TRUE(contains(error.what(), "'f.pt'")) << error.what();
      EXPECT_TRUE(contains(error.what(), "retrace.json")) << error.what();
    }
  }
}

}  // namespace
}  // namespace retrace
