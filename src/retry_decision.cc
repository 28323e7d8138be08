#include "retry_decision.h"

#include <algorithm>

#include "deadline.h"
#include "invalid_argument.h"

namespace service_accounts::v0::internal {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr int kMostAttempts = 100;

/// The longest backoff before the repetition of that number, from 1.
milliseconds Backoff(const RetryPolicy& policy, int repetition) {
  const milliseconds longest = std::min<milliseconds>(policy.max_backoff, kLongestTimeout);
  milliseconds backoff = std::min(policy.initial_backoff, longest);
  for (int i = 1; i < repetition && backoff < longest; ++i)
    backoff = std::min(backoff * 2, longest);
  return backoff;
}

}  // namespace

std::optional<Error> CheckRetryPolicy(const RetryPolicy& policy) {
  if (policy.max_attempts < 1 || policy.max_attempts > kMostAttempts) {
    return InvalidArgument("retry.max_attempts: is " + std::to_string(policy.max_attempts) +
                           ": it has to be from 1 to 100");
  }
  if (policy.initial_backoff.count() < 0)
    return InvalidArgument("retry.initial_backoff: is negative");
  if (policy.max_backoff.count() < 0) return InvalidArgument("retry.max_backoff: is negative");
  return std::nullopt;
}

bool IsRepeatable(const RetryPolicy& policy, const Error& error) {
  if (error.kind == ErrorKind::kCancelled || error.kind == ErrorKind::kInvalidArgument)
    return false;
  switch (error.outcome) {
    case RequestOutcome::kNotSent: return true;
    case RequestOutcome::kRejected: return error.kind == ErrorKind::kRateLimited;
    case RequestOutcome::kUnknown: return policy.repeat_unknown_outcomes;
    case RequestOutcome::kAccepted: return false;
  }
  return false;
}

std::optional<nanoseconds> WaitBeforeRepeating(const RetryPolicy& policy, const Error& error,
                                               int attempt, nanoseconds time_left, double random) {
  if (attempt >= policy.max_attempts || !IsRepeatable(policy, error)) return std::nullopt;
  const auto backoff = std::chrono::duration<double, std::milli>(Backoff(policy, attempt)) * random;
  const nanoseconds wait = std::max(std::chrono::duration_cast<nanoseconds>(backoff),
                                    nanoseconds(error.retry_after.value_or(milliseconds(0))));
  if (wait >= time_left) return std::nullopt;
  return wait;
}

}  // namespace service_accounts::v0::internal
