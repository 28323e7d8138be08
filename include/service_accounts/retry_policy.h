// When a call repeats a request by itself.
//
//   options.retry.max_attempts = 1;                 // never
//   options.retry.repeat_unknown_outcomes = true;   // where the service knows idempotency keys
//
// By default a call repeats what cannot have created an account, and nothing else: a request that
// was not sent (`RequestOutcome::kNotSent`), and one that the service turned away with 429. It
// waits before each repetition, and begins none that its deadline does not allow.
#ifndef SERVICE_ACCOUNTS_RETRY_POLICY_H_
#define SERVICE_ACCOUNTS_RETRY_POLICY_H_

#include <chrono>

namespace service_accounts {
inline namespace v0 {

/// What a call repeats by itself, how often, and after what wait. A plain value with its defaults
/// in place.
struct RetryPolicy {
  /// All attempts together, the first included; 1 to 100. 1: exactly one.
  int max_attempts = 3;

  /// Before the n-th repetition a call waits for a random time (full jitter) between nothing and
  /// `initial_backoff` * 2^(n-1), at most `max_backoff`; longer if the service asks for it with
  /// `Retry-After` (RFC 9110, section 10.2.3). Not negative. The one exception is a 401 that
  /// brought a new token: that repetition does not wait.
  std::chrono::milliseconds initial_backoff{200};

  /// The longest of these waits, but for one that the service asks for. Not negative.
  std::chrono::milliseconds max_backoff{5'000};

  /// Repeats `RequestOutcome::kUnknown` as well. A repetition may then create a second account,
  /// unless the service honours `CallOptions::idempotency_key`.
  bool repeat_unknown_outcomes = false;
};

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_RETRY_POLICY_H_
