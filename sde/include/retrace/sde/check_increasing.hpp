// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace retrace {

/// Throws Error (argument) that names both unless 0 < low < high, both finite: two options that
/// span a schedule.
void check_increasing(std::string_view low_name, double low, std::string_view high_name,
                      double high);

}  // namespace retrace
