#include <service_accounts/proxy_options.h>

#include <ostream>
#include <utility>

#include "url.h"

namespace service_accounts::v0 {

ProxyOptions::ProxyOptions(Source source, std::string url)
    : source_(source), url_(std::move(url)) {}

ProxyOptions ProxyOptions::FromEnvironment() { return {}; }

ProxyOptions ProxyOptions::None() { return {Source::kNone, ""}; }

ProxyOptions ProxyOptions::Url(std::string url) { return {Source::kUrl, std::move(url)}; }

std::ostream& operator<<(std::ostream& out, const ProxyOptions& proxy) {
  if (proxy.source() == ProxyOptions::Source::kEnvironment) {
    return out << "proxy from the environment";
  }
  if (proxy.source() == ProxyOptions::Source::kNone) return out << "no proxy";
  std::string problem;
  const auto url = internal::ParseProxyUrl(proxy.url(), &problem);
  return url ? out << "proxy " << url->text : out << "proxy with an invalid URL";
}

}  // namespace service_accounts::v0
