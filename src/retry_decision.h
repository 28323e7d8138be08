// Whether a call repeats its request, and after what wait: pure.
#ifndef SERVICE_ACCOUNTS_SRC_RETRY_DECISION_H_
#define SERVICE_ACCOUNTS_SRC_RETRY_DECISION_H_

#include <chrono>
#include <optional>
#include <string>

#include <service_accounts/error.h>
#include <service_accounts/retry_policy.h>

namespace service_accounts::v0::internal {

[[nodiscard]] std::optional<Error> CheckRetryPolicy(const RetryPolicy& policy);

/// May the request be sent again, as far as what came of it is concerned?
[[nodiscard]] bool IsRepeatable(const RetryPolicy& policy, const Error& error);

/// How long to wait before the attempt after the one numbered `attempt` (from 1), which ended with
/// this error while so much time was left; no value: the error is the call's. `random` is from [0,
/// 1).
[[nodiscard]] std::optional<std::chrono::nanoseconds> WaitBeforeRepeating(
    const RetryPolicy& policy, const Error& error, int attempt, std::chrono::nanoseconds time_left,
    double random);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_RETRY_DECISION_H_
