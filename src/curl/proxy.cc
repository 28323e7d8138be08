#include "curl/proxy.h"

#include <string_view>

#include "curl/set_option.h"
#include "proxy_secrets.h"
#include "redaction.h"
#include "url.h"

namespace service_accounts::v0::internal {
namespace {

using Source = ProxyOptions::Source;

/// What libcurl begins with where it is about to quote the whole URL of a proxy.
constexpr std::string_view kQuotesUrl = "Unsupported proxy";

/// An empty CURLOPT_PROXY is "none", and an empty CURLOPT_NOPROXY "no exceptions": unset, each
/// would be looked for in the environment.
void SetProxyUrl(const std::string& text, CURL* easy, std::string* refused) {
  std::string problem;
  const auto url = ParseProxyUrl(text, &problem);
  SetOption(easy, CURLOPT_PROXY, url->text.c_str(), refused);
  SetOption(easy, CURLOPT_NOPROXY, "", refused);
  if (url->user_info.empty()) return;
  // Not in the URL, which libcurl quotes in errors; and not in CURLOPT_PROXYUSERNAME and
  // CURLOPT_PROXYPASSWORD, which only some versions percent-decode, while this one all do.
  SetOption(easy, CURLOPT_PROXYUSERPWD, url->user_info.c_str(), refused);
}

}  // namespace

void SetProxy(const DefaultTransportOptions& options, CURL* easy, std::string* refused) {
  if (options.proxy.source() == Source::kNone) {
    SetOption(easy, CURLOPT_PROXY, "", refused);
    SetOption(easy, CURLOPT_NOPROXY, "", refused);
    return;
  }
  if (options.proxy.source() == Source::kUrl) SetProxyUrl(options.proxy.url(), easy, refused);
  // No dialogue: it would take a second CONNECT, and libcurl's GSS-API for SOCKS ignores deadlines.
  SetOption(easy, CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC), refused);
  SetOption(easy, CURLOPT_SOCKS5_AUTH, static_cast<long>(CURLAUTH_BASIC), refused);
  SetOption(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L, refused);
  SetOption(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L, refused);
  SetOption(easy, CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2), refused);
  if (options.tls.ca_file.empty()) return;
  SetOption(easy, CURLOPT_PROXY_CAINFO, options.tls.ca_file.c_str(), refused);
  SetOption(easy, CURLOPT_PROXY_CAPATH, static_cast<const char*>(nullptr), refused);
}

ProxyFacts FactsOfProxy(const ProxyOptions& proxy, CURL* easy, bool https) {
  ProxyFacts facts;
  if (proxy.source() == Source::kUrl) {
    std::string problem;
    facts.use = ProxyUse::kCertain;
    facts.tls = ParseProxyUrl(proxy.url(), &problem)->https;
  } else if (proxy.source() == Source::kEnvironment && !EnvironmentProxy(https).empty()) {
    facts.use = ProxyUse::kPossible;
  }
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &facts.connect_status);
  return facts;
}

std::string WithoutProxySecrets(std::string text, const ProxyOptions& proxy, bool https) {
  // Nobody knows which part of a URL that libcurl cannot read was meant to be the password.
  if (text.compare(0, kQuotesUrl.size(), kQuotesUrl) == 0) {
    return text.substr(0, text.find('\'')).append(kRedacted);
  }
  for (const std::string& secret : ProxySecrets(proxy, https)) Redact(secret, &text);
  return text;
}

}  // namespace service_accounts::v0::internal
