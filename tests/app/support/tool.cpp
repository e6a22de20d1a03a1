// SPDX-License-Identifier: Apache-2.0
#include <app/tool.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>
#include <stdexcept>

extern char** environ;

namespace retrace::test {
namespace {

std::vector<char*> pointers_to(Line& line) {
  std::vector<char*> pointers;
  for (std::string& word : line) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string text_of(std::FILE* file) {
  std::string text;
  std::rewind(file);
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  return text;
}

}  // namespace

nlohmann::json Outcome::json() const { return nlohmann::json::parse(out); }

Line words_of(std::string const& line) {
  std::istringstream stream(line);
  Line words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

Running::Running(std::filesystem::path const& folder, Line line, Line environment,
                 char const* standard_output) {
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

Outcome Running::wait() {
  int status = 0;
  if (::waitpid(process_, &status, 0) != process_) throw std::runtime_error("waitpid");
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text_of(out_.get()),
          text_of(err_.get())};
}

Outcome run(std::filesystem::path const& folder, Line const& line) {
  return Running(folder, line).wait();
}

Outcome run(std::filesystem::path const& folder, std::string const& line) {
  return run(folder, words_of(line));
}

void expect_refusal(TemporaryFolder const& folder, Line const& line, int status,
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

void expect_refusal(TemporaryFolder const& folder, std::string const& line, int status,
                    std::vector<std::string> const& parts) {
  expect_refusal(folder, words_of(line), status, parts);
}

}  // namespace retrace::test
