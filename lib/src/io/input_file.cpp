// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/io/input_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace retrace {
namespace {

[[noreturn]] void fail(std::string const& name, std::string_view reason) {
  throw Error(Fault::file, "cannot read " + name, reason);
}

[[noreturn]] void fail(std::string const& name, int error) {
  fail(name, std::generic_category().message(error));
}

}  // namespace

InputFile::InputFile(std::filesystem::path const& path) : name_(retrace::quoted(path.string())) {
  // Without O_NONBLOCK a pipe nobody writes to would hold us here before we can refuse it.
  file_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file_ < 0) fail(name_, errno);
  struct stat status {};
  int const error = ::fstat(file_, &status) == 0 ? 0 : errno;
  if (error == 0 && S_ISREG(status.st_mode)) {
    size_ = static_cast<std::uint64_t>(status.st_size);
    return;
  }
  ::close(file_);  // the destructor does not run after a throw
  if (error != 0) fail(name_, error);
  if (S_ISDIR(status.st_mode)) fail(name_, EISDIR);
  fail(name_, "it is not a regular file");
}

InputFile::~InputFile() { ::close(file_); }

void InputFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  constexpr std::size_t at_once = std::size_t{16} << 20;  // so that an interrupt is heeded soon
  while (!out.empty()) {
    throw_if_interrupted();
    auto const got =
        ::pread(file_, out.data(), std::min(out.size(), at_once), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(name_, errno);
    if (got == 0) refuse("it became shorter while it was read");
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

void InputFile::refuse(std::string_view reason, std::string_view suggestion) const {
  throw Error(Fault::file, "cannot use " + name_, reason, suggestion);
}

}  // namespace retrace
