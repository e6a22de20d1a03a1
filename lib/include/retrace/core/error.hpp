// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace retrace {

/// What kind of thing went wrong: decides the exit status of the tool (argument: 2, interrupted:
/// 130, everything else: 1).
enum class Fault {
  argument,  ///< a name, number, combination or shape that the caller chose
  file,      ///< a file that cannot be read or written, or whose content is not what it should be
  memory,    ///< the machine cannot hold what was asked for
  numerics,  ///< values that are not finite, limits of a solver
  interrupted,  ///< SIGINT or SIGTERM
};

/// Everything a user can cause is thrown as this. The message reads `problem; reason; suggestion`,
/// empty parts left out; it is short and in one line. Contracts of our own code are asserts;
/// kernels return status and never throw.
class Error : public std::runtime_error {
 public:
  explicit Error(Fault fault, std::string_view problem, std::string_view reason = {},
                 std::string_view suggestion = {});
  [[nodiscard]] Fault fault() const { return fault_; }

 private:
  Fault fault_;
};

/// `text` with every byte that is a control character or not ASCII as \xNN: fit for a terminal.
[[nodiscard]] std::string printable(std::string_view text);

/// Text from outside (file names, options) made fit for a message: in single quotes, control
/// characters and bytes that are not ASCII as \xNN, cut at 120 characters.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace retrace
