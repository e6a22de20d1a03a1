// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/io/npy_format.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>

namespace retrace {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t most_header_bytes = 10'000;  // NumPy's limit
constexpr std::size_t most_dimensions = 8;
constexpr std::string_view wanted_floats = "wanted are '<f4' and '<f8' (float32, float64)";
constexpr std::string_view wanted_numbers =
    "wanted are '<i4', '<i8', '|u1' (int32, int64, uint8), '<f4' and '<f8'";

/// The subset of Python's literals that NumPy writes: one dict, strings without escapes, True,
/// False, a tuple of whole numbers; no other space than ' '.
class DictReader {
 public:
  DictReader(std::string_view text, ByteSource const& source, NpyTypes types)
      : text_(text), source_(source), types_(types) {}

  NpyHeader read() {
    expect('{');
    while (!take('}')) {
      read_entry();
      if (take('}')) break;
      expect(',');
    }
    take_spaces();
    if (text_.substr(at_) != "\n") refuse("does not end in a newline after its dict");
    if (!type_ || !order_ || !shape_) refuse("lacks one of the keys descr, fortran_order, shape");
    return {*type_, *shape_};
  }

 private:
  [[noreturn]] void refuse(std::string_view reason) const {
    source_.refuse("its header " + std::string(reason));
  }

  void take_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  /// After spaces, `c` if it is next.
  bool take(char c) {
    take_spaces();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!take(c))
      refuse("is no dict as NumPy writes it: '" + std::string(1, c) + "' is missing at its byte " +
             std::to_string(at_));
  }

  bool take_word(std::string_view word) {
    take_spaces();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::optional<std::string_view> take_string() {
    for (char quote : {'\'', '"'}) {
      if (!take(quote)) continue;
      auto const end = text_.find(quote, at_);
      if (end == std::string_view::npos) refuse("has a string without an end");
      auto const string = text_.substr(at_, end - at_);
      if (string.find('\\') != std::string_view::npos) refuse("has a string with a backslash");
      at_ = end + 1;
      return string;
    }
    return {};
  }

  void read_entry() {
    auto const key = take_string();
    if (!key) refuse("has a key that is no string");
    expect(':');
    if (*key == "descr") {
      once(type_, *key) = read_type();
    } else if (*key == "fortran_order") {
      once(order_, *key) = read_order();
    } else if (*key == "shape") {
      once(shape_, *key) = read_shape();
    } else {
      refuse("has a key " + retrace::quoted(*key));
    }
  }

  template <class T>
  std::optional<T>& once(std::optional<T>& value, std::string_view key) const {
    if (value) refuse("has the key " + retrace::quoted(key) + " twice");
    return value;
  }

  NpyType read_type() {
    auto const type = take_string();
    bool const all = types_ == NpyTypes::all;
    std::string_view const wanted = all ? wanted_numbers : wanted_floats;
    if (!type) source_.refuse("its dtype is structured or no string", wanted);
    if (*type == "<f4") return NpyType::f4;
    if (*type == "<f8") return NpyType::f8;
    if (all && *type == "<i4") return NpyType::i4;
    if (all && *type == "<i8") return NpyType::i8;
    if (all && *type == "|u1") return NpyType::u1;
    source_.refuse("its dtype is " + retrace::quoted(*type), wanted);
  }

  bool read_order() {
    if (take_word("False")) return false;
    if (!take_word("True")) refuse("has a fortran_order that is neither True nor False");
    source_.refuse("it is in Fortran order", "save numpy.ascontiguousarray of it");
  }

  std::vector<std::int64_t> read_shape() {
    std::vector<std::int64_t> shape;
    if (!take('(')) refuse_shape();
    while (!take(')')) {
      if (shape.size() == most_dimensions) refuse("has a shape of more than 8 dimensions");
      shape.push_back(read_number());
      bool const comma = take(',');
      if (!comma && (shape.size() == 1 || !take(')'))) refuse_shape();  // (3) is no tuple
      if (!comma) break;
    }
    return shape;
  }

  std::int64_t read_number() {
    take_spaces();
    auto const digits = text_.substr(at_, text_.find_first_not_of("0123456789", at_) - at_);
    if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) refuse_shape();
    std::int64_t number = 0;
    for (char c : digits)
      if (__builtin_mul_overflow(number, 10, &number) ||
          __builtin_add_overflow(number, c - '0', &number))
        refuse("has a shape that overflows");
    at_ += digits.size();
    return number;
  }

