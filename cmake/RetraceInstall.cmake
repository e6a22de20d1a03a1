# SPDX-License-Identifier: Apache-2.0
# find_package(Retrace): the exported targets, and a file that finds what they depend on.

include(CMakePackageConfigHelpers)

set(retrace_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Retrace")
install(
  EXPORT RetraceTargets
  NAMESPACE retrace::
  DESTINATION "${retrace_package_dir}")
configure_package_config_file(cmake/RetraceConfig.cmake.in RetraceConfig.cmake
                              INSTALL_DESTINATION "${retrace_package_dir}")
write_basic_package_version_file(RetraceConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/RetraceConfig.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/RetraceConfigVersion.cmake"
        DESTINATION "${retrace_package_dir}")
