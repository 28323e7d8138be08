// What the copies of a client share: the checked options, the transport, the clock.
#ifndef SERVICE_ACCOUNTS_SRC_CLIENT_CORE_H_
#define SERVICE_ACCOUNTS_SRC_CLIENT_CORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <service_accounts/client_options.h>

#include "clock.h"
#include "jitter.h"

namespace service_accounts::internal {

/// Safe for use from any thread: once it is made, nothing changes but counter and random sequence.
class ClientCore {
 public:
  explicit ClientCore(ClientOptions options);

  /// With a clock and a random sequence of the caller's choice.
  ClientCore(ClientOptions options, const Clock& clock, std::uint64_t seed);

  /// Why no call can be made; the rest is only there if this has no value.
  [[nodiscard]] const std::optional<Error>& invalid() const noexcept { return invalid_; }

  [[nodiscard]] const ClientOptions& options() const noexcept { return options_; }
  [[nodiscard]] const std::string& base_url() const noexcept { return base_url_; }

  /// Of every request, but for the token.
  [[nodiscard]] const std::vector<Header>& headers() const noexcept { return headers_; }

  /// What a proxy that is handed the requests themselves might send back. Empty for https://, where
  /// the service's replies cannot hold them.
  [[nodiscard]] const std::vector<std::string>& proxy_secrets() const noexcept {
    return proxy_secrets_;
  }

  [[nodiscard]] HttpTransport& transport() const noexcept { return *transport_; }
  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
  [[nodiscard]] double Random() const { return jitter_.Next(); }
  [[nodiscard]] std::uint64_t CountCall() const { return ++calls_; }

 private:
  ClientOptions options_;
  std::optional<Error> invalid_;
  std::string base_url_;
  std::vector<Header> headers_;
  std::vector<std::string> proxy_secrets_;
  std::shared_ptr<HttpTransport> transport_;
  const Clock& clock_;
  mutable Jitter jitter_;
  mutable std::atomic<std::uint64_t> calls_{0};
};

}  // namespace service_accounts::internal

#endif  // SERVICE_ACCOUNTS_SRC_CLIENT_CORE_H_
