// Which process this is: a forked child finds what its parent's threads had under way, and never
// sees it end.
#ifndef SERVICE_ACCOUNTS_SRC_PROCESS_H_
#define SERVICE_ACCOUNTS_SRC_PROCESS_H_

#if defined(_WIN32)
#include <process.h>
#else
#include <unistd.h>
#endif

namespace service_accounts::v0::internal {

[[nodiscard]] inline int CurrentProcess() {
#if defined(_WIN32)
  return _getpid();
#else
  return getpid();
#endif
}

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_PROCESS_H_
