// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/registry.hpp>
#include <retrace/targets/target.hpp>

#include <string_view>
#include <vector>

namespace retrace {

struct TargetEntry : Entry<Target> {
  int dimension = 0;  ///< with the default options
};

/// All targets that have a name.
[[nodiscard]] std::vector<TargetEntry> const& targets();

/// The target `name:key=value,...`, `data:file=FILE.npy,bandwidth=NUMBER` (see data_set.hpp), or
/// the mixture file `text` where that ends in .json. Throws Error (argument) for unknown names and
/// options, Error (file) for what is wrong with a file.
[[nodiscard]] Target make_target(std::string_view text);

}  // namespace retrace
