// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/io/input_file.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The safetensors format (https://github.com/huggingface/safetensors): the length of a JSON header
/// in 8 bytes, the header, and the bytes of all tensors without gaps.
namespace retrace {

/// Texts by their keys: `__metadata__` of a file.
using TensorMetadata = std::map<std::string, std::string, std::less<>>;

/// What a header says of one tensor. Offsets count from the end of the header.
struct TensorEntry {
  std::string type;  ///< as the format spells it: "F32"
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;
};

struct SafetensorsHeader {
  std::map<std::string, TensorEntry, std::less<>> tensors;
  TensorMetadata metadata;
  std::uint64_t bytes = 0;  ///< of length and header: where the data begin
};

/// Reads the header and compares it with the bytes that remain, before anything is allocated on its
/// word. Stricter than the format's own reader: at most 100 MB and 2^20 tensors; every key once;
/// names up to 4096 bytes without NUL, in UTF-8; a tensor has dtype, shape (up to 8 numbers) and
/// data_offsets and nothing else; offsets are whole numbers below 2^64 that together cover the data
/// from the first byte to the last, without gap or overlap; shape and dtype need exactly the bytes
/// between them; metadata are texts. Tensors without bytes may lie anywhere between others. No
/// recursion. Fault::file, naming file, tensor, what is expected and what was found.
[[nodiscard]] SafetensorsHeader read_safetensors_header(ByteSource& source);

/// A file of tensors, checked as a whole when it is opened; numbers are read when asked for. Names
/// are keys and nothing else: never paths.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(std::filesystem::path const& path);

  [[nodiscard]] auto const& tensors() const { return header_.tensors; }
  [[nodiscard]] TensorMetadata const& metadata() const { return header_.metadata; }
  [[nodiscard]] bool has(std::string_view tensor) const { return header_.tensors.contains(tensor); }

  /// The shape of a tensor; refuses where the file has none of that name.
  [[nodiscard]] std::vector<std::int64_t> const& shape(std::string_view tensor) const;

  /// Refuses a file without that tensor, and one of another shape.
  void require(std::string_view tensor, std::span<std::int64_t const> wanted) const;

  /// The numbers of a tensor of type F64, F32, F16 or BF16, widened exactly, row-major. NaN and
  /// infinity are kept. Refuses another type, and another shape than the one that is wanted.
  [[nodiscard]] std::vector<double> values(std::string_view tensor,
                                           std::span<std::int64_t const> wanted) const;
  [[nodiscard]] std::vector<double> values(std::string_view tensor) const {
    return values(tensor, shape(tensor));
  }

  /// Refuses a file that has no check sum of write_safetensors(), or another than its bytes give.
  void verify() const;

  /// Throws Fault::file: `cannot use 'NAME'; REASON; SUGGESTION`.
  [[noreturn]] void refuse(std::string_view reason, std::string_view suggestion = {}) const {
    file_.refuse(reason, suggestion);
  }

 private:
  [[nodiscard]] TensorEntry const& entry(std::string_view tensor) const;

  InputFile file_;
  SafetensorsHeader header_;
};

/// A tensor to write, row-major. Its numbers are not copied.
struct TensorData {
  TensorData(std::string its_name, std::vector<std::int64_t> its_shape,
             std::span<float const> numbers)
      : name(std::move(its_name)),
        shape(std::move(its_shape)),
        type("F32"),
        bytes(std::as_bytes(numbers)) {}
  TensorData(std::string its_name, std::vector<std::int64_t> its_shape,
             std::span<double const> numbers)
      : name(std::move(its_name)),
        shape(std::move(its_shape)),
        type("F64"),
        bytes(std::as_bytes(numbers)) {}

  std::string name;
  std::vector<std::int64_t> shape;
  std::string type;
  std::span<std::byte const> bytes;
};

/// Writes the file, complete or not at all (AtomicFile): doubles before floats, each in the order
/// of their names, so that numbers are aligned and equal tensors give equal files. Adds `crc32` to
/// the metadata: eight hexadecimal digits, the CRC-32 of the whole file with these digits zero.
/// Names differ; they and all metadata are UTF-8.
void write_safetensors(std::filesystem::path const& path, std::vector<TensorData> tensors,
                       TensorMetadata metadata);

}  // namespace retrace
