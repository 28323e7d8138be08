// A token being fetched on a thread of its own, for an event loop that cannot wait for it.
#ifndef SERVICE_ACCOUNTS_SRC_TOKEN_FETCH_H_
#define SERVICE_ACCOUNTS_SRC_TOKEN_FETCH_H_

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <service_accounts/credentials.h>

#include "contain.h"
#include "deadline.h"
#include "quiet_thread.h"
#include "token_source.h"

namespace service_accounts::v0::internal {

class TokenFetch {
 public:
  /// Fetches here and now where no thread is to be had. `on_landed` runs on either, while this is
  /// there.
  TokenFetch(Credentials credentials, const Clock& clock, std::function<void()> on_landed)
      : state_(std::make_shared<State>(std::move(credentials), clock, std::move(on_landed))) {
    const auto no_thread =
        Contain([&] { thread_ = QuietThread([state = state_] { state->Run(); }); });
    if (no_thread) state_->Run();
  }

  /// Waits for the program's own function, if that is running; unless it is that which ends the
  /// client, or the process.
  ~TokenFetch() {
    state_->Abandon();
    if (!thread_.joinable()) return;
    if (thread_.get_id() == std::this_thread::get_id()) {
      thread_.detach();
    } else {
      thread_.join();
    }
  }
  TokenFetch(const TokenFetch&) = delete;
  TokenFetch& operator=(const TokenFetch&) = delete;

  [[nodiscard]] bool landed() const { return state_->landed(); }

  /// Once it has landed.
  [[nodiscard]] const Result<Token>& token() const { return state_->token(); }

 private:
  /// What its thread needs, which may be there longer.
  class State {
   public:
    State(Credentials credentials, const Clock& clock, std::function<void()> on_landed)
        : credentials_(std::move(credentials)), clock_(clock), on_landed_(std::move(on_landed)) {}

    void Run() {
      const CancellationToken cancellation = cancellation_.token();
      // Each call that waits for it does so within its own time.
      auto threw = Contain([&] {
        token_ =
            credentials_.source()->GetToken({clock_, clock_.Now() + kLongestTimeout, cancellation});
      });
      if (threw) token_ = NoToken(*std::move(threw));
      const std::lock_guard<std::mutex> lock(mutex_);
      landed_ = true;
      if (on_landed_) on_landed_();
    }

    void Abandon() {
      cancellation_.Cancel();
      const std::lock_guard<std::mutex> lock(mutex_);
      on_landed_ = nullptr;
    }

    [[nodiscard]] bool landed() {
      const std::lock_guard<std::mutex> lock(mutex_);
      return landed_;
    }
    [[nodiscard]] const Result<Token>& token() const { return *token_; }

   private:
    [[nodiscard]] static Error NoToken(std::string why) noexcept {
      Error error;
      error.kind = ErrorKind::kUnauthenticated;
      error.message = std::move(why);
      return error;
    }

    const Credentials credentials_;
    const Clock& clock_;
    const CancellationSource cancellation_;
    std::optional<Result<Token>> token_;
    std::mutex mutex_;
    bool landed_ = false;
    std::function<void()> on_landed_;
  };

  const std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_TOKEN_FETCH_H_
