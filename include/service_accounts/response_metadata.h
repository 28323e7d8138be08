// What surrounded the account: the reply's status, ids, header fields and text.
//
//   auto account = client.CreateServiceAccount(request);
//   Log(account.metadata().request_id, account.metadata().elapsed);   // on an error too
#ifndef SERVICE_ACCOUNTS_RESPONSE_METADATA_H_
#define SERVICE_ACCOUNTS_RESPONSE_METADATA_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <service_accounts/attempt_record.h>
#include <service_accounts/header.h>

namespace service_accounts {
inline namespace v0 {

/// About the last reply of a call; zeroed and empty where none arrived. As in `Error`, the token
/// stands nowhere in it.
struct ResponseMetadata {
  int http_status = 0;                  ///< 0: no status was received.
  std::string request_id;               ///< The body's `requestId`, else the `X-Request-Id` header.
  std::string message;                  ///< The envelope's `message`, e.g. "success".
  std::string http_version;             ///< As in the status line, e.g. "HTTP/1.1".
  std::string body;                     ///< As received, whole or as far as it came.
  std::int64_t code = 0;                ///< The envelope's `code`; 0: none, or not an integer.
  HeaderList headers;                   ///< As received, in order.
  std::vector<AttemptRecord> attempts;  ///< In order; empty when the call was refused here.
  std::chrono::nanoseconds elapsed{0};  ///< The whole call on the steady clock.
};

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_RESPONSE_METADATA_H_
