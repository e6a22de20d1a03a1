// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/io/zip.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>

namespace retrace {
namespace {

std::string name_of(InputFile const& file, ZipMember const& member) {
  return "member " + retrace::quoted(member.name) + " of " + file.name();
}

class StoredSource final : public ZipMemberSource {
 public:
  StoredSource(InputFile const& file, ZipMember const& member)
      : ZipMemberSource(name_of(file, member), member.bytes),
        file_(file),
        offset_(member.data_offset),
        wanted_crc_(member.crc) {}

  void finish() override {
    if (remaining() != 0) refuse("it has trailing bytes");
    if (crc_ != wanted_crc_) refuse("its checksum is wrong");
  }

 private:
  void next(std::span<std::byte> out) override {
    file_.read(offset_, out);
    offset_ += out.size();
    crc_ = zip_crc(crc_, out);
  }

  InputFile const& file_;
  std::uint64_t offset_;
  std::uint32_t wanted_crc_, crc_ = 0;
};

class DeflatedSource final : public ZipMemberSource {
 public:
  DeflatedSource(InputFile const& file, ZipMember const& member)
      : ZipMemberSource(name_of(file, member), member.bytes),
        file_(file),
        offset_(member.data_offset),
        packed_left_(member.stored_bytes),
        wanted_crc_(member.crc) {
    if (::inflateInit2(&stream_, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~DeflatedSource() override { ::inflateEnd(&stream_); }

  void finish() override {
    if (remaining() != 0) refuse("it has trailing bytes");
    std::byte spare{};
    if (!ended_ && inflate_some({&spare, 1}) != 0) refuse("it unpacks to more bytes than it says");
    if (!ended_ || stream_.avail_in != 0 || packed_left_ != 0)
      refuse("its packed bytes do not end");
    if (crc_ != wanted_crc_) refuse("its checksum is wrong");
  }

 private:
  void next(std::span<std::byte> out) override {
    while (!out.empty()) {
      auto const got = inflate_some(out.first(std::min(out.size(), std::size_t{1} << 20)));
      if (got == 0) refuse("it unpacks to fewer bytes than it says");
      crc_ = zip_crc(crc_, out.first(got));
      out = out.subspan(got);
    }
  }

  /// Bytes written to `out`: 0 only at the end of the packed stream.
  std::size_t inflate_some(std::span<std::byte> out) {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    while (!ended_ && stream_.avail_out == out.size()) {
      if (stream_.avail_in == 0) refill();
      int const status = ::inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_MEM_ERROR) throw std::bad_alloc();
      if (status != Z_OK && status != Z_STREAM_END) refuse("its packed bytes are damaged");
      ended_ = status == Z_STREAM_END;
    }
    return out.size() - stream_.avail_out;
  }

  void refill() {
    auto const now = std::min<std::uint64_t>(packed_left_, packed_.size());
    if (now == 0) refuse("its packed bytes are cut off");
    file_.read(offset_, std::span(packed_).first(now));
    offset_ += now;
    packed_left_ -= now;
    stream_.next_in = reinterpret_cast<Bytef*>(packed_.data());
    stream_.avail_in = static_cast<uInt>(now);
  }

  InputFile const& file_;
  std::uint64_t offset_, packed_left_;
  std::uint32_t wanted_crc_, crc_ = 0;
  bool ended_ = false;
  z_stream stream_{};
  std::array<std::byte, 65'536> packed_;
};

}  // namespace

std::unique_ptr<ZipMemberSource> open_zip_member(InputFile const& file, ZipMember const& member) {
  if (member.method == ZipMember::Method::stored)
    return std::make_unique<StoredSource>(file, member);
  return std::make_unique<DeflatedSource>(file, member);
}

}  // namespace retrace
