// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/io/input_file.hpp>
#include <retrace/io/json_file.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retrace {
namespace {

constexpr std::uint64_t most_bytes = std::uint64_t{64} << 20;
constexpr std::size_t most_levels = 8;
constexpr std::size_t most_values = std::size_t{1} << 22;  // keeps the memory below 0.5 GiB

std::string position_of(std::string_view text, std::size_t byte) {
  auto const before = text.substr(0, byte > 0 ? byte - 1 : 0);
  auto const lines = std::count(before.begin(), before.end(), '\n');
  auto const column = before.size() - (lines == 0 ? 0 : before.rfind('\n') + 1) + 1;
  return "line " + std::to_string(lines + 1) + ", column " + std::to_string(column);
}

/// `[json.exception...] parse error at line 1, column 2: syntax error while parsing value - WHAT;
/// last read: ...`. The rest is text from the file, of any length.
std::string_view complaint_of(std::string_view what) {
  if (what.find("[json.exception.out_of_range") == 0) return "a number is out of range";
  what = what.substr(0, what.find("; last read"));
  if (auto const dash = what.find(" - "); dash != std::string_view::npos)
    return what.substr(dash + 3);
  return "it is no JSON";
}

/// Refuses while the parser, which is not recursive, reads on: nothing is built yet.
class Checks final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Checks(InputFile const& file, std::string_view text) : file_(file), text_(text) {}

  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, string_t const&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return count(); }
  bool start_object(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_array() override { return close(); }

  bool key(string_t& key) override {
    if (!keys_.back().insert(key).second)
      file_.refuse("it has the key " + retrace::quoted(key) + " twice");
    return true;
  }

  bool parse_error(std::size_t byte, std::string const&,
                   nlohmann::detail::exception const& error) override {
    file_.refuse(position_of(text_, byte) + ": " + std::string(complaint_of(error.what())));
  }

 private:
  bool count() {
    if (++values_ > most_values)
      file_.refuse("it has more than " + std::to_string(most_values) + " values");
    return true;
  }

  bool open() {
    if (keys_.size() == most_levels) file_.refuse("it is nested deeper than 8 levels");
    keys_.emplace_back();
    return count();
  }

  bool close() {
    keys_.pop_back();
    return true;
  }

  InputFile const& file_;
  std::string_view text_;
  std::vector<std::set<std::string>> keys_;  // of the objects (and, empty, arrays) we are in
  std::size_t values_ = 0;
};

}  // namespace

nlohmann::json read_json(std::filesystem::path const& path) {
  InputFile const file(path);
  if (file.size() > most_bytes)
    file.refuse("it is " + std::to_string(file.size()) + " bytes long", "the limit is 64 MiB");
  std::string text(file.size(), '\0');
  file.read(0, std::as_writable_bytes(std::span(text)));
  // The library takes NUL for the end and would ignore what follows.
  if (auto const nul = text.find('\0'); nul != std::string::npos)
    file.refuse(position_of(text, nul + 1) + ": a NUL byte");
  Checks checks(file, text);
  nlohmann::json::sax_parse(text, &checks);
  return nlohmann::json::parse(text);
}

}  // namespace retrace
