# SPDX-License-Identifier: Apache-2.0

# retrace_component(<name> [DEPENDS <target>...] [PRIVATE_DEPENDS <target>...])
#
# The static library retrace::<name> of the current folder: every src/**/*.cpp, with every
# include/**/*.hpp as its public headers, installed and exported. DEPENDS are the targets that its
# headers need, PRIVATE_DEPENDS those that only its sources need.
function(retrace_component name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;PRIVATE_DEPENDS")
  set(target retrace_${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/*.cpp")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/include/*.hpp")

  add_library(${target} STATIC ${sources})
  add_library(retrace::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} VERIFY_INTERFACE_HEADER_SETS ON
                                             POSITION_INDEPENDENT_CODE ON)
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${headers})
  # Where CMAKE_UNITY_BUILD is set, what lies in one folder is compiled at once.
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
  foreach(source IN LISTS sources)
    cmake_path(GET source PARENT_PATH folder)
    cmake_path(GET folder FILENAME room)
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${room}")
  endforeach()
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_PRIVATE_DEPENDS})
  retrace_same_bits_everywhere(${target})
  retrace_developer_warnings(${target})

  install(
    TARGETS ${target}
    EXPORT RetraceTargets
    FILE_SET HEADERS)
endfunction()

# A compiler that fuses a * b + c where it likes gives other bits in every kernel and for every
# instruction set. Retrace promises equal bits, so it writes each fused operation out. The kernels
# are templates: the flags are public because a user's code instantiates them too.
function(retrace_same_bits_everywhere target)
  target_compile_options(${target} PUBLIC -ffp-contract=off)
  if(Kokkos_ENABLE_CUDA)
    target_compile_options(${target} PUBLIC -fmad=false --extended-lambda
                                            --expt-relaxed-constexpr)
    if(Kokkos_VERSION VERSION_LESS 4.7.1)
      target_compile_options(
        ${target}
        PUBLIC "$<BUILD_INTERFACE:SHELL:-include ${PROJECT_SOURCE_DIR}/cmake/cuda13_compat.hpp>")
    endif()
  endif()
endfunction()

function(retrace_developer_warnings target)
  if(NOT RETRACE_DEVELOPER)
    return()
  endif()
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wconversion)
  if(Kokkos_ENABLE_CUDA)
    # nvcc only warns when it drops the body of a function that lacks KOKKOS_FUNCTION. What it
    # hands to g++ is not pedantic C++, so that flag is left out.
    target_compile_options(${target} PRIVATE "SHELL:-Werror all-warnings")
  else()
    target_compile_options(${target} PRIVATE -Wpedantic -Werror)
  endif()
  # GCC 12 sees an overlap in every "text" + std::string (its bug 105651), and an uninitialised value in
  # every AVX-512 intrinsic that has none to merge with (105593).
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-uninitialized
                                             -Wno-maybe-uninitialized)
  endif()
endfunction()
