# A shared library exports our public names alone, where its linker takes a list of them (ELF).
if(library_type STREQUAL "SHARED_LIBRARY" AND UNIX)
  include(CheckLinkerFlag)
  configure_file(cmake/exports.map.in exports.map @ONLY)
  set(exports_flag "LINKER:--version-script=${CMAKE_CURRENT_BINARY_DIR}/exports.map")
  check_linker_flag(CXX "${exports_flag}" SERVICE_ACCOUNTS_HAS_VERSION_SCRIPT)
  if(SERVICE_ACCOUNTS_HAS_VERSION_SCRIPT)
    target_link_options(service_accounts PRIVATE "${exports_flag}")
    set_property(TARGET service_accounts APPEND PROPERTY
      LINK_DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/exports.map)
  endif()
endif()
