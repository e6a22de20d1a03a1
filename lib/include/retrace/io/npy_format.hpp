// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/io/byte_source.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace retrace {

/// Element types, little-endian: float32 and float64, which we write, and integers by their bytes,
/// without and with a sign.
enum class NpyType { f4, f8, u1, i1, u2, i2, u4, i4, u8, i8 };

/// Bytes of a number.
[[nodiscard]] std::size_t size_of(NpyType type);

/// Which types a reader takes.
enum class NpyNumbers { floats, floats_or_integers };

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
/// descr, fortran_order and shape, once each; `<f4` or `<f8`, or integers where wanted; C order; at
/// most 8 dimensions; as many bytes as the shape needs, no more and no fewer.
[[nodiscard]] NpyHeader read_npy_header(ByteSource& source,
                                        NpyNumbers numbers = NpyNumbers::floats);

/// What is wrong with the number at a position of the data: `its row 3 (entry [3, 0], counted from
/// 0) is NaN`.
[[nodiscard]] std::string nonfinite_entry(std::span<std::int64_t const> shape, std::size_t position,
                                          double value);

/// As many numbers of a type as `out` holds, widened; exact but for integers beyond 2^53.
void read_widened(ByteSource& source, NpyType type, std::span<double> out);

/// The data after that header, row-major, widened; exact but for integers beyond 2^53.
/// Fault::memory where it does not fit.
[[nodiscard]] std::vector<double> read_npy_values(ByteSource& source, NpyHeader const& header,
                                                  NonFinite non_finite);

}  // namespace retrace
