// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/runtime.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>

namespace retrace::app {
namespace {

std::string footer_of(About const& about) {
  std::string text = about.notes;
  if (!text.empty()) text += '\n';
  text += "Example:";
  for (std::string const& example : about.examples)
    text += "\n  retrace " + about.command + (example.empty() ? "" : " ") + example;
  return text;
}

/// `--name=` as two words: CLI11 would take the next word for the value.
Words with_empty_values(Words const& words) {
  Words out;
  for (std::string const& word : words) {
    if (word.starts_with("--") && word.size() > 3 && word.find('=') == word.size() - 1) {
      out.push_back(word.substr(0, word.size() - 1));
      out.emplace_back();
    } else {
      out.push_back(word);
    }
  }
  return out;
}

std::vector<std::string_view> views_of(std::vector<std::string> const& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace

Given::operator bool() const { return option_->count() > 0; }

std::string const& Given::text() const {
  if (option_->count() == 0)
    throw Error(Fault::argument, name_ + " is missing", "give " + name_ + " " + value_);
  return option_->results().front();
}

std::vector<double> Given::reals(Range range) const {
  std::vector<double> values;
  for (std::string const& piece : split_at_commas(text()))
    values.push_back(parse_real(name_, piece, range));
  return values;
}

std::vector<std::int64_t> Given::integers(std::int64_t low, std::int64_t high) const {
  std::vector<std::int64_t> values;
  for (std::string const& piece : split_at_commas(text()))
    values.push_back(parse_integer(name_, piece, low, high));
  return values;
}

Arguments::Arguments(About about)
    : about_(std::move(about)),
      cli_(std::make_unique<CLI::App>(about_.summary, "retrace " + about_.command)),
      names_{"--help"},
      json_(flag("--json", "print one JSON object")),
      quiet_(flag("--quiet", "print no text and no progress bar")),
      threads_(option("--threads", "N",
                      "threads to use (default: what OMP_NUM_THREADS says, else all)")) {
  constexpr std::size_t width = 28;
  cli_->get_formatter()->column_width(width);
  cli_->set_help_flag("-h,--help", "print this help");
  cli_->allow_extras();
  cli_->footer(footer_of(about_));
}

Arguments::~Arguments() = default;

Given Arguments::option(std::string const& name, std::string const& value,
                        std::string const& help) {
  names_.push_back(name);
  auto* const option = cli_->add_option(name, CLI::callback_t(), help)
                           ->option_text(value)
                           ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return {name, value, option};
}

Given Arguments::flag(std::string const& name, std::string const& help) {
  names_.push_back(name);
  return {name, "", cli_->add_flag(name, help)};
}

void Arguments::parse(Words const& words) {
  Words const all = with_empty_values(words);
  try {
    cli_->parse(Words(all.rbegin(), all.rend()));
  } catch (CLI::CallForHelp const&) {
    throw HelpWanted{cli_->help()};
  } catch (CLI::ParseError const& error) {
    if (!all.empty() && std::find(names_.begin(), names_.end(), all.back()) != names_.end())
      throw Error(Fault::argument, all.back() + " has no value");
    throw Error(Fault::argument, printable(error.what()));
  }
  check_options(cli_->remaining());
  take_operand();
  if (threads_) {
    constexpr std::int64_t most = Runtime::max_threads;
    thread_count_ = static_cast<int>(threads_.integer(1, most));
  }
}

void Arguments::check_options(Words const& remaining) const {
  for (CLI::Option const* option : cli_->get_options()) {
    auto const& values = option->results();
    std::string const name = option->get_name();
    if (option->get_items_expected_max() == 0) {
      if (std::any_of(values.begin(), values.end(), [](auto const& v) { return v != "true"; }))
        throw Error(Fault::argument, name + " takes no value");
      continue;
    }
    for (std::string const& value : values)
      if (std::find(names_.begin(), names_.end(), value.substr(0, value.find('='))) != names_.end())
        throw Error(Fault::argument, name + " has no value",
                    "the word after it is the option " + retrace::quoted(value));
    if (values.size() > 1) throw Error(Fault::argument, name + " is given twice");
  }
  for (std::string const& word : remaining)
    if (word.starts_with('-') && word.find_first_not_of('-') != std::string::npos)
      throw_unknown("option", word.substr(0, word.find('=')), views_of(names_));
}

void Arguments::take_operand() {
  Words const words = cli_->remaining();
  std::size_t const taken = about_.operands.empty() ? 0 : 1;
  if (words.size() > taken)
    throw Error(Fault::argument, "unexpected word " + retrace::quoted(words[taken]),
                taken > 0 ? about_.command + " takes one word" : "options start with --",
                "see retrace " + about_.command + " --help");
  if (!words.empty()) operand_ = words.front();
}

void refuse_together(Given const& one, Given const& other, std::string_view reason) {
  if (one && other)
    throw Error(Fault::argument, one.name() + " and " + other.name() + " exclude each other",
                reason);
}

}  // namespace retrace::app
