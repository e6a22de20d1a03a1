// SPDX-License-Identifier: Apache-2.0
#include "support/files.hpp"

#include <retrace/core/error.hpp>
#include <retrace/io/mixture_file.hpp>
#include <retrace/io/network_file.hpp>
#include <retrace/io/npy.hpp>
#include <retrace/io/npz.hpp>
#include <retrace/io/safetensors.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace retrace {
namespace {

/// The files that the fuzzers start from, and those that they found: every one is read, or refused
/// as its name says.
template <class Read>
void goes_through_corpus(std::string const& format, Read const& read) {
  int read_files = 0, refused_files = 0;
  for (auto const& entry :
       std::filesystem::directory_iterator(std::filesystem::path(RETRACE_CORPUS) / format)) {
    std::string const name = entry.path().filename().string();
    SCOPED_TRACE(name);
    if (name.starts_with("read-")) {
      EXPECT_NO_THROW(read(entry.path()));
      ++read_files;
    } else {
      EXPECT_TRUE(name.starts_with("refused-")) << "files are called read-... or refused-...";
      std::string const message = test::refusal([&] { read(entry.path()); });
      EXPECT_TRUE(test::contains(message, name));
      EXPECT_EQ(message, printable(message));
      ++refused_files;
    }
  }
  EXPECT_GT(read_files, 0);
  EXPECT_GT(refused_files, 0);
}

TEST(Corpus, OfArraysIsReadOrRefused) {
  goes_through_corpus("npy", [](std::filesystem::path const& path) { (void)read_npy(path); });
}

TEST(Corpus, OfArchivesIsReadOrRefused) {
  goes_through_corpus("npz", [](std::filesystem::path const& path) { (void)read_npz(path); });
}

TEST(Corpus, OfTensorsIsReadOrRefused) {
  goes_through_corpus("safetensors", [](std::filesystem::path const& path) {
    SafetensorsFile const file(path);
    for (auto const& [name, tensor] : file.tensors()) (void)file.values(name);
    if (file.metadata().contains("crc32")) file.verify();
  });
}

TEST(Corpus, OfNetworksIsReadOrRefused) {
  goes_through_corpus("network",
                      [](std::filesystem::path const& path) { (void)read_network(path); });
}

TEST(Corpus, OfMixturesIsReadOrRefused) {
  goes_through_corpus("mixture",
                      [](std::filesystem::path const& path) { (void)read_mixture(path); });
}

}  // namespace
}  // namespace retrace
