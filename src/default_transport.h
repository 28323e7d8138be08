// The transport of clients that were given none.
#ifndef SERVICE_ACCOUNTS_SRC_DEFAULT_TRANSPORT_H_
#define SERVICE_ACCOUNTS_SRC_DEFAULT_TRANSPORT_H_

#include <memory>

#include <service_accounts/http_transport.h>

namespace service_accounts::internal {

struct DefaultTransportOptions {
  /// Go to the host itself, whatever proxy the environment names. For loopback: no proxy is nearer,
  /// and one that was would be handed the token in clear.
  bool direct = false;
};

[[nodiscard]] std::shared_ptr<HttpTransport> MakeDefaultTransport(
    const DefaultTransportOptions& options);

}  // namespace service_accounts::internal

#endif  // SERVICE_ACCOUNTS_SRC_DEFAULT_TRANSPORT_H_
