# SPDX-License-Identifier: Apache-2.0
# CUDA code is compiled by Kokkos' nvcc_wrapper. Unless the caller names a compiler, it is the one
# of the Kokkos that `scripts/setup --cuda` built. Included before project(), at the top only.

if(NOT CMAKE_CXX_COMPILER)
  execute_process(
    COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/scripts/kokkos" find cuda
    OUTPUT_VARIABLE retrace_cuda_kokkos
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT retrace_cuda_kokkos)
    message(FATAL_ERROR "Retrace: no Kokkos with CUDA found; run ./scripts/setup --cuda, "
                        "or set CMAKE_CXX_COMPILER to the nvcc_wrapper of one")
  endif()
  set(CMAKE_CXX_COMPILER
      "${retrace_cuda_kokkos}/bin/nvcc_wrapper"
      CACHE FILEPATH "C++ compiler")
  set(Kokkos_ROOT
      "${retrace_cuda_kokkos}"
      CACHE PATH "Kokkos with CUDA")
endif()
