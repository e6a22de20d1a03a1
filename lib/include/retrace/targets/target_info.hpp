// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace retrace {

/// What the registry says of a toy target. A target is one struct, used like a function, its
/// options as members with defaults (struct gaussian in gaussian.hpp is one with an option):
///   static constexpr TargetInfo info;
///   static std::vector<Option<T>> options();
///   Mixture operator()() const;   (or another kind of Target)
/// Every coordinate of a target has a standard deviation of 0.5 to 3, so that the same schedules
/// fit all of them.
struct TargetInfo {
  std::string_view name;
  std::string_view summary;
  std::string_view paper;
};

}  // namespace retrace
