// SPDX-License-Identifier: Apache-2.0
#include "report_folder.hpp"

#include <retrace/core/error.hpp>
#include <retrace/io/atomic_file.hpp>

#include <system_error>
#include <utility>

namespace retrace::app {

ReportFolder::ReportFolder(std::filesystem::path path) : path_(std::move(path)) {
  try {
    make_missing();
    check_writable(path_ / "index.html");
  } catch (...) {
    for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) {
      std::error_code ignored;
      std::filesystem::remove(*folder, ignored);
    }
    throw;
  }
}

void ReportFolder::make_missing() {
  std::filesystem::path folder;
  for (auto const& part : path_) {
    folder /= part;
    std::error_code error;
    if (std::filesystem::create_directory(folder, error)) {
      made_.push_back(folder);
    } else if (error && !std::filesystem::is_directory(folder)) {
      throw Error(Fault::file, "cannot make the folder " + retrace::quoted(folder.string()),
                  error.message());
    }
  }
  if (std::error_code ignored; !std::filesystem::is_directory(path_, ignored))
    throw Error(Fault::file, "cannot make the folder " + retrace::quoted(path_.string()),
                "something else has that name");
}

ReportFolder::~ReportFolder() {
  std::error_code ignored;
  for (auto const& file : written_) std::filesystem::remove(file, ignored);
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder)
    std::filesystem::remove(*folder, ignored);  // an empty one only
}

void ReportFolder::write(std::string const& name, std::string_view bytes) {
  AtomicFile file(path_ / name);
  file.write(bytes.data(), bytes.size());
  file.commit();
  written_.push_back(path_ / name);
}

void ReportFolder::keep() {
  written_.clear();
  made_.clear();
}

}  // namespace retrace::app
