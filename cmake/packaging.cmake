# `cpack -G DEB` in the directory of a shared build makes two packages of Debian's kind, of the install
# components: libservice-accounts0, what programs run with, and libservice-accounts-dev, what they are
# built with. Such a build is configured with CMAKE_INSTALL_PREFIX=/usr, for the directories to be Debian's.
set(runtime_package libservice-accounts${abi})
set(development_package libservice-accounts-dev)

# Where Debian looks for it. In no other installation, so not in the components' ordinary rules.
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${runtime_package} RENAME copyright
        COMPONENT runtime EXCLUDE_FROM_ALL)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${development_package} RENAME copyright
        COMPONENT development EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL runtime development)
set(CPACK_PACKAGE_CONTACT "service-accounts authors <service-accounts@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # Each package has its own.
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ${runtime_package})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION
"C++ client that creates a service account at most once
A client for one REST operation, POST /v1/service-accounts. One call makes at
most one account, and always says truthfully what happened: whether the account
was created, was not, or may have been.
.
This package holds the shared library.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
# For the packages of programs that use it. Programs built with one version run with any later one
# of the same ABI.
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME ${development_package})
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${runtime_package} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
"C++ client that creates a service account at most once (development)
A client for one REST operation, POST /v1/service-accounts. One call makes at
most one account, and always says truthfully what happened: whether the account
was created, was not, or may have been.
.
This package holds the headers and what CMake and pkg-config need.")
include(CPack)
