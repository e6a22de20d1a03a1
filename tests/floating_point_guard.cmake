# SPDX-License-Identifier: Apache-2.0
# A build that lets the compiler assume finite numbers must stop at the guard, with its message;
# one without such flags must pass it.
set(guard "${PROJECT_SOURCE_DIR}/lib/include/retrace/core/floating_point.hpp")
set(compile "${CMAKE_CXX_COMPILER}" -std=c++20 -fsyntax-only "-I${PROJECT_SOURCE_DIR}/lib/include"
            -x c++)

add_test(NAME guard.passes_plain_flags COMMAND ${compile} "${guard}")
foreach(flag IN ITEMS fast-math finite-math-only)
  add_test(NAME guard.stops_${flag} COMMAND ${compile} -f${flag} "${guard}")
  set_tests_properties(
    guard.stops_${flag} PROPERTIES PASS_REGULAR_EXPRESSION
                                   "floating_point.hpp:[0-9]+:[^\n]*error:[^\n]*fast-math")
endforeach()
