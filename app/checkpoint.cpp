// SPDX-License-Identifier: Apache-2.0
#include "checkpoint.hpp"

#include <retrace/core/error.hpp>
#include <retrace/io/npz.hpp>

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <vector>

namespace retrace::app {
namespace {

constexpr char const* run_name = "run";

Json parsed(std::string const& path, std::vector<double> const& bytes) {
  std::string text;
  for (double const byte : bytes) text += static_cast<char>(static_cast<unsigned char>(byte));
  Json run = Json::parse(text, nullptr, false);
  if (!run.is_object())
    throw Error(Fault::file, retrace::quoted(path) + " is no checkpoint",
                "its array run does not say of which run it is");
  return run;
}

}  // namespace

std::optional<Checkpoint> read_checkpoint(std::string const& path) {
  if (!std::filesystem::exists(path)) return {};
  auto const arrays = read_npz(path);
  auto const run = arrays.find(run_name);
  if (run == arrays.end())
    throw Error(Fault::file, retrace::quoted(path) + " is no checkpoint", "it has no array run");
  Checkpoint checkpoint{.run = parsed(path, run->second.values), .columns = {}};
  for (auto const& [name, array] : arrays)
    if (name != run_name)
      checkpoint.columns.add(name, array.values, array.shape.size() == 2 ? array.shape[1] : 0);
  return checkpoint;
}

void write_checkpoint(std::string const& path, Checkpoint const& checkpoint) {
  std::string const text = json_text(checkpoint.run);
  std::vector<double> bytes;
  for (char const c : text) bytes.push_back(static_cast<unsigned char>(c));
  std::vector<NpzEntry> entries{
      {run_name, {static_cast<std::int64_t>(bytes.size())}, bytes.data()}};
  for (auto const& [name, width, values] : checkpoint.columns.all()) {
    auto const size = static_cast<std::int64_t>(values.size());
    entries.push_back(
        {name, width == 0 ? std::vector{size} : std::vector{size / width, width}, values.data()});
  }
  write_npz(path, entries);
}

void require_same_run(std::string const& path, Json const& saved, Json const& run) {
  for (auto const& [field, value] : run.items()) {
    Json const before = saved.contains(field) ? saved[field] : Json();
    if (before != value)
      throw Error(Fault::argument,
                  "--checkpoint " + retrace::quoted(path) + " is that of another run",
                  field + " was " + json_text(before) + " and is " + json_text(value),
                  "give what was given then, or another file");
  }
}

std::string digest_of(std::span<double const> numbers) {
  constexpr std::uint64_t offset = 0xcbf29ce484222325, prime = 0x100000001b3;
  std::uint64_t hash = offset;
  for (std::byte const byte : std::as_bytes(numbers))
    hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * prime;
  constexpr std::size_t digits = 17;
  char text[digits];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace retrace::app
