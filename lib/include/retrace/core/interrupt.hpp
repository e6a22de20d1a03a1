// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace retrace {

/// Makes SIGINT and SIGTERM ask running work to stop instead of killing the process; a second
/// signal kills. The library never does this by itself: the tool does.
void catch_interrupts();

/// The signal that has asked to stop, 0 where none has. Loops over tiles and over pieces of files
/// look.
[[nodiscard]] int interrupted() noexcept;

/// Throws Error (interrupted) where interrupted().
void throw_if_interrupted();

}  // namespace retrace
