// SPDX-License-Identifier: Apache-2.0
#include "safetensors_format.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/memory.hpp>
#include <retrace/io/npy_format.hpp>
#include <retrace/io/safetensors.hpp>
#include <retrace/io/zip.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace retrace {
namespace {

using namespace safetensors;

SafetensorsHeader header_of(InputFile const& file) {
  WholeFile source(file);
  return read_safetensors_header(source);
}

float of_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// IEEE 754 binary16.
float of_half(std::uint16_t bits) {
  constexpr unsigned specials = 31;
  unsigned const sign = bits >> 15, exponent = bits >> 10 & specials, fraction = bits & 0x3ffU;
  if (exponent == specials) return std::bit_cast<float>(sign << 31 | 0xffU << 23 | fraction << 13);
  // Subnormal ones have no leading one.
  auto const significand = static_cast<float>(exponent == 0 ? fraction : fraction | 0x400U);
  float const magnitude = std::ldexp(significand, static_cast<int>(std::max(exponent, 1U)) - 25);
  return sign != 0 ? -magnitude : magnitude;
}

template <class Stored, class Widen>
void read_widened(InputFile const& file, std::uint64_t offset, std::span<double> out,
                  Widen const& widen) {
  std::array<Stored, 16'384> some;
  while (!out.empty()) {
    auto const now = std::min(out.size(), some.size());
    file.read(offset, std::as_writable_bytes(std::span(some).first(now)));
    std::transform(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(now), out.begin(),
                   widen);
    out = out.subspan(now);
    offset += now * sizeof(Stored);
  }
}

}  // namespace

SafetensorsFile::SafetensorsFile(std::filesystem::path const& path)
    : file_(path), header_(header_of(file_)) {}

TensorEntry const& SafetensorsFile::entry(std::string_view tensor) const {
  auto const found = header_.tensors.find(tensor);
  if (found == header_.tensors.end())
    refuse("it has no tensor " + retrace::quoted(tensor) + " among its " +
           std::to_string(header_.tensors.size()));
  return found->second;
}

std::vector<std::int64_t> const& SafetensorsFile::shape(std::string_view tensor) const {
  return entry(tensor).shape;
}

void SafetensorsFile::require(std::string_view tensor, std::span<std::int64_t const> wanted) const {
  TensorEntry const& found = entry(tensor);
  if (!std::equal(wanted.begin(), wanted.end(), found.shape.begin(), found.shape.end()))
    refuse("its tensor " + retrace::quoted(tensor) + " has the shape " + bracketed(found.shape),
           "expected is " + bracketed(wanted));
}

std::vector<double> SafetensorsFile::values(std::string_view tensor,
                                            std::span<std::int64_t const> wanted) const {
  require(tensor, wanted);
  TensorEntry const& found = entry(tensor);
  std::size_t const count = (found.end - found.begin) / item_bytes(found.type);
  require_memory("the " + std::to_string(count) + " numbers of tensor " + retrace::quoted(tensor),
                 count * sizeof(double));
  std::vector<double> out(count);
  std::uint64_t const offset = header_.bytes + found.begin;
  if (found.type == "F64")
    file_.read(offset, std::as_writable_bytes(std::span(out)));
  else if (found.type == "F32")
    read_widened<float>(file_, offset, out, [](float v) { return double{v}; });
  else if (found.type == "F16")
    read_widened<std::uint16_t>(file_, offset, out,
                                [](std::uint16_t v) { return double{of_half(v)}; });
  else if (found.type == "BF16")
    read_widened<std::uint16_t>(file_, offset, out,
                                [](std::uint16_t v) { return double{of_bfloat16(v)}; });
  else
    refuse("its tensor " + retrace::quoted(tensor) + " has the dtype " + found.type,
           "expected is F64, F32, F16 or BF16");
  return out;
}

void SafetensorsFile::verify() const {
  auto const found = header_.metadata.find(sum_key);
  if (found == header_.metadata.end() || found->second.size() != no_sum.size())
    refuse("its metadata have no check sum 'crc32'");
  std::string header(header_.bytes, '\0');
  file_.read(0, std::as_writable_bytes(std::span(header)));
  std::string const field = "\"" + std::string(sum_key) + "\":\"";
  auto const digits = header.find(field + found->second + '"');
  if (digits == std::string::npos) refuse("its metadata have no check sum 'crc32'");
  header.replace(digits + field.size(), no_sum.size(), no_sum);
  std::uint32_t crc = zip_crc(0, std::as_bytes(std::span(header)));
  std::vector<std::byte> some(std::size_t{1} << 16);
  for (std::uint64_t at = header_.bytes; at < file_.size();) {
    auto const now =
        static_cast<std::size_t>(std::min<std::uint64_t>(some.size(), file_.size() - at));
    file_.read(at, std::span(some).first(now));
    crc = zip_crc(crc, std::span(some).first(now));
    at += now;
  }
  if (sum_text(crc) != found->second)
    refuse("its check sum is not that of its bytes", "it was changed or damaged");
}

}  // namespace retrace
