// Which process this is: a forked child finds what its parent's threads had under way, and never
// sees it end. (Not named process.h: Windows' compilers have a header of that name.)
#ifndef SERVICE_ACCOUNTS_SRC_PROCESS_ID_H_
#define SERVICE_ACCOUNTS_SRC_PROCESS_ID_H_

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

#endif  // SERVICE_ACCOUNTS_SRC_PROCESS_ID_H_
