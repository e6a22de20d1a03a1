// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/io/atomic_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace retrace {
namespace {

// retrace::quoted is written in full in this room: for a std::string, ADL would find std::quoted as
// well.

enum class Manner { by_rename, directly };

[[noreturn]] void fail(std::filesystem::path const& path, int error,
                       std::string_view suggestion = {}) {
  throw Error(Fault::file, "cannot write " + retrace::quoted(path.string()),
              std::generic_category().message(error), suggestion);
}

std::filesystem::path folder_of(std::filesystem::path const& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

/// /dev/stdout, /dev/fd/1, /proc/self/fd/1: a rename there would replace the link that everybody
/// uses.
bool names_an_open_file(std::filesystem::path const& path) {
  std::error_code ignored;
  auto const folder = std::filesystem::canonical(folder_of(path), ignored).string();
  return folder == "/dev" || folder.starts_with("/proc/");
}

Manner manner_of(std::filesystem::path const& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    // A link that leads nowhere is replaced like any other.
    if (errno != ENOENT && errno != ELOOP) fail(path, errno);
    return Manner::by_rename;
  }
  if (S_ISDIR(status.st_mode)) fail(path, EISDIR);
  if (::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) fail(path, errno);
  if (!S_ISREG(status.st_mode)) return Manner::directly;
  bool const link = ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
  return link && names_an_open_file(path) ? Manner::directly : Manner::by_rename;
}

struct Temporary {
  std::string name;
  int file;
};

Temporary make_temporary(std::filesystem::path const& path) {
  if (!path.has_filename()) fail(path, path.empty() ? ENOENT : EISDIR);
  constexpr std::size_t longest = 200;  // of the 255 bytes that a name may have
  auto const shown = path.filename().string().substr(0, longest);
  std::string name = (path.parent_path() / ("." + shown + ".XXXXXX")).string();
  int const file = ::mkostemp(name.data(), O_CLOEXEC);
  if (file < 0)
    fail(path, errno,
         errno == ENOENT ? "make the folder " + retrace::quoted(folder_of(path).string()) + " first"
                         : "");
  return {std::move(name), file};
}

mode_t creation_mask() {
  std::ifstream status(
      "/proc/self/status");  // reading it by umask() would change it for all threads
  constexpr std::string_view key = "Umask:";
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key))
      return static_cast<mode_t>(std::strtoul(line.c_str() + key.size(), nullptr, 8));
  mode_t const mask = ::umask(077);
  ::umask(mask);
  return mask;
}

mode_t final_mode(std::filesystem::path const& path) {
  struct stat old {};
  if (::lstat(path.c_str(), &old) == 0 && S_ISREG(old.st_mode)) return old.st_mode & 0777;
  return 0666 & ~creation_mask();
}

int flushed(int file) {
  int result;
  do result = ::fsync(file);
  while (result != 0 && errno == EINTR);
  return result;
}

/// The new name survives a power failure only once its folder is on the disk.
void flush_folder(std::filesystem::path const& path) {
  int const folder = ::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;  // a folder may be writable and not readable: the file itself is complete
  int const error = flushed(folder) == 0 ? 0 : errno;
  ::close(folder);
  // Some file systems cannot flush folders and say so by EINVAL.
  if (error != 0 && error != EINVAL) fail(path, error);
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)) {
  if (manner_of(path_) == Manner::directly) {
    // Appending, so that `--out /dev/stdout >> file` keeps what the file has.
    file_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC);
    if (file_ < 0) fail(path_, errno);
  } else {
    auto [name, file] = make_temporary(path_);
    temporary_ = std::move(name);
    file_ = file;
  }
}

AtomicFile::~AtomicFile() {
  if (file_ >= 0) ::close(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(void const* data, std::size_t bytes) {
  assert(file_ >= 0);
  constexpr std::size_t at_once = std::size_t{16} << 20;  // so that an interrupt is heeded soon
  auto const* next = static_cast<char const*>(data);
  while (bytes > 0) {
    throw_if_interrupted();
    auto const written = ::write(file_, next, std::min(bytes, at_once));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(path_, written < 0 ? errno : EIO);
    next += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  assert(file_ >= 0);
  bool const renames = !temporary_.empty();
  if (renames && (::fchmod(file_, final_mode(path_)) != 0 || flushed(file_) != 0))
    fail(path_, errno);
  // Closed even where close() fails: a second try could hit a file of another thread.
  if (::close(std::exchange(file_, -1)) != 0 && errno != EINTR) fail(path_, errno);
  if (!renames) return;
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail(path_, errno);
  temporary_.clear();
  flush_folder(path_);
}

void check_writable(std::filesystem::path const& path) {
  if (manner_of(path) == Manner::directly) return;
  auto const [name, file] = make_temporary(path);
  ::close(file);
  ::unlink(name.c_str());
}

}  // namespace retrace
