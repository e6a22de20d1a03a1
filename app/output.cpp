// SPDX-License-Identifier: Apache-2.0
#include "output.hpp"

#include "arguments.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/io/atomic_file.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace retrace::app {

void print(std::string_view text) {
  while (!text.empty()) {
    throw_if_interrupted();
    ssize_t const written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0)
      throw Error(Fault::file, "cannot write standard output",
                  std::generic_category().message(written < 0 ? errno : EIO));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

namespace {

/// Whether `path` is where standard output goes, a file or a pipe.
bool is_standard_output(std::filesystem::path const& path) {
  struct stat file {};
  struct stat out {};
  return ::stat(path.c_str(), &file) == 0 && ::fstat(STDOUT_FILENO, &out) == 0 &&
         file.st_dev == out.st_dev && file.st_ino == out.st_ino && !S_ISCHR(out.st_mode);
}

}  // namespace

Outlet::Outlet(Arguments const& arguments, std::filesystem::path const& out) {
  bool const shared = is_standard_output(out);
  if (shared && arguments.json())
    throw Error(Fault::argument, "--out and --json both write to standard output",
                "only one of them can");
  check_writable(out);
  place_ = arguments.quiet() ? Place::nowhere : shared ? Place::error : Place::output;
}

void Outlet::say(std::string_view text) const {
  if (place_ == Place::output) print(text);
  if (place_ == Place::error) std::fwrite(text.data(), 1, text.size(), stderr);
}

Written::~Written() {
  std::error_code ignored;
  if (!path_.empty() &&
      std::filesystem::symlink_status(path_, ignored).type() == std::filesystem::file_type::regular)
    std::filesystem::remove(path_, ignored);
}

}  // namespace retrace::app
