// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/runtime.hpp>

#include <gtest/gtest.h>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  retrace::Runtime const runtime(2);
  return RUN_ALL_TESTS();
}
