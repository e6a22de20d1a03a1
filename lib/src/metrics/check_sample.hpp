// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace retrace {

/// Throws Fault::argument, in a message about "the <which>", for a sample [n][dimension] that is
/// empty, is no whole number of rows or is not finite (the row is named).
void check_sample(std::span<double const> sample, std::size_t dimension,
                  std::string const& which = "sample");

}  // namespace retrace
