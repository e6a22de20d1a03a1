// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/mixture.hpp>

#include <filesystem>

namespace retrace {

/// Reads {"weights": [k], "means": [k][d], "covariances": [k][d][d]}, exactly these keys, with what
/// Mixture asks of the numbers. Anything else throws Error (file) that names the file and the
/// field, such as `covariances[2]`.
[[nodiscard]] Mixture read_mixture(std::filesystem::path const& path);

}  // namespace retrace
