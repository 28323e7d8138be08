#include <service_accounts/client_options.h>

#include <cstdlib>

#include "deadline.h"
#include "invalid_argument.h"
#include "request_headers.h"
#include "retry_decision.h"
#include "tls_check.h"
#include "token_source.h"
#include "url.h"

namespace service_accounts::v0 {
namespace {

using internal::InvalidArgument;

constexpr std::size_t kLongestUserAgent = 256;

std::optional<Error> CheckBaseUrl(const ClientOptions& options) {
  std::string problem;
  const auto url = internal::ParseBaseUrl(options.base_url, &problem);
  if (!url) return InvalidArgument("base_url: " + problem);
  if (!url->https && !url->loopback && !options.allow_plain_http) {
    return InvalidArgument(
        "base_url: http:// would send the token in clear: use https://, or set allow_plain_http");
  }
  return std::nullopt;
}

/// The base URL has been found good.
std::optional<Error> CheckProxy(const ClientOptions& options) {
  if (options.proxy.source() != ProxyOptions::Source::kUrl) return std::nullopt;
  std::string problem;
  const auto proxy = internal::ParseProxyUrl(options.proxy.url(), &problem);
  if (!proxy) return InvalidArgument("proxy: the URL " + problem);
  const auto url = internal::ParseBaseUrl(options.base_url, &problem);
  if (!url->https && !proxy->loopback && !options.allow_plain_http) {
    return InvalidArgument(
        "proxy: would be handed the token, as base_url is http://: use https:// there, or set "
        "allow_plain_http");
  }
  return std::nullopt;
}

std::optional<Error> CheckCredentials(const Credentials& credentials) {
  if (credentials.source() == nullptr) {
    return InvalidArgument(
        "credentials: none are set: use BearerToken(), TokenFromEnvironment(), TokenFromFile() "
        "or TokenFromCallback()");
  }
  return credentials.source()->Check();
}

std::optional<Error> CheckUserAgent(const std::string& user_agent) {
  if (user_agent.size() > kLongestUserAgent) {
    return InvalidArgument("user_agent: is longer than 256 characters");
  }
  if (!internal::IsPrintable(user_agent)) {
    return InvalidArgument("user_agent: holds a character that is not printable ASCII");
  }
  return std::nullopt;
}

std::optional<Error> CheckBounds(const ClientOptions& options) {
  if (auto error = internal::CheckTimeout(options.timeout, "timeout")) return error;
  if (auto error = internal::CheckTimeout(options.connect_timeout, "connect_timeout")) return error;
  if (options.max_response_bytes == 0) {
    return InvalidArgument("max_response_bytes: is zero: no reply could be read");
  }
  return std::nullopt;
}

}  // namespace

ClientOptions ClientOptions::FromEnvironment() {
  ClientOptions options;
  const char* base_url = std::getenv("SERVICE_ACCOUNTS_BASE_URL");
  options.base_url = base_url != nullptr ? base_url : "";
  options.credentials = TokenFromEnvironment();
  return options;
}

std::optional<Error> ClientOptions::Validate() const {
  if (auto error = CheckBaseUrl(*this)) return error;
  if (auto error = CheckProxy(*this)) return error;
  if (auto error = CheckCredentials(credentials)) return error;
  if (auto error = CheckBounds(*this)) return error;
  if (auto error = internal::CheckRetryPolicy(retry)) return error;
  if (auto error = internal::CheckTlsOptions(tls)) return error;
  if (auto error = CheckUserAgent(user_agent)) return error;
  return internal::CheckHeaders(headers, "headers");
}

}  // namespace service_accounts::v0
