// SPDX-License-Identifier: Apache-2.0
#include "file_in_memory.hpp"

#include <retrace/io/network_file.hpp>

#include <utility>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  return retrace::fuzz::read_or_refuse(data, size, [](std::filesystem::path const& path) {
    retrace::TrainedNetwork const read = retrace::read_network(path);
    std::vector<double> y(static_cast<std::size_t>(read.network.architecture().conditions), 1.0);
    (void)retrace::network_metadata(retrace::conditioned(read, std::move(y)));
  });
}
