// SPDX-License-Identifier: Apache-2.0
#include "support/files.hpp"

#include <retrace/io/npy.hpp>
#include <retrace/io/npy_rows.hpp>

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

template <class T>
std::vector<T> awkward_values(std::size_t count) {
  std::vector<T> values{T{0},
                        -T{0},
                        std::numeric_limits<T>::denorm_min(),
                        std::numeric_limits<T>::max(),
                        std::numeric_limits<T>::lowest(),
                        T(0.1)};
  std::mt19937 bits(1);
  std::uniform_real_distribution<T> uniform(-3, 3);
  while (values.size() < count) values.push_back(uniform(bits));
  values.resize(count);
  return values;
}

template <class T>
void check_round_trip(std::int64_t rows, std::int64_t columns) {
  TemporaryFolder folder;
  auto const values = awkward_values<T>(static_cast<std::size_t>(rows * columns));
  write_npy(folder / "x.npy", values.data(), std::array{rows, columns});
  NpyArray const back = read_npy(folder / "x.npy");
  EXPECT_EQ(back.rows, rows);
  EXPECT_EQ(back.columns, columns);
  EXPECT_EQ(back.type, sizeof(T) == 4 ? NpyArray::Type::f4 : NpyArray::Type::f8);
  ASSERT_EQ(back.values.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    ASSERT_EQ(std::bit_cast<std::uint64_t>(back.values[i]),
              std::bit_cast<std::uint64_t>(static_cast<double>(values[i])));
}

TEST(Npy, ComesBackAsItWasWritten) {
  // 16 384 floats are widened at a time.
  for (auto [rows, columns] : std::vector<std::pair<int, int>>{{0, 1},
                                                               {0, 7},
                                                               {1, 1},
                                                               {3, 2},
                                                               {1, 1000},
                                                               {16383, 1},
                                                               {8192, 2},
                                                               {16385, 1},
                                                               {9999, 7}}) {
    SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(columns));
    check_round_trip<float>(rows, columns);
    check_round_trip<double>(rows, columns);
  }
}

TEST(Npy, IsTheFileThatNumpySaveMakes) {
  TemporaryFolder folder;
  std::vector<float> const values{1, 2, 3, 4, 5, 6};
  write_npy(folder / "x.npy", values.data(), std::array<std::int64_t, 2>{2, 3});
  // By the letter of numpy.lib.format: magic, version 1.0, 118 = 0x76 bytes of header, a multiple
  // of 64 in all.
  std::string const dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
  expected += dict + std::string(117 - dict.size(), ' ') + '\n';
  ASSERT_EQ(expected.size(), 128u);
  EXPECT_EQ(bytes_of(folder / "x.npy"), expected + raw(values));
}

TEST(Npy, HeadersOfAllShapesAreAlignedAndRead) {
  for (std::int64_t big = 1; big < std::int64_t{1} << 52; big *= 7)
    for (std::size_t dimensions = 0; dimensions <= 8; ++dimensions) {
      std::vector<std::int64_t> shape(dimensions, 1);
      if (dimensions > 0) shape[dimensions / 2] = big;
      auto const header = format_npy_header(NpyType::f8, shape);
      EXPECT_EQ(header.size() % 64, 0u);
      EXPECT_EQ(header.back(), '\n');
      EXPECT_LT(header.find('\n', 10), header.size());
    }
  EXPECT_TRUE(contains(format_npy_header(NpyType::f8, std::array<std::int64_t, 1>{5}), "(5,), }"));
  EXPECT_TRUE(contains(format_npy_header(NpyType::f8, {}), "'shape': (), }"));
}

