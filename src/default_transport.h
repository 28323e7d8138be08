// The transport of clients that were given none.
#ifndef SERVICE_ACCOUNTS_SRC_DEFAULT_TRANSPORT_H_
#define SERVICE_ACCOUNTS_SRC_DEFAULT_TRANSPORT_H_

#include <memory>

#include <service_accounts/client_options.h>
#include <service_accounts/http_transport.h>

#include "send_loop.h"

namespace service_accounts::v0::internal {

struct DefaultTransportOptions {
  ProxyOptions proxy;  ///< A URL is a valid one.

  HttpVersion http_version = HttpVersion::kHttp11;
  TlsOptions tls;
};

[[nodiscard]] std::shared_ptr<HttpTransport> MakeDefaultTransport(
    const DefaultTransportOptions& options);

/// For many requests at a time, with connections of its own.
[[nodiscard]] std::unique_ptr<SendLoop> MakeDefaultSendLoop(const DefaultTransportOptions& options);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_DEFAULT_TRANSPORT_H_
