// A token being fetched on a thread of its own, for an event loop that cannot wait for it.
#ifndef SERVICE_ACCOUNTS_SRC_TOKEN_FETCH_H_
#define SERVICE_ACCOUNTS_SRC_TOKEN_FETCH_H_

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <service_accounts/credentials.h>

#include "deadline.h"
#include "quiet_thread.h"
#include "token_source.h"

namespace service_accounts::internal {

class TokenFetch {
 public:
  /// Fetches here and now where no thread is to be had. `on_landed` runs on either.
  TokenFetch(Credentials credentials, const Clock& clock, std::function<void()> on_landed)
      : credentials_(std::move(credentials)), clock_(clock), on_landed_(std::move(on_landed)) {
    try {
      thread_ = QuietThread([this] { Run(); });
    } catch (const std::system_error&) {
      Run();
    }
  }

  /// Waits for the program's own function, if that is running.
  ~TokenFetch() {
    cancellation_.Cancel();
    if (thread_.joinable()) thread_.join();
  }
  TokenFetch(const TokenFetch&) = delete;
  TokenFetch& operator=(const TokenFetch&) = delete;

  [[nodiscard]] bool landed() const noexcept { return landed_.load(std::memory_order_acquire); }

  /// Once it has landed.
  [[nodiscard]] const Result<Token>& token() const { return *token_; }

 private:
  void Run() {
    const CancellationToken cancellation = cancellation_.token();
    // Each call that waits for it does so within its own time.
    token_ =
        credentials_.source()->GetToken({clock_, clock_.Now() + kLongestTimeout, cancellation});
    landed_.store(true, std::memory_order_release);
    on_landed_();
  }

  const Credentials credentials_;
  const Clock& clock_;
  const std::function<void()> on_landed_;
  const CancellationSource cancellation_;
  std::optional<Result<Token>> token_;
  std::atomic<bool> landed_{false};
  std::thread thread_;
};

}  // namespace service_accounts::internal

#endif  // SERVICE_ACCOUNTS_SRC_TOKEN_FETCH_H_