TEST(Npy, ReadsCubes) {
  TemporaryFolder folder;
  auto const values = awkward_values<double>(24);
  write_npy(folder / "z.npy", values.data(), std::array<std::int64_t, 3>{4, 3, 2});
  NpyCube const cube = read_npy_cube(folder / "z.npy");
  EXPECT_EQ(cube.shape, (std::array<std::int64_t, 3>{4, 3, 2}));
  EXPECT_EQ(cube.values, values);
  EXPECT_TRUE(contains(refusal([&] { (void)read_npy(folder / "z.npy"); }),
                       "its shape is [4, 3, 2]; wanted is [n, d] with d >= 1"));
}

template <class T>
void check_integers(std::string const& type) {
  TemporaryFolder folder;
  std::vector<T> const values{
      0, 1, 100, std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest(), 7};
  auto const path = put(folder / "x.npy", npy_bytes(npy_dict(type, "(3, 2)"), raw(values)));
  NpyArray const back = read_npy_numbers(path);
  EXPECT_EQ(size_of(back.type), sizeof(T)) << type;
  ASSERT_EQ(back.values.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(back.values[i], static_cast<double>(values[i])) << type;
  put(path, npy_bytes(npy_dict(type, "(3, 2)"), raw(values) + 'x'));
  EXPECT_THROW((void)read_npy_numbers(path), Error) << type;
}

TEST(Npy, ReadsIntegersOnlyWhereAsked) {  // that read_npy() refuses them is R45
  check_integers<std::uint8_t>("|u1");
  check_integers<std::int8_t>("|i1");
  check_integers<std::uint16_t>("<u2");
  check_integers<std::int16_t>("<i2");
  check_integers<std::uint32_t>("<u4");
  check_integers<std::int32_t>("<i4");
  check_integers<std::uint64_t>("<u8");
  check_integers<std::int64_t>("<i8");
  TemporaryFolder folder;
  auto const x = folder / "x.npy";
  for (char const* type : {">i4", "|b1", "<u1", "|O", "<f2", "u1", "int64"}) {
    put(x, npy_bytes(npy_dict(type, "(0, 2)"), ""));
    EXPECT_THROW((void)read_npy_numbers(x), Error) << type;
  }
  std::vector<float> const floats{1, 2};
  put(x, npy_bytes(npy_dict("<f4", "(1, 2)"), raw(floats)));
  EXPECT_EQ(read_npy_numbers(x).values, (std::vector<double>{1, 2}));
}

TEST(Npy, ReadsWholeNumbersOfEveryType) {
  TemporaryFolder folder;
  auto const read = [&](char const* type, std::string const& data) {
    return read_npy_integers(put(folder / "y.npy", npy_bytes(npy_dict(type, "(3,)"), data)));
  };
  std::vector<std::int32_t> const expected{0, 7, 2};
  EXPECT_EQ(read("|u1", raw(std::vector<std::uint8_t>{0, 7, 2})), expected);
  EXPECT_EQ(read("<i4", raw(std::vector<std::int32_t>{0, 7, 2})), expected);
  EXPECT_EQ(read("<i8", raw(std::vector<std::int64_t>{0, 7, 2})), expected);
  EXPECT_EQ(read("<f4", raw(std::vector<float>{0, 7, 2})), expected);
  EXPECT_EQ(read("<f8", raw(std::vector<double>{0, 7, 2})), expected);
  EXPECT_EQ(read("<i4", raw(std::vector<std::int32_t>{-1, 7, 2}))[0], -1);
  auto const refused = [&](char const* type, std::string const& data) {
    return refusal([&] { (void)read(type, data); });
  };
  EXPECT_TRUE(contains(refused("<f8", raw(std::vector<double>{0, 1, 0.5})), "its row 2 is 0.5"));
  EXPECT_TRUE(contains(refused("<i8", raw(std::vector<std::int64_t>{0, std::int64_t{1} << 40, 1})),
                       "its row 1 is"));
  EXPECT_EQ(read("<i2", raw(std::vector<std::int16_t>{0, 7, 2})), expected);
  EXPECT_TRUE(contains(refused("<f2", raw(std::vector<std::int16_t>{0, 1, 2})), "'<f2'; wanted"));
  EXPECT_TRUE(contains(refused("<f8", raw(std::vector<double>{0, 1, std::nan("")})), "NaN"));
  EXPECT_TRUE(contains(refused("<i4", raw(std::vector<std::int32_t>{0, 1})), "cut off"));
  // Nothing else takes whole numbers.
  EXPECT_TRUE(contains(refusal([&] { (void)read_npy_list(folder / "y.npy"); }), "'<i4'"));
}

TEST(NpyRows, AreThoseOfTheWholeFile) {
  TemporaryFolder folder;
  auto const check = [&](auto zero, std::int64_t rows, std::int64_t columns) {
    auto const values = awkward_values<decltype(zero)>(static_cast<std::size_t>(rows * columns));
    write_npy(folder / "x.npy", values.data(), std::array{rows, columns});
    NpyArray const whole = read_npy(folder / "x.npy");
    NpyRows const file(folder / "x.npy");
    EXPECT_EQ(file.rows(), rows);
    EXPECT_EQ(file.columns(), columns);
    for (std::int64_t const first : {std::int64_t{0}, rows / 3, rows - 1}) {
      std::vector<double> some(static_cast<std::size_t>((rows - first) * columns));
      file.read(first, some);
      EXPECT_TRUE(std::equal(some.begin(), some.end(), whole.values.begin() + first * columns));
    }
  };
  check(float{}, 7, 3);
  check(double{}, 7, 3);
  check(float{}, 3000, 5);  // more than are widened at a time
}

TEST(NpyRows, RefuseWhatIsCutOrNotFinite) {
  TemporaryFolder folder;
  std::vector<double> x(3000, 1.5);
  x[2 * 1234 + 1] = std::nan("");
  put(folder / "x.npy", npy_bytes(npy_dict("<f8", "(1500, 2)"), raw(x)));
  NpyRows const file(folder / "x.npy");
  std::vector<double> row(2);
  EXPECT_NO_THROW(file.read(1233, row));
  EXPECT_TRUE(contains(refusal([&] { file.read(1234, row); }),
                       "its row 1234 (entry [1234, 1], counted from 0) is NaN"));
  std::filesystem::resize_file(folder / "x.npy", 20000);
  EXPECT_NO_THROW(file.read(17, row));
  EXPECT_TRUE(contains(refusal([&] { file.read(1400, row); }), "became shorter"));
  EXPECT_TRUE(contains(refusal([&] { NpyRows{folder / "x.npy"}; }), "cut off"));
  write_npy(folder / "y.npy", x.data(), std::array<std::int64_t, 1>{5});
  EXPECT_TRUE(contains(refusal([&] { NpyRows{folder / "y.npy"}; }), "wanted is [n, d]"));
}

TEST(Npy, ReadsWhatOtherWritersMake) {
  TemporaryFolder folder;
  std::string const data = raw(std::vector<double>{1.5, -2, 3, 4, 5, 6});
  for (auto const& bytes : {
           npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2)}", data),
           npy_bytes("{'shape': (3, 2), 'descr': '<f8', 'fortran_order': False}", data),
           npy_bytes("{\"descr\":\"<f8\",\"fortran_order\":False,\"shape\":(3,2,)}", data),
           npy_bytes(" { 'descr' : '<f8' , 'fortran_order' : False , 'shape' : ( 3 , 2 , ) , } ",
                     data),
           npy_bytes(npy_dict("<f8", "(3, 2)"), data, 2),
           npy_bytes(npy_dict("<f8", "(3, 2)") + std::string(9000, ' '), data),
       }) {
    NpyArray const array = read_npy(put(folder / "x.npy", bytes));
    EXPECT_EQ(array.rows, 3);
    EXPECT_EQ(array.columns, 2);
    EXPECT_EQ(array.values, (std::vector<double>{1.5, -2, 3, 4, 5, 6}));
  }
}

}  // namespace
}  // namespace retrace::test
