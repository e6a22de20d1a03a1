// SPDX-License-Identifier: Apache-2.0
#include <retrace/io/npy_rows.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace retrace {

NpyRows::NpyRows(std::filesystem::path const& path) : file_(path) {
  WholeFile source(file_);
  NpyHeader header = read_npy_header(source);
  if (header.shape.size() != 2 || header.shape[1] < 1)
    file_.refuse("its shape is " + bracketed(header.shape), "wanted is [n, d] with d >= 1");
  begin_ = file_.size() - source.remaining();
  type_ = header.type;
  shape_ = std::move(header.shape);
}

void NpyRows::read(std::int64_t first, std::span<double> out) const {
  auto const position = static_cast<std::size_t>(first * columns());
  std::uint64_t at = begin_ + position * size_of(type_);
  if (type_ == NpyType::f8) {
    file_.read(at, std::as_writable_bytes(out));
  } else {
    std::array<float, 4096> some;
    for (std::size_t done = 0; done < out.size();) {
      std::size_t const now = std::min(out.size() - done, some.size());
      file_.read(at, std::as_writable_bytes(std::span(some).first(now)));
      std::copy_n(some.begin(), now, out.begin() + static_cast<std::ptrdiff_t>(done));
      done += now;
      at += now * sizeof(float);
    }
  }
  auto const bad = std::ranges::find_if(out, [](double v) { return !std::isfinite(v); });
  if (bad != out.end())
    file_.refuse(
        nonfinite_entry(shape_, position + static_cast<std::size_t>(bad - out.begin()), *bad));
}

}  // namespace retrace
