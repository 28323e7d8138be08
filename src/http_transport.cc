#include <service_accounts/http_transport.h>

namespace service_accounts {

HttpTransport::~HttpTransport() = default;

}  // namespace service_accounts
