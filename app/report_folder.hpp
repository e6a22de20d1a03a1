// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace retrace::app {

/// The folder of a report. Without keep() it leaves nothing behind: neither the files it wrote nor
/// the folders it made.
class ReportFolder {
 public:
  /// Makes what is missing, parents too. Throws Error (file) where nothing can be written there.
  explicit ReportFolder(std::filesystem::path path);
  ReportFolder(ReportFolder const&) = delete;
  ReportFolder& operator=(ReportFolder const&) = delete;
  ~ReportFolder();

  /// A file in it, complete or not at all.
  void write(std::string const& name, std::string_view bytes);
  void keep();

 private:
  void make_missing();

  std::filesystem::path path_;
  std::vector<std::filesystem::path> made_, written_;
};

}  // namespace retrace::app
