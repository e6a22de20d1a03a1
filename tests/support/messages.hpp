// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/error.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace retrace::testing {

/// The message of the Error (argument) that a call throws; empty, which no message is, where it
/// throws none.
template <class Call>
std::string argument_error(Call const& call) {
  try {
    call();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::argument) << error.what();
    return error.what();
  }
  return {};
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace retrace::testing
