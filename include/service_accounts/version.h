// The version of these headers, and of the library that a program runs with.
//
//   std::cout << "built for " << SERVICE_ACCOUNTS_VERSION_MAJOR << ".x, with "
//             << service_accounts::Version() << '\n';
//
// Semantic versioning (https://semver.org). All names are in an inline namespace, which is the
// version of the binary interface: a program that is built with the headers of one never links
// another, and two can be in one process. Both are written down here, and CMakeLists.txt reads
// them.
#ifndef SERVICE_ACCOUNTS_VERSION_H_
#define SERVICE_ACCOUNTS_VERSION_H_

#include <service_accounts/export.h>

/// The version of the headers; before 1.0 a minor version may break the interface. An integer.
#define SERVICE_ACCOUNTS_VERSION_MAJOR 0
/// Counts what was added, and before 1.0 also what was broken. An integer.
#define SERVICE_ACCOUNTS_VERSION_MINOR 1
/// Counts what was only mended. An integer.
#define SERVICE_ACCOUNTS_VERSION_PATCH 0

namespace service_accounts {
inline namespace v0 {

/// The version of the linked library, "MAJOR.MINOR.PATCH"; valid for the life of the process. From
/// any thread.
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT const char* Version() noexcept;

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_VERSION_H_
