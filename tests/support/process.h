// What this process holds of what the system gives out.
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_PROCESS_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_PROCESS_H_

#include <malloc.h>

#include <cstddef>
#include <filesystem>
#include <iterator>

namespace service_accounts::tests {

inline std::size_t CountEntries(const char* directory) {
  const std::filesystem::directory_iterator entries(directory);
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

/// With the one that looking at them takes.
inline std::size_t OpenDescriptors() { return CountEntries("/proc/self/fd"); }

inline std::size_t Threads() { return CountEntries("/proc/self/task"); }

/// Allocated and not freed; always the same where the C library does not tell.
inline std::size_t AllocatedBytes() {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  return mallinfo2().uordblks;
#else
  return 0;
#endif
}

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_PROCESS_H_
