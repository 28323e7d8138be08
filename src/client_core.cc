#include "client_core.h"

#include <random>
#include <utility>

#include <service_accounts/version.h>

#include "default_transport.h"
#include "proxy_secrets.h"
#include "request_headers.h"
#include "url.h"

namespace service_accounts::internal {
namespace {

std::vector<Header> HeadersOf(const ClientOptions& options) {
  std::string user_agent = options.user_agent;
  if (!user_agent.empty()) user_agent += ' ';
  user_agent.append("service-accounts-cpp/").append(Version());
  return MergeHeaders({{"Accept", "application/json"},
                       {"Content-Type", "application/json"},
                       {"User-Agent", std::move(user_agent)}},
                      options.headers);
}

/// The environment's proxy is not for loopback: none is nearer, and it would be handed the token in
/// clear.
ProxyOptions ProxyFor(const ProxyOptions& proxy, const BaseUrl& url) {
  const bool from_environment = proxy.source() == ProxyOptions::Source::kEnvironment;
  return from_environment && url.loopback ? ProxyOptions::None() : proxy;
}

}  // namespace

ClientCore::ClientCore(ClientOptions options)
    : ClientCore(std::move(options), SystemClock(), std::random_device()()) {}

ClientCore::ClientCore(ClientOptions options, const Clock& clock, std::uint64_t seed)
    : options_(std::move(options)), invalid_(options_.Validate()), clock_(clock), jitter_(seed) {
  if (invalid_) return;
  std::string problem;
  const auto url = ParseBaseUrl(options_.base_url, &problem);
  base_url_ = url->text;
  headers_ = HeadersOf(options_);
  const ProxyOptions proxy = ProxyFor(options_.proxy, *url);
  if (!url->https) proxy_secrets_ = ProxySecrets(proxy, url->https);
  transport_ = options_.transport;
  if (transport_ == nullptr) {
    transport_ = MakeDefaultTransport({proxy, options_.http_version, options_.tls});
  }
}

}  // namespace service_accounts::internal
