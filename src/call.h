// One call: from checked options and an encoded body to a `Result`.
#ifndef SERVICE_ACCOUNTS_SRC_CALL_H_
#define SERVICE_ACCOUNTS_SRC_CALL_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <service_accounts/call_options.h>
#include <service_accounts/client_options.h>
#include <service_accounts/http_transport.h>
#include <service_accounts/result.h>

#include "redaction.h"
#include "response_mapping.h"
#include "token_source.h"

namespace service_accounts::internal {

/// An operation of the service: where it is, and how its reply is read.
template <class T>
struct Operation {
  const char* method;
  const char* path;  ///< Behind the base URL.
  Decode<T> decode;
};

/// What the copies of a client share. Never changes, so threads need no lock for it.
class ClientCore {
 public:
  explicit ClientCore(ClientOptions options);

  /// What came back, with the token that was sent, so that it can be blotted out.
  struct Exchange {
    TransportResult reply;
    Token token;
  };

  /// Checks what the call adds to the options and sends one request. An error says that it was
  /// refused before any network use.
  [[nodiscard]] Result<Exchange> Send(const char* method, const char* path, std::string body,
                                      const CallOptions& call) const;

 private:
  [[nodiscard]] Result<HttpRequest> BuildRequest(const char* method, const char* path,
                                                 std::string body, const CallOptions& call,
                                                 const std::string& token) const;

  ClientOptions options_;
  std::optional<Error> invalid_;
  std::string base_url_;
  std::vector<Header> headers_;  // Of every request, but for the token.
  std::shared_ptr<HttpTransport> transport_;
};

template <class T>
[[nodiscard]] Result<T> Call(const ClientCore& core, const Operation<T>& operation,
                             Result<std::string> body, const CallOptions& call) {
  const auto begun = std::chrono::steady_clock::now();
  if (!body) return std::move(body).error();
  auto exchange = core.Send(operation.method, operation.path, *std::move(body), call);
  if (!exchange) return std::move(exchange).error();
  Mapped<T> mapped =
      MapResult(std::move(exchange->reply), operation.decode, std::chrono::system_clock::now());
  Redact(*exchange->token, &mapped.error);
  Redact(*exchange->token, &mapped.metadata);
  mapped.error.attempts = 1;
  mapped.metadata.elapsed = std::chrono::steady_clock::now() - begun;
  if (!mapped.value) return {std::move(mapped.error), std::move(mapped.metadata)};
  return {*std::move(mapped.value), std::move(mapped.metadata)};
}

}  // namespace service_accounts::internal

#endif  // SERVICE_ACCOUNTS_SRC_CALL_H_
