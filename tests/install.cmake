# SPDX-License-Identifier: Apache-2.0
# What users get: the installed package, moved and then used by the examples and by a project of its
# own, and the sources as a part of that project. Only for the build that users have; a sanitizer
# or a GPU changes nothing here but the time it takes.
if(NOT CMAKE_BUILD_TYPE STREQUAL Release OR RETRACE_CUDA)
  return()
endif()
set(install_folder "${PROJECT_BINARY_DIR}/install_tests")

# retrace_install_test(<name> <source folder> <build type> <cache setting>...)
function(retrace_install_test name source build_type)
  add_test(
    NAME install.${name}
    COMMAND
      "${CMAKE_CTEST_COMMAND}" --build-and-test "${source}" "${install_folder}/${name}"
      --build-noclean --build-generator "${CMAKE_GENERATOR}" --build-makeprogram "${CMAKE_MAKE_PROGRAM}"
      --build-options "-DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}" "-DCMAKE_CXX_FLAGS=${CMAKE_CXX_FLAGS}"
      "-DCMAKE_BUILD_TYPE=${build_type}" ${ARGN} --test-command "${CMAKE_CTEST_COMMAND}"
      --output-on-failure --no-tests=error)
  set_tests_properties(install.${name} PROPERTIES LABELS "install;slow" PROCESSORS 2 TIMEOUT 1500)
endfunction()

add_test(NAME install.prefix COMMAND "${CMAKE_COMMAND}" -D "BUILD=${PROJECT_BINARY_DIR}" -D
                                     "SOURCE=${PROJECT_SOURCE_DIR}" -D "FOLDER=${install_folder}/package" -P
                                     "${CMAKE_CURRENT_SOURCE_DIR}/install/install.cmake")
set_tests_properties(install.prefix PROPERTIES LABELS install TIMEOUT 120 FIXTURES_SETUP prefix)

set(installed "-DCMAKE_PREFIX_PATH=${install_folder}/package/prefix")
retrace_install_test(examples "${PROJECT_SOURCE_DIR}/examples" Release "${installed}")
retrace_install_test(
  find_package "${CMAKE_CURRENT_SOURCE_DIR}/install" Release "${installed}"
  "-DRETRACE_VERSION=${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")
set_tests_properties(install.examples install.find_package PROPERTIES FIXTURES_REQUIRED prefix)

# It compiles the libraries a second time: unoptimised, and a room at once, as users may, which takes a
# quarter of the time.
retrace_install_test(
  add_subdirectory "${CMAKE_CURRENT_SOURCE_DIR}/install" Debug "-DRETRACE_SOURCE=${PROJECT_SOURCE_DIR}"
  "-DKokkos_DIR=${Kokkos_DIR}" -DCMAKE_UNITY_BUILD=ON)
