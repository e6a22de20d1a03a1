// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/io/byte_source.hpp>

namespace retrace {

void ByteSource::read(std::span<std::byte> out) {
  if (out.size() > remaining_) refuse("it ends too early");
  next(out);
  remaining_ -= out.size();
}

void ByteSource::refuse(std::string_view reason, std::string_view suggestion) const {
  throw Error(Fault::file, "cannot use " + name_, reason, suggestion);
}

}  // namespace retrace
