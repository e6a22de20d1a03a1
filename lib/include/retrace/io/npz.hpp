// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/io/npy_format.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace retrace {

/// One array to write, row-major. `name` is that in Python (no `.npy`), not empty, unlike the
/// others.
struct NpzEntry {
  std::string name;
  std::vector<std::int64_t> shape;
  double const* data = nullptr;
};

/// One array read, row-major; float32 is widened exactly. No shape stands for a single number.
struct NpzArray {
  std::vector<double> values;
  std::vector<std::int64_t> shape;
  NpyType type = NpyType::f8;
};

/// Writes what numpy.savez would: an uncompressed zip of `<f8` .npy members, complete or not at all
/// (AtomicFile). Equal arrays give equal files. Values that are not finite are written as they are.
void write_npz(std::filesystem::path const& path, std::vector<NpzEntry> const& entries);

/// Reads what numpy.savez or savez_compressed wrote; arrays by their names. Members obey the rules
/// of read_npy, of any shape up to 8 dimensions. Results may hold infinities (an error without a
/// bound), so they are kept unless `non_finite` says otherwise. Fault::file, naming file, member
/// and reason.
[[nodiscard]] std::map<std::string, NpzArray> read_npz(std::filesystem::path const& path,
                                                       NonFinite non_finite = NonFinite::keep);

}  // namespace retrace
