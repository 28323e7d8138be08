// Creating many accounts with one call.
//
//   BulkOptions bulk;
//   bulk.max_in_flight = 64;
//   bulk.on_progress = [](const BulkProgress& p) { Show(p.done, p.total); };
//   auto accounts = client.CreateServiceAccounts(requests, bulk);
#ifndef SERVICE_ACCOUNTS_BULK_OPTIONS_H_
#define SERVICE_ACCOUNTS_BULK_OPTIONS_H_

#include <cstddef>
#include <functional>
#include <string>

#include <service_accounts/call_options.h>

namespace service_accounts {
inline namespace v0 {

/// How far a bulk call has come.
struct BulkProgress {
  std::size_t done = 0;    ///< Requests whose result is there, failed ones included.
  std::size_t failed = 0;  ///< Of those, the ones that ended in an error.
  std::size_t total = 0;   ///< Requests in all.
};

/// How a bulk call goes about its requests. A plain value with its defaults in place.
struct BulkOptions {
  /// So many requests are on their way at a time, at least 1. Over HTTP/1.1 each has a connection
  /// of its own; working memory follows this number, not that of the requests.
  std::size_t max_in_flight = 16;

  /// Begins no further request once one has failed. Those that are on their way come to their ends,
  /// without repetitions; those that were not begun end as `ErrorKind::kCancelled`, not sent.
  bool stop_on_error = false;

  /// For each request: its timeout, which begins with its first attempt, and so on. Cancelling ends
  /// them all. Its `idempotency_key` has to be empty, since one key cannot stand for many requests.
  CallOptions call;

  /// The `Idempotency-Key` of the request at that index (from 0), as
  /// `CallOptions::idempotency_key`. Called once for each, when its turn comes, on the thread that
  /// makes the bulk call. If it throws, that request is refused with `ErrorKind::kInvalidArgument`.
  /// None: no such field.
  std::function<std::string(std::size_t index)> idempotency_key;

  /// Called after each result that comes of a request that was begun, on the thread that makes the
  /// bulk call; it should be quick, as the requests on their way wait for it. An exception in it is
  /// reported to the observer.
  std::function<void(const BulkProgress&)> on_progress;
};

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_BULK_OPTIONS_H_
