// The proxy of a handle: setting it, and what there is to say of it when a transfer failed.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_PROXY_H_
#define SERVICE_ACCOUNTS_SRC_CURL_PROXY_H_

#include <string>

#include <curl/curl.h>

#include "curl/failure.h"
#include "default_transport.h"

namespace service_accounts::v0::internal {

/// The first option that libcurl refuses is named in `refused`.
void SetProxy(const DefaultTransportOptions& options, CURL* easy, std::string* refused);

/// Of a transfer that has ended. From the environment's proxy nothing more is known than that there
/// may be one: libcurl does not tell whether no_proxy kept it from being used.
[[nodiscard]] ProxyFacts FactsOfProxy(const ProxyOptions& proxy, CURL* easy, bool https);

/// libcurl's words without the proxy's credentials.
[[nodiscard]] std::string WithoutProxySecrets(std::string text, const ProxyOptions& proxy,
                                              bool https);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_PROXY_H_
