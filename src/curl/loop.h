// Drives one transfer on the caller's thread, and keeps its connection for the next one.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_LOOP_H_
#define SERVICE_ACCOUNTS_SRC_CURL_LOOP_H_

#include <memory>

#include <curl/curl.h>

#include <service_accounts/http_transport.h>

#include "curl/transfer.h"

namespace service_accounts::internal {

struct CloseMulti {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};

/// A multi handle, which owns the connection, and the transfer that it drives. One thread at a
/// time.
class Loop {
 public:
  explicit Loop(const DefaultTransportOptions& options);

  /// Sends the request and returns when its outcome is known, at the deadline at the latest.
  [[nodiscard]] TransportResult Send(const HttpRequest& request, const SendContext& context);

  /// False when libcurl has refused something that it has to do: not to be used again.
  [[nodiscard]] bool usable() const noexcept { return usable_; }

 private:
  [[nodiscard]] CURLcode Drive();
  [[nodiscard]] TransportResult Refused(const std::string& what);

  // In this order: the transfer has to go before the connections that it may refer to.
  std::unique_ptr<CURLM, CloseMulti> multi_;
  Transfer transfer_;
  bool usable_ = true;
};

}  // namespace service_accounts::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_LOOP_H_