  [[noreturn]] void refuse_shape() const {
    refuse("has a shape that is no tuple of whole numbers >= 0");
  }

  std::string_view text_;
  ByteSource const& source_;
  NpyTypes types_;
  std::size_t at_ = 0;
  std::optional<NpyType> type_;
  std::optional<bool> order_;
  std::optional<std::vector<std::int64_t>> shape_;
};

/// A zero counts as one, so that (0, 2^62) is an overflow whatever the order of the factors.
void check_size(ByteSource const& source, NpyHeader const& header) {
  auto bytes = static_cast<std::int64_t>(item_size(header.type));
  for (std::int64_t n : header.shape)
    if (__builtin_mul_overflow(bytes, std::max(n, std::int64_t{1}), &bytes))
      source.refuse("its shape " + bracketed(header.shape) + " overflows");
  if (std::find(header.shape.begin(), header.shape.end(), 0) != header.shape.end()) bytes = 0;
  auto const wanted = static_cast<std::uint64_t>(bytes);
  if (source.remaining() != wanted)
    source.refuse(source.remaining() < wanted ? "it is cut off" : "it has trailing bytes",
                  "its shape " + bracketed(header.shape) + " needs " + std::to_string(wanted) +
                      " bytes of data, it has " + std::to_string(source.remaining()));
}

std::uint64_t read_little_endian(ByteSource& source, std::size_t bytes) {
  std::array<std::byte, 8> raw{};
  source.read(std::span(raw).first(bytes));
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(raw[i]);
  return value;
}

}  // namespace

std::size_t item_size(NpyType type) {
  switch (type) {
    case NpyType::u1:
      return 1;
    case NpyType::f4:
    case NpyType::i4:
      return 4;
    case NpyType::f8:
    case NpyType::i8:
      break;
  }
  return 8;
}

std::string bracketed(std::span<std::int64_t const> numbers) {
  std::string text = "[";
  for (std::int64_t n : numbers) text.append(text.size() > 1 ? ", " : "").append(std::to_string(n));
  return text + "]";
}

std::string format_npy_header(NpyType type, std::span<std::int64_t const> shape) {
  assert(shape.size() <= most_dimensions);
  assert(std::all_of(shape.begin(), shape.end(), [](std::int64_t n) { return n >= 0; }));
  std::string tuple = bracketed(shape);
  tuple.front() = '(';
  tuple.back() = ')';
  if (shape.size() == 1) tuple.insert(tuple.size() - 1, ",");
  std::string dict = std::string("{'descr': '") + (type == NpyType::f4 ? "<f4" : "<f8") +
                     "', 'fortran_order': False, 'shape': " + tuple + ", }";
  std::size_t const before = magic.size() + 4;
  dict.append(63 - (before + dict.size()) % 64, ' ').push_back('\n');
  std::string header(magic);
  header.append(
      {'\1', '\0', static_cast<char>(dict.size() & 0xff), static_cast<char>(dict.size() >> 8)});
  return header + dict;
}

NpyHeader read_npy_header(ByteSource& source, NpyTypes types) {
  if (source.remaining() < magic.size() + 4) source.refuse("it is too short for an .npy file");
  std::array<char, magic.size()> start{};
  source.read(std::as_writable_bytes(std::span(start)));
  if (std::string_view(start.data(), start.size()) != magic)
    source.refuse("it is no .npy file: its first bytes are others");
  auto const major = read_little_endian(source, 1), minor = read_little_endian(source, 1);
  if ((major != 1 && major != 2) || minor != 0)
    source.refuse("its .npy version is " + std::to_string(major) + "." + std::to_string(minor),
                  "versions 1.0 and 2.0 are read");
  auto const length = read_little_endian(source, major == 1 ? 2 : 4);
  if (length > most_header_bytes || length > source.remaining())
    source.refuse("its header claims " + std::to_string(length) + " bytes",
                  length > source.remaining() ? "the file is shorter" : "the limit is 10000");
  std::string text(length, '\0');
  source.read(std::as_writable_bytes(std::span(text)));
  NpyHeader header = DictReader(text, source, types).read();
  check_size(source, header);
  return header;
}

}  // namespace retrace
