// SPDX-License-Identifier: Apache-2.0
#include <retrace/io/npy_rows.hpp>

#include <algorithm>
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
  std::size_t const item = size_of(type_);
  FilePart part(file_, begin_ + position * item, out.size() * item);
  read_widened(part, type_, out);
  auto const bad = std::ranges::find_if(out, [](double v) { return !std::isfinite(v); });
  if (bad != out.end())
    file_.refuse(
        nonfinite_entry(shape_, position + static_cast<std::size_t>(bad - out.begin()), *bad));
}

}  // namespace retrace
