// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace retrace {

/// A file that appears under its name complete or not at all.
///
/// Bytes go to a hidden temporary in the same folder (mkostemp: a fresh name, mode 0600), which
/// commit() renames. The mode in the end is that of the file replaced, else what the umask leaves
/// of 0666. A symbolic link at `path` is replaced, never followed. What exists and is no regular
/// file (/dev/..., a pipe) is written directly, and so are the links of /dev and /proc to the open
/// files of a process (/dev/stdout), even where they lead to a regular file.
///
/// Errors: Fault::file with the words of the system; Fault::interrupted from write().
class AtomicFile {
 public:
  /// Opens the temporary. Refuses a directory, a missing folder, a file or folder that must not be
  /// written.
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(AtomicFile const&) = delete;
  AtomicFile& operator=(AtomicFile const&) = delete;
  /// Removes the temporary unless committed.
  ~AtomicFile();

  /// Appends. After an error the file can only be destroyed.
  void write(void const* data, std::size_t bytes);

  /// Data to the disk, close, rename, folder to the disk. Called once, last.
  void commit();

 private:
  std::filesystem::path path_;
  std::string temporary_;  // empty: written directly, or committed
  int file_ = -1;
};

/// Refuses now what AtomicFile would refuse after the work is done, with the same words. Leaves
/// nothing behind and does not open what is no regular file (a pipe would wait for its reader).
void check_writable(std::filesystem::path const& path);

}  // namespace retrace
