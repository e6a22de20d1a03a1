# SPDX-License-Identifier: Apache-2.0
# Modules to test with, made by the Python that libtorch belongs to. Sets torch_modules, their folder,
# where they can be made.
set(torch_modules "")
if(NOT RETRACE_HAS_TORCH)
  return()
endif()
if(NOT retrace_torch_python)
  message(STATUS "Retrace: no Python with torch found to make modules; their tests are left out")
  return()
endif()
set(torch_modules "${CMAKE_CURRENT_BINARY_DIR}/torch_modules")
set(script "${CMAKE_CURRENT_SOURCE_DIR}/torch/make_modules.py")
add_custom_command(
  OUTPUT "${torch_modules}.made"
  COMMAND "${retrace_torch_python}" -W ignore "${script}" "${torch_modules}"
  COMMAND "${CMAKE_COMMAND}" -E touch "${torch_modules}.made"
  DEPENDS "${script}"
  COMMENT "Making TorchScript modules"
  VERBATIM)
add_custom_target(torch_modules DEPENDS "${torch_modules}.made")
