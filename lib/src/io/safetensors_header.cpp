// SPDX-License-Identifier: Apache-2.0
#include "safetensors_format.hpp"

#include <retrace/core/error.hpp>
#include <retrace/io/npy_format.hpp>
#include <retrace/io/safetensors.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>
#include <set>
#include <utility>

namespace retrace {
namespace {

using namespace safetensors;
using Json = nlohmann::json;

constexpr std::size_t most_tensors = std::size_t{1} << 20;
constexpr std::size_t longest_name = 4096;
constexpr std::size_t most_tensor_dimensions = 8;

/// The only values that a header may have at each place: a state machine on the events of the
/// parser, which is not recursive. Whatever does not fit is refused as it comes, so that nesting
/// needs no limit of its own.
class HeaderEvents final : public nlohmann::json_sax<Json> {
 public:
  HeaderEvents(ByteSource const& source, SafetensorsHeader& header)
      : source_(source), header_(header) {}

  bool null() override { misplaced("null"); }
  bool boolean(bool) override { misplaced("a truth value"); }
  bool number_integer(number_integer_t) override { misplaced("a negative number"); }
  bool number_float(number_float_t, string_t const&) override {
    misplaced("a number that is not whole, or 2^64 and more");
  }
  bool binary(binary_t&) override { misplaced("bytes"); }

  bool number_unsigned(number_unsigned_t number) override {
    if (place_ == Place::offsets && field_numbers_ < 2) {
      (field_numbers_++ == 0 ? tensor_->begin : tensor_->end) = number;
      return true;
    }
    if (place_ != Place::shape) misplaced("a number");
    if (number > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
      refuse("has a shape with " + std::to_string(number), "its size overflows");
    if (++field_numbers_ > most_tensor_dimensions)
      refuse("has more than " + std::to_string(most_tensor_dimensions) + " dimensions");
    tensor_->shape.push_back(static_cast<std::int64_t>(number));
    return true;
  }

  bool string(string_t& text) override {
    if (place_ == Place::metadata) {
      header_.metadata[key_] = std::move(text);
      return true;
    }
    if (place_ != Place::tensor || key_ != "dtype") misplaced("a text");
    if (item_bytes(text) == 0)
      refuse("has the dtype " + retrace::quoted(text), "wanted is one of " + all_types());
    tensor_->type = std::move(text);
    return true;
  }

  bool key(string_t& key) override {
    check_name(key);
    switch (place_) {
      case Place::top:
        name_ = key;
        if (header_.tensors.contains(key) || (key == metadata_key && metadata_seen_))
          source_.refuse("it has " + retrace::quoted(key) + " twice");
        break;
      case Place::tensor:
        if (std::find(fields.begin(), fields.end(), key) == fields.end())
          refuse("has a field " + retrace::quoted(key), "wanted are dtype, shape and data_offsets");
        if (!fields_seen_.insert(key).second) refuse("has the field " + key + " twice");
        break;
      case Place::metadata:
        if (header_.metadata.contains(key))
          source_.refuse("its __metadata__ has " + retrace::quoted(key) + " twice");
        break;
      default:
        break;
    }
    key_ = std::move(key);
    return true;
  }

  bool start_object(std::size_t) override {
    switch (place_) {
      case Place::outside:
        place_ = Place::top;
        return true;
      case Place::top:
        if (key_ == metadata_key) {
          place_ = Place::metadata;
          metadata_seen_ = true;
          return true;
        }
        if (header_.tensors.size() == most_tensors)
          source_.refuse("it has more than " + std::to_string(most_tensors) + " tensors");
        tensor_ = &header_.tensors[key_];
        fields_seen_.clear();
        place_ = Place::tensor;
        return true;
      default:
        misplaced("an object");
    }
  }

  bool end_object() override {
    if (place_ == Place::tensor) {
      for (auto const field : fields)
        if (!fields_seen_.contains(field)) refuse("has no " + std::string(field));
    }
    place_ = place_ == Place::top ? Place::outside : Place::top;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::tensor || key_ == "dtype") misplaced("a list");
    place_ = key_ == "shape" ? Place::shape : Place::offsets;
    field_numbers_ = 0;
    return true;
  }

  bool end_array() override {
    if (place_ == Place::offsets && field_numbers_ != 2)
      refuse("has data_offsets that are not two numbers");
    place_ = Place::tensor;
    return true;
  }

  bool parse_error(std::size_t byte, std::string const&,
                   nlohmann::detail::exception const&) override {
    source_.refuse("its header is no JSON at byte " + std::to_string(byte));
  }

 private:
  enum class Place { outside, top, tensor, shape, offsets, metadata };
  static constexpr std::string_view metadata_key = "__metadata__";
  static constexpr std::array<std::string_view, 3> fields{"dtype", "shape", "data_offsets"};

  void check_name(std::string const& name) const {
    if (name.size() > longest_name)
      source_.refuse("a name in it is " + std::to_string(name.size()) + " bytes long",
                     "the limit is " + std::to_string(longest_name));
    if (name.find('\0') != std::string::npos)
      source_.refuse("the name " + retrace::quoted(name) + " in it has a NUL");
  }

