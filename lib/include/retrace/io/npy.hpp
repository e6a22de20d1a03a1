// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/io/npy_format.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace retrace {

/// Samples [n, d]: row-major, one row a sample. `type` is that of the file; float32 is widened
/// exactly.
struct NpyArray {
  using Type = NpyType;
  std::vector<double> values;
  std::int64_t rows = 0;     ///< n, may be 0
  std::int64_t columns = 0;  ///< d, at least 1
  Type type = Type::f8;
};

/// Draws [k, n, d], row-major, d at least 1.
struct NpyCube {
  std::vector<double> values;
  std::array<std::int64_t, 3> shape{};
  NpyType type = NpyType::f8;
};

/// An .npy of version 1 or 2, `<f4` or `<f8`, C order, finite, of exactly the length its shape
/// needs. Anything else is refused before memory is taken: Fault::file, naming the file and the
/// reason (NaN and infinity with their row).
[[nodiscard]] NpyArray read_npy(std::filesystem::path const& path);

/// The same, or integers of one to eight bytes; widened, beyond 2^53 to the nearest.
[[nodiscard]] NpyArray read_npy_numbers(std::filesystem::path const& path);

/// The same as read_npy() with three dimensions.
[[nodiscard]] NpyCube read_npy_cube(std::filesystem::path const& path);

/// The same with two or three dimensions: [n, d] counts as [1, n, d].
[[nodiscard]] NpyCube read_npy_sets(std::filesystem::path const& path);

/// The same with one dimension: n numbers.
[[nodiscard]] std::vector<double> read_npy_list(std::filesystem::path const& path);

/// The same with one dimension, of whole numbers: of integer types too. Anything that is
/// not a whole number, and what does not fit 32 bits, is refused with its row.
[[nodiscard]] std::vector<std::int32_t> read_npy_integers(std::filesystem::path const& path);

/// Writes `data`, row-major of this shape, as the file that numpy.save would make; complete or not
/// at all (AtomicFile). T is float or double. The data are not copied.
template <class T>
void write_npy(std::filesystem::path const& path, T const* data,
               std::span<std::int64_t const> shape);

extern template void write_npy(std::filesystem::path const&, float const*,
                               std::span<std::int64_t const>);
extern template void write_npy(std::filesystem::path const&, double const*,
                               std::span<std::int64_t const>);

}  // namespace retrace
