# SPDX-License-Identifier: Apache-2.0
# In a build for CUDA, what includes Kokkos is nvcc's, which takes three times as long as its host
# compiler. nvcc_wrapper hands the other sources to that compiler as they are. A source that begins
# to include Kokkos does not compile as such, and Kokkos says why: it is put right by configuring
# again. Included once all targets are there.

set(retrace_include_folders
    "${PROJECT_SOURCE_DIR}/lib/include" "${PROJECT_SOURCE_DIR}/sde/include"
    "${PROJECT_SOURCE_DIR}/solvers/include" "${PROJECT_SOURCE_DIR}/torch/include" "${PROJECT_SOURCE_DIR}/tests"
    "${PROJECT_SOURCE_DIR}/benchmarks")

# Sets `result` to whether a file includes Kokkos, itself or by a header of ours.
function(retrace_includes_kokkos file result)
  get_property(found GLOBAL PROPERTY "retrace_includes_kokkos:${file}")
  if("${found}" STREQUAL "")
    set(found FALSE)
    set_property(GLOBAL PROPERTY "retrace_includes_kokkos:${file}" FALSE) # where headers go in circles
    cmake_path(GET file PARENT_PATH folder)
    file(STRINGS "${file}" lines REGEX "^#include ")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^#include [<\"]([^>\"]*).*" "\\1" name "${line}")
      if(name MATCHES "^Kokkos_")
        set(found TRUE)
      endif()
      foreach(place IN LISTS folder retrace_include_folders)
        if(NOT found AND EXISTS "${place}/${name}" AND NOT IS_DIRECTORY "${place}/${name}")
          cmake_path(SET header NORMALIZE "${place}/${name}")
          retrace_includes_kokkos("${header}" found)
        endif()
      endforeach()
    endforeach()
    set_property(GLOBAL PROPERTY "retrace_includes_kokkos:${file}" ${found})
  endif()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# Host sources of all targets in a folder and the folders in it.
function(retrace_give_sources_to_host_compiler folder)
  set(options --host-only)
  if(RETRACE_DEVELOPER)
    list(APPEND options -Wpedantic -Werror) # which nvcc's own output would not stand
  endif()
  get_property(targets DIRECTORY "${folder}" PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(definitions ${target} COMPILE_DEFINITIONS)
    if(definitions MATCHES "\"")
      continue() # nvcc_wrapper loses the quotes on the way to its host compiler
    endif()
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "\\.cpp$")
    foreach(source IN LISTS sources)
      cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${folder}" NORMALIZE)
      retrace_includes_kokkos("${source}" needs_nvcc)
      if(NOT needs_nvcc)
        set_property(
          SOURCE "${source}"
          TARGET_DIRECTORY ${target}
          APPEND
          PROPERTY COMPILE_OPTIONS ${options})
      endif()
    endforeach()
  endforeach()
  get_property(subfolders DIRECTORY "${folder}" PROPERTY SUBDIRECTORIES)
  foreach(subfolder IN LISTS subfolders)
    retrace_give_sources_to_host_compiler("${subfolder}")
  endforeach()
endfunction()
retrace_give_sources_to_host_compiler("${PROJECT_SOURCE_DIR}")