  [[noreturn]] void refuse(std::string const& what, std::string_view wanted = {}) const {
    source_.refuse("its tensor " + retrace::quoted(name_) + " " + what, wanted);
  }

  [[noreturn]] void misplaced(std::string_view found) const {
    std::string const it = std::string(found);
    switch (place_) {
      case Place::outside:
        source_.refuse("its header is " + it, "wanted is an object");
      case Place::top:
        if (key_ == metadata_key)
          source_.refuse("its __metadata__ is " + it, "wanted is an object of texts");
        refuse("is " + it, "wanted is an object");
      case Place::metadata:
        source_.refuse("its __metadata__ has " + it + " as " + retrace::quoted(key_),
                       "wanted is a text");
      case Place::shape:
      case Place::offsets:
        refuse("has " + it + " in " + key_, "wanted are whole numbers");
      case Place::tensor:
        break;
    }
    refuse("has " + it + " as " + key_,
           key_ == "dtype" ? "wanted is a text" : "wanted is a list of whole numbers");
  }

  ByteSource const& source_;
  SafetensorsHeader& header_;
  Place place_ = Place::outside;
  std::string key_, name_;
  TensorEntry* tensor_ = nullptr;
  std::set<std::string, std::less<>> fields_seen_;
  std::size_t field_numbers_ = 0;
  bool metadata_seen_ = false;
};

/// The bytes that shape and dtype need; refuses what overflows. A factor 0 does not excuse others.
std::uint64_t bytes_of(ByteSource const& source, std::string const& name,
                       TensorEntry const& tensor) {
  std::uint64_t bytes = item_bytes(tensor.type);
  bool empty = false;
  for (std::int64_t const size : tensor.shape) {
    empty |= size == 0;
    if (__builtin_mul_overflow(bytes, std::max<std::uint64_t>(1, static_cast<std::uint64_t>(size)),
                               &bytes))
      source.refuse("the shape " + bracketed(tensor.shape) + " of its tensor " +
                    retrace::quoted(name) + " overflows");
  }
  return empty ? 0 : bytes;
}

void check_layout(ByteSource const& source, SafetensorsHeader const& header) {
  using Named = std::pair<std::string const, TensorEntry>;
  std::vector<Named const*> order;
  for (Named const& named : header.tensors) order.push_back(&named);
  std::sort(order.begin(), order.end(), [](Named const* a, Named const* b) {
    return std::pair(a->second.begin, a->second.end) < std::pair(b->second.begin, b->second.end);
  });
  std::uint64_t reached = 0;
  for (Named const* const named : order) {
    auto const& [name, tensor] = *named;
    std::string const offsets =
        "[" + std::to_string(tensor.begin) + ", " + std::to_string(tensor.end) + "]";
    std::string const its = "its tensor " + retrace::quoted(name) + " has data_offsets " + offsets;
    if (tensor.end < tensor.begin) source.refuse(its, "they are reversed");
    if (tensor.end > source.remaining())
      source.refuse(its, "the file has " + std::to_string(source.remaining()) + " bytes of data");
    if (tensor.begin != reached)
      source.refuse(its, std::string(tensor.begin < reached ? "they overlap" : "there is a gap") +
                             ": expected is " + std::to_string(reached));
    std::uint64_t const needed = bytes_of(source, name, tensor);
    if (needed != tensor.end - tensor.begin)
      source.refuse(its, "shape " + bracketed(tensor.shape) + " of " + tensor.type + " needs " +
                             std::to_string(needed) + " bytes, found are " +
                             std::to_string(tensor.end - tensor.begin));
    reached = tensor.end;
  }
  if (reached != source.remaining())
    source.refuse("its tensors end at byte " + std::to_string(reached) + " of the data",
                  "the file has " + std::to_string(source.remaining()));
}

}  // namespace

SafetensorsHeader read_safetensors_header(ByteSource& source) {
  if (source.remaining() < length_bytes)
    source.refuse("it is too short to be safetensors: it has " +
                  std::to_string(source.remaining()) + " bytes");
  static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");
  std::uint64_t length = 0;
  source.read(std::as_writable_bytes(std::span(&length, 1)));
  if (length > longest_header || length > source.remaining() || length < 2)
    source.refuse("its header would be " + std::to_string(length) + " bytes long",
                  length > source.remaining()
                      ? "the file has " + std::to_string(source.remaining()) + " bytes more"
                      : "the least is 2, the limit is " + std::to_string(longest_header));
  std::string text(length, '\0');
  source.read(std::as_writable_bytes(std::span(text)));
  if (text.front() != '{') source.refuse("its header does not begin with {");
  // The library takes NUL for the end and would ignore what follows.
  if (text.find('\0') != std::string::npos) source.refuse("its header has a NUL byte");
  SafetensorsHeader header;
  header.bytes = length_bytes + length;
  HeaderEvents events(source, header);
  Json::sax_parse(text, &events);
  check_layout(source, header);
  return header;
}

}  // namespace retrace
