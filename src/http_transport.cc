#include <service_accounts/http_transport.h>

namespace service_accounts {

HttpTransport::~HttpTransport() = default;

// NOLINTNEXTLINE(performance-unnecessary-value-param): others keep it.
void HttpTransport::SendAsync(const HttpRequest& request, const SendContext& context,
                              std::function<void(TransportResult)> done) {
  done(Send(request, context));
}

}  // namespace service_accounts
