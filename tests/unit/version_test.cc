#include <service_accounts/version.h>

#include <string>

#include "tests/support/catch.h"

TEST_CASE("The library's version is that of its headers and of its CMake project") {
  const std::string version = std::to_string(SERVICE_ACCOUNTS_VERSION_MAJOR) + "." +
                              std::to_string(SERVICE_ACCOUNTS_VERSION_MINOR) + "." +
                              std::to_string(SERVICE_ACCOUNTS_VERSION_PATCH);
  CHECK(service_accounts::Version() == version);
  CHECK(version == PROJECT_VERSION_TEXT);
}
