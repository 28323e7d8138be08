// The version of these headers, and of the library that a program runs with.
//
//   std::cout << SERVICE_ACCOUNTS_VERSION_MAJOR << " built, " << service_accounts::Version() << "
//   linked\n";
//
// Semantic versioning (https://semver.org). CMakeLists.txt reads its version from this file.
#ifndef SERVICE_ACCOUNTS_VERSION_H_
#define SERVICE_ACCOUNTS_VERSION_H_

#include <service_accounts/export.h>

#define SERVICE_ACCOUNTS_VERSION_MAJOR 0
#define SERVICE_ACCOUNTS_VERSION_MINOR 1
#define SERVICE_ACCOUNTS_VERSION_PATCH 0

namespace service_accounts {

/// The version of the linked library, "MAJOR.MINOR.PATCH"; valid for the life of the process.
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT const char* Version() noexcept;

}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_VERSION_H_
