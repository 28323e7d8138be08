// What the copies of a client share: the checked options, the transport, the clock.
#ifndef SERVICE_ACCOUNTS_SRC_CLIENT_CORE_H_
#define SERVICE_ACCOUNTS_SRC_CLIENT_CORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <service_accounts/client_options.h>

#include "block_pool.h"
#include "clock.h"
#include "default_transport.h"
#include "idle_pool.h"
#include "jitter.h"
#include "spare_requests.h"

namespace service_accounts::v0::internal {

class CallLoop;
class CallThread;
class LoopCall;

/// Safe for use from any thread. Calls that may outlive the client hold on to it.
class ClientCore : public std::enable_shared_from_this<ClientCore> {
 public:
  explicit ClientCore(ClientOptions options);

  /// With a clock and a random sequence of the caller's choice.
  ClientCore(ClientOptions options, const Clock& clock, std::uint64_t seed);
  ~ClientCore();
  ClientCore(const ClientCore&) = delete;
  ClientCore& operator=(const ClientCore&) = delete;

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
  [[nodiscard]] const std::shared_ptr<BlockPool>& blocks() const noexcept { return blocks_; }
  [[nodiscard]] SpareRequests& spare_requests() const noexcept { return spare_requests_; }

  /// Has the background thread drive the call: the first one starts it. Where there is no thread to
  /// be had, the call ends here and now.
  void Post(std::unique_ptr<LoopCall> call) const;

  /// Cancels the posted calls and waits for their ends; on the thread itself without waiting.
  void EndCalls() const;

  /// For many calls on the thread that takes it, with its connections warm from the last time.
  [[nodiscard]] std::unique_ptr<CallLoop> TakeLoop() const;
  void ReturnLoop(std::unique_ptr<CallLoop> loop) const;

 private:
  [[nodiscard]] std::unique_ptr<SendLoop> MakeSendLoop() const;

  /// Null, and why, if it cannot be had.
  [[nodiscard]] std::shared_ptr<CallThread> Thread(std::string* problem) const;

  ClientOptions options_;
  std::optional<Error> invalid_;
  std::string base_url_;
  std::vector<Header> headers_;
  std::vector<std::string> proxy_secrets_;
  DefaultTransportOptions default_transport_;
  std::shared_ptr<HttpTransport> transport_;
  const Clock& clock_;
  mutable Jitter jitter_;
  mutable std::atomic<std::uint64_t> calls_{0};
  mutable SpareRequests spare_requests_;
  const std::shared_ptr<BlockPool> blocks_ = std::make_shared<BlockPool>();
  mutable IdlePool<CallLoop> loops_;
  mutable std::mutex thread_mutex_;
  mutable std::shared_ptr<CallThread> thread_;  ///< Null until there is an asynchronous call.
};

/// As the copies of a client hold it: the last of them ends its calls.
[[nodiscard]] std::shared_ptr<const ClientCore> ShareCore(ClientOptions options);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CLIENT_CORE_H_
