// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/memory.hpp>
#include <retrace/io/npy_format.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

namespace retrace {
namespace {

static_assert(std::endian::native == std::endian::little, "the data of an .npy are little-endian");

template <class T>
void read_as(ByteSource& source, std::span<double> out) {
  std::array<T, 16'384> some;
  while (!out.empty()) {
    auto const now = std::min(out.size(), some.size());
    source.read(std::as_writable_bytes(std::span(some).first(now)));
    std::transform(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(now), out.begin(),
                   [](T value) { return static_cast<double>(value); });
    out = out.subspan(now);
  }
}

}  // namespace

void read_widened(ByteSource& source, NpyType type, std::span<double> out) {
  switch (type) {
    case NpyType::f4:
      return read_as<float>(source, out);
    case NpyType::f8:
      return source.read(std::as_writable_bytes(out));
    case NpyType::u1:
      return read_as<std::uint8_t>(source, out);
    case NpyType::i1:
      return read_as<std::int8_t>(source, out);
    case NpyType::u2:
      return read_as<std::uint16_t>(source, out);
    case NpyType::i2:
      return read_as<std::int16_t>(source, out);
    case NpyType::u4:
      return read_as<std::uint32_t>(source, out);
    case NpyType::i4:
      return read_as<std::int32_t>(source, out);
    case NpyType::u8:
      return read_as<std::uint64_t>(source, out);
    case NpyType::i8:
      return read_as<std::int64_t>(source, out);
  }
}

std::string nonfinite_entry(std::span<std::int64_t const> shape, std::size_t position,
                            double value) {
  std::vector<std::int64_t> index(shape.size());
  auto rest = static_cast<std::int64_t>(position);
  for (std::size_t i = index.size(); i-- > 0; rest /= shape[i]) index[i] = rest % shape[i];
  std::string where = "its entry " + bracketed(index);
  if (!index.empty())  // the row is the sample: next to the last, also in [k, n, d]
    where = "its row " + std::to_string(index[index.size() < 2 ? 0 : index.size() - 2]) +
            " (entry " + bracketed(index) + ", counted from 0)";
  return where + " is " + (std::isnan(value) ? "NaN" : value > 0 ? "infinite" : "-infinite");
}

std::vector<double> read_npy_values(ByteSource& source, NpyHeader const& header,
                                    NonFinite non_finite) {
  std::size_t const count = source.remaining() / size_of(header.type);
  require_memory("the " + std::to_string(count) + " numbers of " + source.name(),
                 count * sizeof(double));
  std::vector<double> values(count);
  read_widened(source, header.type, values);
  if (non_finite == NonFinite::refuse) {
    auto const bad =
        std::find_if(values.begin(), values.end(), [](double v) { return !std::isfinite(v); });
    if (bad != values.end())
      source.refuse(
          nonfinite_entry(header.shape, static_cast<std::size_t>(bad - values.begin()), *bad));
  }
  return values;
}

}  // namespace retrace
