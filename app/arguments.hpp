// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "words.hpp"

#include <retrace/core/options.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): not ours
class App;
class Option;
}  // namespace CLI

namespace retrace::app {

/// What stands in the help of a command besides its options.
struct About {
  std::string command;
  std::string summary;
  std::string notes{};                  ///< between the options and the examples
  std::vector<std::string> examples{};  ///< what follows `retrace COMMAND`; each runs as it stands
  std::vector<std::string> operands{};  ///< values of the one word that may follow the command
};

/// Thrown by Arguments::parse for --help.
struct HelpWanted {
  std::string text;
};

/// An option of a command: its name, and what the user gave. Numbers throw Error (argument) that
/// names the option and the allowed range.
class Given {
 public:
  Given(std::string name, std::string value, CLI::Option const* option)
      : name_(std::move(name)), value_(std::move(value)), option_(option) {}

  [[nodiscard]] explicit operator bool() const;
  [[nodiscard]] std::string const& name() const { return name_; }
  /// What was given; throws Error (argument) `--sde is missing`.
  [[nodiscard]] std::string const& text() const;
  [[nodiscard]] double real(Range range) const { return parse_real(name_, text(), range); }
  [[nodiscard]] std::vector<double> reals(Range range) const;
  [[nodiscard]] std::int64_t integer(
      std::int64_t low, std::int64_t high = std::numeric_limits<std::int64_t>::max()) const {
    return parse_integer(name_, text(), low, high);
  }
  [[nodiscard]] std::vector<std::int64_t> integers(std::int64_t low, std::int64_t high) const;
  [[nodiscard]] std::uint64_t seed() const { return parse_seed(name_, text()); }

 private:
  std::string name_, value_;
  CLI::Option const* option_;
};

/// The command line of one command: options are declared, then the words parsed.
class Arguments {
 public:
  explicit Arguments(About about);
  Arguments(Arguments const&) = delete;
  Arguments& operator=(Arguments const&) = delete;
  ~Arguments();

  /// An option that takes a value, shown as `--name VALUE`.
  [[nodiscard]] Given option(std::string const& name, std::string const& value,
                             std::string const& help);
  /// An option without a value.
  [[nodiscard]] Given flag(std::string const& name, std::string const& help);

  /// Throws Error (argument) for unknown and repeated options, missing values and words too many;
  /// HelpWanted for --help.
  void parse(Words const& words);

  [[nodiscard]] std::string const& operand() const { return operand_; }  ///< empty where not given
  [[nodiscard]] bool json() const { return static_cast<bool>(json_); }
  [[nodiscard]] bool quiet() const { return static_cast<bool>(quiet_); }
  [[nodiscard]] int threads() const { return thread_count_; }  ///< 0: the default

 private:
  void check_options(Words const& remaining) const;
  void take_operand();

  About about_;
  std::unique_ptr<CLI::App> cli_;
  std::vector<std::string> names_;
  Given json_, quiet_, threads_;
  std::string operand_;
  int thread_count_ = 0;
};

/// Throws Error (argument) where both are given.
void refuse_together(Given const& one, Given const& other, std::string_view reason);

}  // namespace retrace::app
