// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/shortest.hpp>
#include <retrace/io/atomic_file.hpp>
#include <retrace/io/input_file.hpp>
#include <retrace/io/npy.hpp>

#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <numeric>
#include <string_view>
#include <type_traits>

namespace retrace {
namespace {

void check_shape(ByteSource const& source, std::span<std::int64_t const> shape,
                 std::string_view names, std::size_t dimensions) {
  if (shape.size() != dimensions || shape.back() < 1)
    source.refuse("its shape is " + bracketed(shape),
                  "wanted is " + std::string(names) + " with d >= 1");
}

NpyArray read_rows(std::filesystem::path const& path, NpyNumbers numbers) {
  InputFile const file(path);
  WholeFile source(file);
  NpyHeader const header = read_npy_header(source, numbers);
  check_shape(source, header.shape, "[n, d]", 2);
  return {read_npy_values(source, header, NonFinite::refuse), header.shape[0], header.shape[1],
          header.type};
}

}  // namespace

NpyArray read_npy(std::filesystem::path const& path) { return read_rows(path, NpyNumbers::floats); }

NpyArray read_npy_numbers(std::filesystem::path const& path) {
  return read_rows(path, NpyNumbers::floats_or_integers);
}

NpyCube read_npy_cube(std::filesystem::path const& path) {
  InputFile const file(path);
  WholeFile source(file);
  NpyHeader const header = read_npy_header(source);
  check_shape(source, header.shape, "[k, n, d]", 3);
  return {read_npy_values(source, header, NonFinite::refuse),
          {header.shape[0], header.shape[1], header.shape[2]},
          header.type};
}

NpyCube read_npy_sets(std::filesystem::path const& path) {
  InputFile const file(path);
  WholeFile source(file);
  NpyHeader header = read_npy_header(source);
  if (header.shape.size() == 2) header.shape.insert(header.shape.begin(), 1);
  check_shape(source, header.shape, "[n, d] or [k, n, d]", 3);
  return {read_npy_values(source, header, NonFinite::refuse),
          {header.shape[0], header.shape[1], header.shape[2]},
          header.type};
}

std::vector<double> read_npy_list(std::filesystem::path const& path) {
  InputFile const file(path);
  WholeFile source(file);
  NpyHeader const header = read_npy_header(source);
  if (header.shape.size() != 1)
    source.refuse("its shape is " + bracketed(header.shape), "wanted is [n]");
  return read_npy_values(source, header, NonFinite::refuse);
}

std::vector<std::int32_t> read_npy_integers(std::filesystem::path const& path) {
  InputFile const file(path);
  WholeFile source(file);
  NpyHeader const header = read_npy_header(source, NpyNumbers::floats_or_integers);
  if (header.shape.size() != 1)
    source.refuse("its shape is " + bracketed(header.shape), "wanted is [n]");
  std::vector<double> const values = read_npy_values(source, header, NonFinite::refuse);
  std::vector<std::int32_t> whole;
  whole.reserve(values.size());
  for (double const value : values) {
    if (value != std::floor(value) || std::abs(value) > std::numeric_limits<std::int32_t>::max())
      source.refuse("its row " + std::to_string(whole.size()) + " is " + shortest(value),
                    "wanted are whole numbers of 32 bits");
    whole.push_back(static_cast<std::int32_t>(value));
  }
  return whole;
}

template <class T>
void write_npy(std::filesystem::path const& path, T const* data,
               std::span<std::int64_t const> shape) {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>);
  auto const values =
      std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies{});
  auto const header =
      format_npy_header(std::is_same_v<T, float> ? NpyType::f4 : NpyType::f8, shape);
  AtomicFile file(path);
  file.write(header.data(), header.size());
  file.write(data, static_cast<std::size_t>(values) * sizeof(T));
  file.commit();
}

template void write_npy(std::filesystem::path const&, float const*, std::span<std::int64_t const>);
template void write_npy(std::filesystem::path const&, double const*, std::span<std::int64_t const>);

}  // namespace retrace
