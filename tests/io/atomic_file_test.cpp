// SPDX-License-Identifier: Apache-2.0
#include "support/files.hpp"
#include "support/unprivileged.hpp"

#include <retrace/core/interrupt.hpp>
#include <retrace/io/atomic_file.hpp>

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

namespace {

std::atomic<bool> fsync_fails = false, close_fails = false;

}  // namespace

// In place of the C library's, for this program: disks that fail late are hard to come by.
extern "C" int fsync(int file) {
  static auto* const real = reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, "fsync"));
  if (fsync_fails) return errno = EIO, -1;
  return real(file);
}

extern "C" int close(int file) {
  static auto* const real = reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, "close"));
  int const result = real(file);
  if (close_fails) return errno = EIO, -1;
  return result;
}

namespace retrace::test {
namespace {

using Names = std::vector<std::string>;

void write_file(std::filesystem::path const& path, std::string const& text) {
  AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

mode_t mode_of(std::filesystem::path const& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  TemporaryFolder folder;
  AtomicFile file(folder / "x.npy");
  file.write("half", 4);
  ASSERT_EQ(folder.names().size(), 1u);
  EXPECT_TRUE(folder.names()[0].starts_with(".x.npy."));
  EXPECT_EQ(mode_of(folder / folder.names()[0]), 0600u);
  file.write(" whole", 6);
  file.commit();
  EXPECT_EQ(folder.names(), Names{"x.npy"});
  EXPECT_EQ(bytes_of(folder / "x.npy"), "half whole");
}

TEST(AtomicFile, LeavesTheOldFileAndNoTemporaryWhenGivenUp) {
  TemporaryFolder folder;
  put(folder / "x", "old");
  {
    AtomicFile file(folder / "x");
    file.write("new", 3);
  }
  EXPECT_EQ(folder.names(), Names{"x"});
  EXPECT_EQ(bytes_of(folder / "x"), "old");
}

TEST(AtomicFile, TakesItsModeFromTheUmaskOrTheFileReplaced) {
  TemporaryFolder folder;
  mode_t const mask = ::umask(027);
  write_file(folder / "new", "1");
  EXPECT_EQ(mode_of(folder / "new"), 0640u);
  ::chmod((folder / "new").c_str(), 0604);
  write_file(folder / "new", "2");
  EXPECT_EQ(mode_of(folder / "new"), 0604u);
  ::umask(mask);
}

TEST(AtomicFile, WritesEmptyAndLongNamedFiles) {
  TemporaryFolder folder;
  std::string const name(255, 'n');
  write_file(folder / name, "");
  EXPECT_EQ(folder.names(), Names{name});
  EXPECT_EQ(bytes_of(folder / name), "");
  EXPECT_TRUE(contains(refusal([&] { write_file(folder / (name + "n"), ""); }), "too long"));
}

TEST(AtomicFile, WritesNamesWithoutAFolderToTheCurrentOne) {
  TemporaryFolder folder;
  auto const before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  check_writable("x");
  write_file("x", "here");
  std::filesystem::current_path(before);
  EXPECT_EQ(bytes_of(folder / "x"), "here");
  EXPECT_EQ(folder.names(), Names{"x"});
}

/// What must be refused at once, by the constructor and by check_writable in the same words.
std::string refused_at_once(std::filesystem::path const& path) {
  auto const message = refusal([&] { AtomicFile file(path); });
  EXPECT_EQ(refusal([&] { check_writable(path); }), message);
  return message;
}

TEST(AtomicFile, RefusesAMissingFolder) {
  TemporaryFolder folder;
  auto const message = refused_at_once(folder / "no/x.npy");
  EXPECT_TRUE(contains(message, "cannot write '" + (folder / "no/x.npy").string() + "'"));
  EXPECT_TRUE(contains(message, "No such file or directory; make the folder"));
  EXPECT_TRUE(contains(refused_at_once(""), "No such file or directory"));
  EXPECT_EQ(folder.names(), Names{});
}

TEST(AtomicFile, RefusesAFolderThatIsAFile) {
  TemporaryFolder folder;
  put(folder / "f", "");
  EXPECT_TRUE(contains(refused_at_once(folder / "f/x"), "Not a directory"));
}

TEST(AtomicFile, RefusesADirectory) {
  TemporaryFolder folder;
  std::filesystem::create_directory(folder / "d");
  for (auto const* name : {"d", "d/", "d/.", "new/"})
    EXPECT_TRUE(contains(refused_at_once(folder / name), "directory")) << name;
  EXPECT_EQ(folder.names(), Names{"d"});
}

TEST(AtomicFile, RefusesAFolderOrFileWithoutPermission) {
  TemporaryFolder folder;
  std::filesystem::create_directory(folder / "locked");
  put(folder / "locked/x", "old");
  ::chmod((folder / "locked").c_str(), 0555);
  put(folder / "kept", "old");
  ::chmod((folder / "kept").c_str(), 0444);
  ::chmod(folder.path().c_str(), 0777);
  Unprivileged const user;
  if (!user.possible()) GTEST_SKIP() << "root may write everywhere, and this one cannot step down";
  EXPECT_TRUE(contains(refused_at_once(folder / "locked/new"), "Permission denied"));
  EXPECT_TRUE(contains(refused_at_once(folder / "locked/x"), "Permission denied"));
  EXPECT_TRUE(contains(refused_at_once(folder / "kept"), "Permission denied"));
  check_writable(folder / "new");
}

TEST(AtomicFile, CheckingLeavesNothingBehind) {
  TemporaryFolder folder;
  put(folder / "old", "kept");
  check_writable(folder / "old");
  check_writable(folder / "new");
  EXPECT_EQ(folder.names(), Names{"old"});
  EXPECT_EQ(bytes_of(folder / "old"), "kept");
}

TEST(AtomicFile, ReplacesASymbolicLinkAndNotWhatItLeadsTo) {
  TemporaryFolder folder;
  put(folder / "elsewhere", "precious");
  std::filesystem::create_symlink(folder / "elsewhere", folder / "x");
  std::filesystem::create_symlink(folder / "nowhere", folder / "y");
  write_file(folder / "x", "new");
  write_file(folder / "y", "new");
  EXPECT_EQ(bytes_of(folder / "elsewhere"), "precious");
  EXPECT_EQ(folder.names(), (Names{"elsewhere", "x", "y"}));
  for (auto const* name : {"x", "y"}) {
    EXPECT_FALSE(std::filesystem::is_symlink(folder / name));
    EXPECT_EQ(bytes_of(folder / name), "new");
  }
}

TEST(AtomicFile, CannotBeLedAstrayByALinkUnderATemporaryName) {
  TemporaryFolder folder;
  put(folder / "elsewhere", "precious");
  std::string used;
  for (int round = 0; round < 3; ++round) {  // every run has another name: the last one is no use
    AtomicFile file(folder / "x");
    for (auto const& name : folder.names())
      if (name.starts_with(".x.") && !std::filesystem::is_symlink(folder / name)) {
        EXPECT_NE(name, used);
        used = name;
      }
    file.write("new", 3);
    file.commit();
    std::filesystem::create_symlink(folder / "elsewhere", folder / used);
  }
  EXPECT_EQ(bytes_of(folder / "elsewhere"), "precious");
  EXPECT_EQ(bytes_of(folder / "x"), "new");
}

TEST(AtomicFile, ReportsAFullDevice) {
  check_writable("/dev/full");
  EXPECT_TRUE(contains(refusal([] { write_file("/dev/full", "text"); }),
                       "cannot write '/dev/full'; No space left on device"));
  write_file("/dev/null", "text");
  EXPECT_FALSE(std::filesystem::is_regular_file("/dev/null"));
}

TEST(AtomicFile, ReportsAWriteThatFailsHalfWay) {
  TemporaryFolder folder;
  put(folder / "x", "old");
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  auto const handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit const small{.rlim_cur = 1000, .rlim_max = limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  auto const message = refusal([&] { write_file(folder / "x", std::string(4096, 'n')); });
  ::setrlimit(RLIMIT_FSIZE, &limit);
  ::signal(SIGXFSZ, handler);
  EXPECT_TRUE(contains(message, "File too large"));
  EXPECT_EQ(folder.names(), Names{"x"});
  EXPECT_EQ(bytes_of(folder / "x"), "old");
}

TEST(AtomicFile, ReportsErrorsOfFsyncAndClose) {
  TemporaryFolder folder;
  put(folder / "x", "old");
  for (auto* fails : {&fsync_fails, &close_fails}) {
    *fails = true;
    auto const message = refusal([&] { write_file(folder / "x", "new"); });
    *fails = false;
    EXPECT_TRUE(contains(message, "Input/output error"));
    EXPECT_EQ(folder.names(), Names{"x"});
    EXPECT_EQ(bytes_of(folder / "x"), "old");
  }
}

TEST(AtomicFile, ReportsATargetThatBecameADirectory) {
  TemporaryFolder folder;
  AtomicFile* file = new AtomicFile(folder / "x");
  std::filesystem::create_directory(folder / "x");
  EXPECT_TRUE(contains(refusal([&] { file->commit(); }), "Is a directory"));
  delete file;
  EXPECT_EQ(folder.names(), Names{"x"});
}

/// The bytes that come out of a pipe, read by another thread.
class PipeReader {
 public:
  explicit PipeReader(std::filesystem::path const& path) {
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    thread_ = std::thread([this, path] {
      sigset_t alarms;
      sigemptyset(&alarms);
      sigaddset(&alarms, SIGALRM);
      ::pthread_sigmask(SIG_BLOCK, &alarms, nullptr);
      bytes_ = bytes_of(path);
    });
  }
  std::string bytes() {
    thread_.join();
    return bytes_;
  }

 private:
  std::string bytes_;
  std::thread thread_;
};

TEST(AtomicFile, WritesIntoAPipeDirectly) {
  TemporaryFolder folder;
  PipeReader reader(folder / "pipe");
  check_writable(folder / "pipe");  // must not wait, nor end the reader's file
  write_file(folder / "pipe", "through");
  EXPECT_EQ(reader.bytes(), "through");
  EXPECT_EQ(folder.names(), Names{"pipe"});
}

TEST(AtomicFile, GoesOnAfterSignalsAndShortWrites) {
  TemporaryFolder folder;
  PipeReader reader(folder / "pipe");
  std::string text(8 << 20, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 2654435761u >> 24);
  AtomicFile file(folder / "pipe");
  static std::atomic<int> signals = 0;
  struct sigaction action {
  }, before{};
  action.sa_handler = [](int) { ++signals; };  // without SA_RESTART: calls end early
  ::sigaction(SIGALRM, &action, &before);
  itimerval const often{.it_interval = {0, 200}, .it_value = {0, 200}}, never{};
  ::setitimer(ITIMER_REAL, &often, nullptr);
  while (signals < 5) {
  }
  file.write(text.data(), text.size());
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
  file.commit();
  EXPECT_TRUE(reader.bytes() == text);
}

TEST(AtomicFile, WritesToStandardOutputAndKeepsTheLinkInDev) {
  TemporaryFolder folder;
  put(folder / "log", "before ");
  int const saved = ::dup(STDOUT_FILENO);
  int const log = ::open((folder / "log").c_str(), O_WRONLY | O_APPEND);
  ::dup2(log, STDOUT_FILENO);
  write_file("/dev/stdout", "after");
  write_file("/proc/self/fd/1", " all");
  ::dup2(saved, STDOUT_FILENO);
  ::close(saved);
  ::close(log);
  EXPECT_EQ(bytes_of(folder / "log"), "before after all");
  EXPECT_EQ(folder.names(), Names{"log"});
  EXPECT_TRUE(std::filesystem::is_symlink("/dev/stdout"));
}

TEST(AtomicFileDeathTest, StopsAndCleansUpWhenInterrupted) {
  TemporaryFolder folder;
  auto const stopped = [&] {
    catch_interrupts();
    try {
      AtomicFile file(folder / "x");
      file.write("half", 4);
      ::raise(SIGTERM);
      file.write(" whole", 6);
    } catch (Error const& error) {
      ::_exit(error.fault() == Fault::interrupted ? 7 : 1);
    }
    ::_exit(0);
  };
  EXPECT_EXIT(stopped(), testing::ExitedWithCode(7), "");
  EXPECT_EQ(folder.names(), Names{});
}

TEST(AtomicFile, EightWritersLeaveOneCompleteFile) {
  TemporaryFolder folder;
  constexpr std::size_t bytes = 100'000;
  auto const complete = [](std::string const& text) {
    return text.size() == bytes && text.find_first_not_of(text[0]) == std::string::npos;
  };
  write_file(folder / "x", std::string(bytes, 'z'));
  std::vector<std::thread> writers;
  for (char name = 'a'; name < 'i'; ++name)
    writers.emplace_back([&, name] {
      for (int round = 0; round < 10; ++round) write_file(folder / "x", std::string(bytes, name));
    });
  int seen_mixed = 0;
  for (int i = 0; i < 200; ++i) seen_mixed += complete(bytes_of(folder / "x")) ? 0 : 1;
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(seen_mixed, 0);
  EXPECT_TRUE(complete(bytes_of(folder / "x")));
  EXPECT_EQ(folder.names(), Names{"x"});
}

}  // namespace
}  // namespace retrace::test
