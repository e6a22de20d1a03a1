// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <io/support/files.hpp>
#include <nlohmann/json.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

extern char** environ;

namespace retrace::test {

/// What a run of the command left: exit status (128 + signal where one killed it), and its texts.
struct Outcome {
  int status = -1;
  std::string out, err;

  [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(out); }
};

using Line = std::vector<std::string>;

/// The words of a line, apart at blanks.
inline Line words_of(std::string const& line) {
  std::istringstream stream(line);
  Line words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// The command, running in `folder`; its output goes to files, so nothing waits for a reader.
class Running {
 public:
  Running(std::filesystem::path const& folder, Line line, Line environment = {},
          char const* standard_output = nullptr) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fileno(out_.get()), STDOUT_FILENO);
    if (standard_output != nullptr)
      posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, standard_output, O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fileno(err_.get()), STDERR_FILENO);
    line.insert(line.begin(), RETRACE_TOOL);
    for (char** variable = environ; *variable != nullptr; ++variable)
      environment.emplace_back(*variable);  // the first of a name counts
    auto words = pointers_to(line), variables = pointers_to(environment);
    int const error =
        posix_spawn(&process_, RETRACE_TOOL, &actions, nullptr, words.data(), variables.data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error("cannot start " RETRACE_TOOL);
  }

  [[nodiscard]] pid_t process() const { return process_; }

  [[nodiscard]] Outcome wait() {
    int status = 0;
    if (::waitpid(process_, &status, 0) != process_) throw std::runtime_error("waitpid");
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text_of(out_),
            text_of(err_)};
  }

 private:
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

  static std::vector<char*> pointers_to(Line& line) {
    std::vector<char*> pointers;
    for (std::string& word : line) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
  }

  static std::string text_of(File const& file) {
    std::string text;
    std::rewind(file.get());
    for (int c = std::fgetc(file.get()); c != EOF; c = std::fgetc(file.get()))
      text += static_cast<char>(c);
    return text;
  }

  File out_{std::tmpfile(), &std::fclose}, err_{std::tmpfile(), &std::fclose};
  pid_t process_ = 0;
};

inline Outcome run(std::filesystem::path const& folder, Line const& line) {
  return Running(folder, line).wait();
}
inline Outcome run(std::filesystem::path const& folder, std::string const& line) {
  return run(folder, words_of(line));
}

/// A refusal as the contract wants it: the status, one line on standard error that starts with
/// `retrace: error: ` and has all `parts`, nothing on standard output, and a folder as before.
inline void expect_refusal(TemporaryFolder const& folder, Line const& line, int status,
                           std::vector<std::string> const& parts) {
  std::string shown;
  for (std::string const& word : line) shown += word + " ";
  SCOPED_TRACE(shown);
  auto const before = folder.names();
  Outcome const outcome = run(folder.path(), line);
  EXPECT_EQ(outcome.status, status) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(outcome.err.starts_with("retrace: error: ")) << outcome.err;
  EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
  for (std::string const& part : parts) EXPECT_TRUE(contains(outcome.err, part));
  EXPECT_EQ(folder.names(), before);
}
inline void expect_refusal(TemporaryFolder const& folder, std::string const& line, int status,
                           std::vector<std::string> const& parts) {
  expect_refusal(folder, words_of(line), status, parts);
}

}  // namespace retrace::test
