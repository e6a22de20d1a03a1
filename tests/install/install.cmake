# SPDX-License-Identifier: Apache-2.0
# cmake -D BUILD=... -D SOURCE=... -D FOLDER=... -P install.cmake
#
# Installs the build into FOLDER/prefix by way of another place: a package may be moved.
file(REMOVE_RECURSE "${FOLDER}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${FOLDER}/elsewhere"
                        COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
file(RENAME "${FOLDER}/elsewhere" "${FOLDER}/prefix")

file(GLOB_RECURSE targets "${FOLDER}/prefix/*/RetraceTargets*.cmake")
if(NOT targets)
  message(FATAL_ERROR "no RetraceTargets.cmake was installed")
endif()
foreach(file IN LISTS targets)
  file(READ "${file}" text)
  foreach(folder IN ITEMS "${SOURCE}" "${BUILD}" "${FOLDER}")
    string(FIND "${text}" "${folder}/" place)
    if(NOT place EQUAL -1)
      message(FATAL_ERROR "${file} names ${folder}")
    endif()
  endforeach()
endforeach()
