# SPDX-License-Identifier: Apache-2.0
# What the libraries need. Tests, tool and benchmarks find what they need besides by themselves.

# Kokkos: an installed one first, else the one that scripts/setup built for this machine. Versions
# before 4.7 are refused because GCC 12.2 to 12.4 miscompile the snapshots called 4.6.
if(NOT TARGET Kokkos::kokkos)
  find_package(Kokkos 4.7...<6 QUIET)
  if(NOT Kokkos_FOUND)
    execute_process(
      COMMAND "${PROJECT_SOURCE_DIR}/scripts/kokkos" find host "${CMAKE_CXX_COMPILER}"
      OUTPUT_VARIABLE retrace_cached_kokkos
      OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(retrace_cached_kokkos)
      find_package(Kokkos 4.7...<6 QUIET PATHS "${retrace_cached_kokkos}" NO_DEFAULT_PATH)
    endif()
  endif()
  if(NOT Kokkos_FOUND)
    message(
      FATAL_ERROR
        "Retrace: no Kokkos 4.7 or newer found for this compiler and processor.\n"
        "Run ./scripts/setup (with CXX=... for another compiler than the default), "
        "or set Kokkos_ROOT to an installed one.")
  endif()
  message(STATUS "Retrace: Kokkos ${Kokkos_VERSION} in ${Kokkos_DIR}")
endif()
if(RETRACE_CUDA AND NOT Kokkos_ENABLE_CUDA)
  message(FATAL_ERROR "Retrace: RETRACE_CUDA is set, but the Kokkos in ${Kokkos_DIR} has no CUDA.")
endif()

find_package(Boost 1.74 REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
if(Kokkos_ENABLE_CUDA)
  add_compile_definitions(EIGEN_NO_CUDA) # it stays on the host, where nvcc need not warn of it
endif()
find_package(TBB REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(ZLIB REQUIRED)
