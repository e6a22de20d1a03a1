// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/io/byte_source.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace retrace {

/// The element types we know, little-endian: float32 and float64, and, only where class labels are
/// read, int32, int64 and uint8.
enum class NpyType { f4, f8, i4, i8, u1 };

/// Which of them a reader takes.
enum class NpyTypes { floats, all };

[[nodiscard]] std::size_t item_size(NpyType type);

/// What a reader does with NaN and infinity.
enum class NonFinite { refuse, keep };

/// What the header of an .npy says; C order always.
struct NpyHeader {
  NpyType type = NpyType::f8;
  std::vector<std::int64_t> shape;
};

/// `[3, 2]`, as messages show a shape or an index.
[[nodiscard]] std::string bracketed(std::span<std::int64_t const> numbers);

/// The bytes before the data: version 1.0, padded to a multiple of 64 as numpy.lib.format
/// documents. Entries of `shape` are not negative and at most 8.
[[nodiscard]] std::string format_npy_header(NpyType type, std::span<std::int64_t const> shape);

/// Reads the header and compares it with the bytes that remain, so that nothing is allocated on the
/// word of a file. Stricter than NumPy: version 1.0 or 2.0; at most 10 000 bytes; exactly the keys
/// descr, fortran_order and shape, once each; a type that is taken; C order; at most 8 dimensions;
/// as many bytes as the shape needs, no more and no fewer.
[[nodiscard]] NpyHeader read_npy_header(ByteSource& source, NpyTypes types = NpyTypes::floats);

/// What is wrong with the number at a position of the data: `its row 3 (entry [3, 0], counted from
/// 0) is NaN`.
[[nodiscard]] std::string nonfinite_entry(std::span<std::int64_t const> shape, std::size_t position,
                                          double value);

/// The data after that header, row-major; float32 is widened exactly. Fault::memory where it does
/// not fit.
[[nodiscard]] std::vector<double> read_npy_values(ByteSource& source, NpyHeader const& header,
                                                  NonFinite non_finite);

}  // namespace retrace
