# SPDX-License-Identifier: Apache-2.0
# libtorch, as the Python package torch or an archive of its own carries it. Its CMake package is
# left alone: where it was built with CUDA it asks for the very CUDA toolkit, and the libraries for
# CPUs are all that is linked. Sets RETRACE_HAS_TORCH, retrace_torch_includes,
# retrace_torch_libraries, and retrace_torch_python, a Python that has the package, where there is one.

set(RETRACE_TORCH
    AUTO
    CACHE STRING "TorchScript modules through libtorch: AUTO (where it is found), ON or OFF")
set_property(CACHE RETRACE_TORCH PROPERTY STRINGS AUTO ON OFF)
set(RETRACE_TORCH_ROOT
    ""
    CACHE PATH "Folder with include/ and lib/ of libtorch, site-packages/torch of a Python say")

# The folder of the package torch of a Python, without importing it, which takes seconds.
function(retrace_torch_of_python python result)
  execute_process(
    COMMAND
      "${python}" -c
      "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
    OUTPUT_VARIABLE folder
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(${result} "${folder}" PARENT_SCOPE)
endfunction()

set(RETRACE_HAS_TORCH FALSE)
set(retrace_torch_python "")
if(NOT RETRACE_TORCH)
  return()
endif()

# Not cached: the Python that comes first may be another one the next time.
find_program(retrace_python3 python3 NO_CACHE)
set(retrace_torch_root "${RETRACE_TORCH_ROOT}")
foreach(folder IN LISTS Torch_DIR CMAKE_PREFIX_PATH)
  foreach(up IN ITEMS . ../.. ../../..)
    if(NOT retrace_torch_root AND EXISTS "${folder}/${up}/include/torch/script.h")
      cmake_path(SET retrace_torch_root NORMALIZE "${folder}/${up}/")
    endif()
  endforeach()
endforeach()
if(NOT retrace_torch_root AND retrace_python3)
  retrace_torch_of_python("${retrace_python3}" retrace_torch_root)
endif()

# Wheels before 2.7 have the old C++ ABI.
set(retrace_torch_oldest 2.7)
set(retrace_torch_version "")
if(retrace_torch_root AND EXISTS "${retrace_torch_root}/include/torch/script.h")
  file(GLOB_RECURSE version_headers "${retrace_torch_root}/include/torch/headeronly/version.h"
       "${retrace_torch_root}/include/torch/csrc/api/include/torch/version.h")
  foreach(header IN LISTS version_headers)
    file(STRINGS "${header}" numbers REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+$")
    if(numbers AND NOT retrace_torch_version)
      list(TRANSFORM numbers REPLACE "[^0-9]" "")
      list(JOIN numbers . retrace_torch_version)
    endif()
  endforeach()
endif()
if(retrace_torch_version VERSION_GREATER_EQUAL retrace_torch_oldest
   AND EXISTS "${retrace_torch_root}/lib/libtorch_cpu.so"
   AND EXISTS "${retrace_torch_root}/lib/libc10.so")
  set(RETRACE_HAS_TORCH TRUE)
  set(retrace_torch_includes "${retrace_torch_root}/include"
                             "${retrace_torch_root}/include/torch/csrc/api/include")
  # As plain flags: CMake would warn, in every program, that the wheel has a libgomp of its own. A
  # program has one of the two in any case.
  set(retrace_torch_libraries "-L${retrace_torch_root}/lib" "-Wl,-rpath,${retrace_torch_root}/lib"
                              -ltorch_cpu -lc10)
  message(STATUS "Retrace: libtorch ${retrace_torch_version} in ${retrace_torch_root}")
  # The Python that it belongs to, three folders above site-packages, or the first one.
  foreach(python IN ITEMS "${retrace_torch_root}/../../../../bin/python3" "${retrace_python3}")
    if(NOT retrace_torch_python AND EXISTS "${python}")
      retrace_torch_of_python("${python}" folder)
      if(folder)
        cmake_path(SET retrace_torch_python NORMALIZE "${python}")
      endif()
    endif()
  endforeach()
elseif(RETRACE_TORCH STREQUAL AUTO)
  message(STATUS "Retrace: no libtorch ${retrace_torch_oldest} or newer found; TorchScript modules "
                 "and their tests are left out (RETRACE_TORCH_ROOT)")
else()
  message(FATAL_ERROR "Retrace: RETRACE_TORCH is set, but there is no libtorch ${retrace_torch_oldest} "
                      "or newer in '${retrace_torch_root}'; set RETRACE_TORCH_ROOT")
endif()
