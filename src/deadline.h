// Time allowed, as a point on the steady clock.
#ifndef SERVICE_ACCOUNTS_SRC_DEADLINE_H_
#define SERVICE_ACCOUNTS_SRC_DEADLINE_H_

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include <service_accounts/error.h>

#include "clock.h"
#include "invalid_argument.h"

namespace service_accounts::v0::internal {

/// A longer timeout is this one: nothing that is added to a time then overflows.
constexpr std::chrono::hours kLongestTimeout{365 * 24};

[[nodiscard]] inline std::optional<Error> CheckTimeout(std::chrono::milliseconds timeout,
                                                       const std::string& name) {
  if (timeout.count() > 0) return std::nullopt;
  return InvalidArgument(name + ": is " + std::to_string(timeout.count()) +
                         " ms: it has to be more than zero");
}

[[nodiscard]] inline SteadyTime DeadlineAfter(SteadyTime now, std::chrono::milliseconds timeout) {
  return now + std::min<std::chrono::milliseconds>(timeout, kLongestTimeout);
}

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_DEADLINE_H_
