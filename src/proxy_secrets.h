// The credentials of a proxy, and every way in which they could come back.
#ifndef SERVICE_ACCOUNTS_SRC_PROXY_SECRETS_H_
#define SERVICE_ACCOUNTS_SRC_PROXY_SECRETS_H_

#include <string>
#include <string_view>
#include <vector>

#include <service_accounts/proxy_options.h>

namespace service_accounts::v0::internal {

/// What the environment names as the proxy to such a service, by libcurl's rules but for no_proxy;
/// "" when it names none.
[[nodiscard]] std::string EnvironmentProxy(bool https);

/// What to blot out: user and password, as they are written in the URL and as they are sent, also
/// in the form that HTTP's "Basic" gives them. None without credentials.
[[nodiscard]] std::vector<std::string> ProxySecrets(const ProxyOptions& proxy, bool https);

/// Base64 as in RFC 4648, with padding.
[[nodiscard]] std::string Base64(std::string_view bytes);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_PROXY_SECRETS_H_
