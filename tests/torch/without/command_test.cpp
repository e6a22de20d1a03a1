// SPDX-License-Identifier: Apache-2.0
#include <retrace/torch/torchscript_model.hpp>

#include <app/tool.hpp>

namespace retrace::test {
namespace {

TEST(TorchScript, IsRefusedByABuildWithoutLibtorchThatSaysHowToGetOne) {
  EXPECT_FALSE(has_torch());
  TemporaryFolder const folder;
  put(folder / "net.pt", "PK\3\4 and so on");
  put(folder / "net.zip", "PK\3\4 and so on");
  put(folder / "text.pt", "no zip");
  std::string const sample = "sample --sde vp --sampler ddim --steps 3 --out x.npy --model ";
  for (char const* name : {"net.pt", "net.zip"})
    expect_refusal(folder, sample + name, 2, {name, "no libtorch", "RETRACE_TORCH_ROOT"});
  expect_refusal(folder, sample + "text.pt", 1, {"text.pt", "no TorchScript"});
  expect_refusal(folder, sample + "none.pt", 1, {"none.pt"});
}

}  // namespace
}  // namespace retrace::test
