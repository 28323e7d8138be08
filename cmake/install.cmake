# `cmake --install`: the library, its headers, and what find_package(service_accounts) needs.
include(CMakePackageConfigHelpers)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/service_accounts)

install(TARGETS service_accounts EXPORT service_accounts)
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} PATTERN testing EXCLUDE)
install(EXPORT service_accounts NAMESPACE service_accounts:: DESTINATION ${config_dir}
        FILE service_accounts-targets.cmake)
configure_package_config_file(cmake/service_accounts-config.cmake.in service_accounts-config.cmake
  INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(service_accounts-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/service_accounts-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/service_accounts-config-version.cmake
        DESTINATION ${config_dir})
