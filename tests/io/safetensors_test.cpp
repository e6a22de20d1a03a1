// SPDX-License-Identifier: Apache-2.0
#include "support/files.hpp"
#include "support/safetensors_bytes.hpp"

#include <retrace/io/safetensors.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

using Shape = std::vector<std::int64_t>;
using Values = std::vector<double>;

/// Two tensors and metadata, written by our writer.
std::string sample_file(std::filesystem::path const& path) {
  std::vector<float> const weight{
      1, -2, 3.5f, 0.1f, std::nanf(""), std::numeric_limits<float>::infinity()};
  std::vector<double> const moment{0.1, 1e300};
  write_safetensors(path, {{"l.0.weight", {2, 3}, weight}, {"moment", {2}, moment}},
                    {{"architecture", "a \"quoted\" text"}, {"seed", "18446744073709551615"}});
  return bytes_of(path);
}

TEST(Safetensors, ComeBackAsTheyWereWritten) {
  TemporaryFolder const folder;
  (void)sample_file(folder / "m.safetensors");
  SafetensorsFile const file(folder / "m.safetensors");
  file.verify();
  EXPECT_EQ(file.tensors().size(), 2u);
  EXPECT_EQ(file.shape("l.0.weight"), (Shape{2, 3}));
  auto const weight = file.values("l.0.weight", Shape{2, 3});
  EXPECT_EQ(Values(weight.begin(), weight.begin() + 4), (Values{1, -2, 3.5, double{0.1f}}));
  EXPECT_TRUE(std::isnan(weight[4]));  // kept: whoever samples decides
  EXPECT_TRUE(std::isinf(weight[5]));
  EXPECT_EQ(file.values("moment"), (Values{0.1, 1e300}));
  EXPECT_EQ(file.metadata().at("architecture"), "a \"quoted\" text");
  EXPECT_EQ(file.metadata().at("seed"), "18446744073709551615");
}

TEST(Safetensors, AreWrittenAlignedAndEqualTensorsGiveEqualFiles) {
  TemporaryFolder const folder;
  std::string const bytes = sample_file(folder / "a.safetensors");
  EXPECT_EQ(bytes, sample_file(folder / "b.safetensors"));
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  EXPECT_EQ(bytes.size(), 8 + length + 2 * 8 + 6 * 4);
  std::string const header = bytes.substr(8, length);
  EXPECT_TRUE(contains(header, tensor_text("moment", "F64", "[2]", "[0,16]")));
  EXPECT_TRUE(contains(header, tensor_text("l.0.weight", "F32", "[2,3]", "[16,40]")));
}

TEST(Safetensors, HalvesAndBfloatsAreWidenedExactly) {
  TemporaryFolder const folder;
  std::vector<std::uint16_t> const half{0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0001,
                                        0x03ff, 0x0400, 0x3555, 0x7c00, 0xfc00, 0x7e00};
  std::vector<std::uint16_t> const bfloat{0x3f80, 0xc000, 0x7f80, 0x0080, 0x3eab, 0x7fc0};
  put(folder / "m.safetensors",
      safetensors_bytes("{" + tensor_text("h", "F16", "[12]", "[0,24]") + "," +
                            tensor_text("b", "BF16", "[2,3]", "[24,36]") + "}",
                        raw(half) + raw(bfloat)));
  SafetensorsFile const file(folder / "m.safetensors");
  auto const h = file.values("h"), b = file.values("b");
  Values const expected{0, -0.0, 1, -2, 65504, 0x1p-24, 1023 * 0x1p-24, 0x1p-14, 0.333251953125};
  EXPECT_EQ(Values(h.begin(), h.begin() + 9), expected);
  EXPECT_TRUE(std::signbit(h[1]));
  EXPECT_EQ(h[9], std::numeric_limits<double>::infinity());
  EXPECT_EQ(h[10], -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(h[11]));
  EXPECT_EQ(Values(b.begin(), b.begin() + 5),
            (Values{1, -2, std::numeric_limits<double>::infinity(), 0x1p-126, 0.333984375}));
  EXPECT_TRUE(std::isnan(b[5]));
}

TEST(Safetensors, OfOtherTypesMayBeThereButAreNoWeights) {
  TemporaryFolder const folder;
  put(folder / "m.safetensors",
      safetensors_bytes("{" + tensor_text("steps", "I64", "[]", "[0,8]") + "}", "12345678"));
  SafetensorsFile const file(folder / "m.safetensors");
  EXPECT_EQ(file.shape("steps"), Shape{});
  auto const message = refusal([&] { (void)file.values("steps"); });
  EXPECT_TRUE(contains(message, "m.safetensors"));
  EXPECT_TRUE(contains(message, "its tensor 'steps' has the dtype I64; expected is F64, F32"));
}

TEST(Safetensors, OfAnotherShapeOrNameAreRefusedWithBoth) {
  TemporaryFolder const folder;
  (void)sample_file(folder / "m.safetensors");
  SafetensorsFile const file(folder / "m.safetensors");
  EXPECT_TRUE(contains(refusal([&] {
                         (void)file.values("l.0.weight", Shape{3, 2});
                       }),
                       "its tensor 'l.0.weight' has the shape [2, 3]; expected is [3, 2]"));
  EXPECT_TRUE(contains(refusal([&] { (void)file.values("l.0.bias"); }),
                       "it has no tensor 'l.0.bias' among its 2"));
}

/// R56: the format allows them; so do we, also where they share an offset.
TEST(Safetensors, WithoutNumbersAreReadWhereverTheyLie) {
  TemporaryFolder const folder;
  put(folder / "m.safetensors",
      safetensors_bytes("{" + tensor_text("a", "F32", "[0,3]", "[0,0]") + "," +
                            tensor_text("b", "F32", "[0]", "[0,0]") + "," +
                            tensor_text("one", "F32", "[]", "[0,4]") + "," +
                            tensor_text("", "F64", "[2,0]", "[4,4]") + "}  ",
                        raw(std::vector<float>{1.5f})));
  SafetensorsFile const file(folder / "m.safetensors");
  EXPECT_EQ(file.values("a", Shape{0, 3}), Values{});
  EXPECT_EQ(file.values("b"), Values{});
  EXPECT_EQ(file.values("one", Shape{}), Values{1.5});
  EXPECT_EQ(file.values(""), Values{});
  put(folder / "m.safetensors", safetensors_bytes("{}", ""));
  EXPECT_TRUE(SafetensorsFile(folder / "m.safetensors").tensors().empty());
}

/// R57: a file with a check sum tells of every changed byte; nothing crashes.
TEST(Safetensors, AnyChangedByteIsDetectedByTheCheckSum) {
  TemporaryFolder const folder;
  MemoryFile const memory;
  std::string const whole = sample_file(folder / "m.safetensors");
  EXPECT_NO_THROW(SafetensorsFile(memory.holding(whole)).verify());
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (int byte = 0; byte < 256; byte += i < 300 ? 1 : 7) {
      std::string changed = whole;
      changed[i] = static_cast<char>(byte);
      if (changed == whole) continue;
      ASSERT_TRUE(refuses([&] { SafetensorsFile(memory.holding(changed)).verify(); }))
          << i << " " << byte;
    }
}

TEST(Safetensors, EveryPrefixOfAValidFileIsRefused) {
  TemporaryFolder const folder;
  MemoryFile const memory;
  std::string const whole = sample_file(folder / "m.safetensors");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_TRUE(refuses([&] { SafetensorsFile{memory.holding(whole.substr(0, size))}; })) << size;
}

}  // namespace
}  // namespace retrace::test
