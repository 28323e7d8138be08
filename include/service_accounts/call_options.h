// What one call does differently from its client's options.
//
//   CallOptions call;
//   call.timeout = std::chrono::seconds(2);
//   call.headers.push_back({"X-Trace", trace_id});
//   auto account = client.CreateServiceAccount(request, call);
#ifndef SERVICE_ACCOUNTS_CALL_OPTIONS_H_
#define SERVICE_ACCOUNTS_CALL_OPTIONS_H_

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <service_accounts/cancellation.h>
#include <service_accounts/header.h>
#include <service_accounts/retry_policy.h>

namespace service_accounts {
inline namespace v0 {

/// What one call does differently. A plain value; what is left alone is as in `ClientOptions`.
struct CallOptions {
  /// Bounds this call in place of `ClientOptions::timeout`; more than zero. Longer than a year
  /// means a year.
  std::optional<std::chrono::milliseconds> timeout;

  /// Ends the call at once, wherever it is, when its source is cancelled. By default never.
  CancellationToken cancellation;

  /// Sent with this request, beside `ClientOptions::headers` or in the place of those of the same
  /// name. The same fields are refused, and the same number and size.
  std::vector<Header> headers;

  /// In place of `ClientOptions::retry`.
  std::optional<RetryPolicy> retry;

  /// Sent as `Idempotency-Key`, the same one with every attempt; never made up by the library,
  /// since a service that ignores it would make it a false assurance. Takes the place of such a
  /// field in `headers`. Printable ASCII, at most 255 characters; empty: none.
  std::string idempotency_key;
};

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_CALL_OPTIONS_H_
