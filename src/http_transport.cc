#include <service_accounts/http_transport.h>

namespace service_accounts::v0 {

HttpTransport::~HttpTransport() = default;

void HttpTransport::SendAsync(
    const HttpRequest& request, const SendContext& context,
    // NOLINTNEXTLINE(performance-unnecessary-value-param): other transports keep it.
    std::function<void(TransportResult)> done) {
  done(Send(request, context));
}

}  // namespace service_accounts::v0
