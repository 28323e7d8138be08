// A multi handle that waits by Linux's epoll.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_EPOLL_MULTI_H_
#define SERVICE_ACCOUNTS_SRC_CURL_EPOLL_MULTI_H_

#include <memory>

#include "curl/multi.h"

#if defined(__linux__) && !defined(SERVICE_ACCOUNTS_WITHOUT_EPOLL)
#define SERVICE_ACCOUNTS_EPOLL
#endif

namespace service_accounts::v0::internal {

[[nodiscard]] std::unique_ptr<Multi> MakeEpollMulti();

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_EPOLL_MULTI_H_
