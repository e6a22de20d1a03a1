// SPDX-License-Identifier: Apache-2.0
#include "gnuplot.hpp"

#include "words.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/interrupt.hpp>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <vector>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the user

namespace retrace::app {
namespace {

[[noreturn]] void fail(int error, std::string_view problem = "cannot run gnuplot") {
  throw Error(Fault::file, problem, std::generic_category().message(error),
              "the pictures need it: install the package gnuplot-nox or gnuplot");
}

/// Without a name, so that nothing is left behind whatever happens.
class TemporaryFile {
 public:
  TemporaryFile() : file_(std::tmpfile(), &std::fclose) {
    if (!file_) fail(errno, "cannot make a temporary file for gnuplot");
  }
  [[nodiscard]] int descriptor() const { return ::fileno(file_.get()); }

  void fill(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() ||
        std::fflush(file_.get()) != 0)
      fail(errno, "cannot write a temporary file for gnuplot");
    std::rewind(file_.get());
  }

  [[nodiscard]] std::string content() const {
    std::string text;
    std::array<char, 65536> piece{};
    std::rewind(file_.get());
    while (std::size_t const n = std::fread(piece.data(), 1, piece.size(), file_.get()))
      text.append(piece.data(), n);
    return text;
  }

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

/// Runs gnuplot on files, not pipes: neither side can wait for the other.
std::string run(std::vector<std::string> arguments, std::string_view script) {
  TemporaryFile in, out, err;
  in.fill(script);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.descriptor(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out.descriptor(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err.descriptor(), STDERR_FILENO);
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  pid_t child = 0;
  int const error = ::posix_spawnp(&child, words.front(), &actions, nullptr, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail(error);

  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) fail(errno);
  throw_if_interrupted();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    constexpr std::size_t longest = 200;
    throw Error(Fault::file, "gnuplot failed", printable(err.content().substr(0, longest)));
  }
  return out.content();
}

}  // namespace

void require_gnuplot() { static_cast<void>(run({"gnuplot", "--version"}, "")); }

std::string gnuplot_png(std::string_view script) {
  std::string picture = run({"gnuplot", "-d"}, script);  // -d: without the user's own settings
  if (!picture.starts_with("\x89PNG"))
    throw Error(Fault::file, "gnuplot made no picture", "its terminal pngcairo may be missing",
                "install the package gnuplot-nox or gnuplot");
  return picture;
}

std::string gnuplot_string(std::string_view text) {
  std::string out = "'";
  for (char const c : printable(text)) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

}  // namespace retrace::app
