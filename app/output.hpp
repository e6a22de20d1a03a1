// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace retrace::app {

class Arguments;

/// Writes all of it to standard output, or throws Error (file).
void print(std::string_view text);

/// The output file of a command and the text for people beside it.
class Outlet {
 public:
  /// Refuses a path that cannot be written, and one that is standard output (`--out /dev/stdout >
  /// x.npy`) together with --json.
  Outlet(Arguments const& arguments, std::filesystem::path const& out);
  /// Prints to standard output, or to standard error where the file goes there. Nothing if --quiet.
  void say(std::string_view text) const;

 private:
  enum class Place { nowhere, output, error } place_;
};

/// A file that a command has written: goes away again unless the command succeeds to its end.
class Written {
 public:
  explicit Written(std::filesystem::path path) : path_(std::move(path)) {}
  Written(Written const&) = delete;
  Written& operator=(Written const&) = delete;
  ~Written();
  void keep() { path_.clear(); }

 private:
  std::filesystem::path path_;
};

}  // namespace retrace::app
