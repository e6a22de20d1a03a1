// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "json.hpp"
#include "pictures.hpp"

#include <string>
#include <vector>

namespace retrace::app {

/// The page of a comparison: HTML that needs nothing but the pictures beside it. `facts` is what
/// --json prints.
[[nodiscard]] std::string report_page(Json const& facts, std::vector<Picture> const& pictures,
                                      std::string const& command_line);

}  // namespace retrace::app
