// What each attempt of a call came to, and where its time went.
//
//   for (const AttemptRecord& attempt : account.metadata().attempts) Log(attempt.total);
#ifndef SERVICE_ACCOUNTS_ATTEMPT_RECORD_H_
#define SERVICE_ACCOUNTS_ATTEMPT_RECORD_H_

#include <chrono>
#include <optional>

#include <service_accounts/error.h>

namespace service_accounts {
inline namespace v0 {

/// The connection's part of an attempt; zeroed by transports that do not measure it. Lookup,
/// connect and handshake follow one another, and are zero where a connection is used again.
struct TransferTimes {
  bool connection_reused = false;          ///< No lookup, connect or handshake was needed.
  std::chrono::nanoseconds lookup{0};      ///< Of the host's name.
  std::chrono::nanoseconds connect{0};     ///< TCP, and the way through a proxy.
  std::chrono::nanoseconds tls{0};         ///< The handshake.
  std::chrono::nanoseconds first_byte{0};  ///< From the attempt's begin to the reply's first byte.
};

/// One attempt: a request that was about to be sent, whether it was or not. A plain value.
struct AttemptRecord {
  std::optional<RequestOutcome> outcome;    ///< No value: it created the account.
  int http_status = 0;                      ///< 0: no status was received.
  TransferTimes times;                      ///< Of that, the connection's part.
  std::chrono::nanoseconds total{0};        ///< The attempt from begin to end.
  std::chrono::nanoseconds wait_before{0};  ///< Between the attempt before and this one.
};

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_ATTEMPT_RECORD_H_
