# `cmake --install`: the library, its headers, and what find_package(service_accounts) and pkg-config
# need. Components: `runtime` is what programs run with, `development` what they are built with.
# Nothing that is installed holds the place it was built or installed in: a whole prefix may be moved.
include(CMakePackageConfigHelpers)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/service_accounts)

install(TARGETS service_accounts EXPORT service_accounts
  RUNTIME COMPONENT runtime
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
  ARCHIVE COMPONENT development)
install(EXPORT service_accounts NAMESPACE service_accounts:: DESTINATION ${config_dir}
        FILE service_accounts-targets.cmake COMPONENT development)
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
        PATTERN testing EXCLUDE)

# The test kit, find_package's component `testing`. Its exported targets are a file of their own, by
# whose presence the config file knows that the component is there.
if(TARGET service_accounts_testing)
  install(TARGETS service_accounts_testing EXPORT service_accounts-testing
    ARCHIVE COMPONENT development)
  install(EXPORT service_accounts-testing NAMESPACE service_accounts:: DESTINATION ${config_dir}
          FILE service_accounts-testing-targets.cmake COMPONENT development)
  install(DIRECTORY include/service_accounts/testing COMPONENT development
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/service_accounts)
endif()

configure_file(cmake/service_accounts-config.cmake.in service_accounts-config.cmake @ONLY)
write_basic_package_version_file(service_accounts-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/service_accounts-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/service_accounts-config-version.cmake
        DESTINATION ${config_dir} COMPONENT development)

# For pkg-config. Either directory may be relative to the prefix, or absolute, and have spaces then.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  string(REPLACE " " "\\ " pc_prefix "${CMAKE_INSTALL_PREFIX}")
else()
  file(RELATIVE_PATH pc_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" pc_prefix "\${pcfiledir}/${pc_prefix}")
endif()
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  string(REPLACE " " "\\ " pc_includedir "${CMAKE_INSTALL_INCLUDEDIR}")
else()
  set(pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
if(library_type STREQUAL "STATIC_LIBRARY")
  # Whoever links the library links these too.
  set(pc_requirements "Requires: libcurl")
  set(pc_libs " -pthread")
  if(WIN32)
    string(APPEND pc_libs " -lws2_32")
  endif()
  set(pc_cflags " -DSERVICE_ACCOUNTS_STATIC")
else()
  # Not Requires.private, since then even --cflags would ask for libcurl's development package.
  set(pc_requirements "Libs.private: -lcurl -pthread")
endif()
configure_file(cmake/service_accounts.pc.in service_accounts.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/service_accounts.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
