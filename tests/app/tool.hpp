// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <io/support/files.hpp>
#include <nlohmann/json.hpp>
#include <sys/types.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace retrace::test {

/// What a run of the command left: exit status (128 + signal where one killed it), and its texts.
struct Outcome {
  int status = -1;
  std::string out, err;

  [[nodiscard]] nlohmann::json json() const;
};

using Line = std::vector<std::string>;

/// The words of a line, apart at blanks.
Line words_of(std::string const& line);

/// The command, running in `folder`; its output goes to files, so nothing waits for a reader.
class Running {
 public:
  Running(std::filesystem::path const& folder, Line line, Line environment = {},
          char const* standard_output = nullptr);

  [[nodiscard]] pid_t process() const { return process_; }

  [[nodiscard]] Outcome wait();

 private:
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

  File out_{std::tmpfile(), &std::fclose}, err_{std::tmpfile(), &std::fclose};
  pid_t process_ = 0;
};

Outcome run(std::filesystem::path const& folder, Line const& line);
Outcome run(std::filesystem::path const& folder, std::string const& line);

/// A refusal as the contract wants it: the status, one line on standard error that starts with
/// `retrace: error: ` and has all `parts`, nothing on standard output, and a folder as before.
void expect_refusal(TemporaryFolder const& folder, Line const& line, int status,
                    std::vector<std::string> const& parts);
void expect_refusal(TemporaryFolder const& folder, std::string const& line, int status,
                    std::vector<std::string> const& parts);

}  // namespace retrace::test
