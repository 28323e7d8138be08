// A program's own transport as something that an event loop can send through.
#ifndef SERVICE_ACCOUNTS_SRC_TRANSPORT_LOOP_H_
#define SERVICE_ACCOUNTS_SRC_TRANSPORT_LOOP_H_

#include <memory>
#include <string>

#include <service_accounts/http_transport.h>

#include "send_loop.h"

namespace service_accounts::v0::internal {

/// The transport threw that: nobody knows how far it came.
[[nodiscard]] TransportFailure TransportThrew(const std::string& what);

/// Its waits are the clock's.
[[nodiscard]] std::unique_ptr<SendLoop> MakeTransportLoop(std::shared_ptr<HttpTransport> transport,
                                                          const Clock& clock);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_TRANSPORT_LOOP_H_
