// An event loop that drives any number of calls on one thread: what `Drive` is for one.
#ifndef SERVICE_ACCOUNTS_SRC_CALL_LOOP_H_
#define SERVICE_ACCOUNTS_SRC_CALL_LOOP_H_

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <service_accounts/cancellation.h>

#include "call.h"
#include "clock.h"
#include "send_loop.h"

namespace service_accounts::v0::internal {

class CallLoop;
class TokenFetch;

/// A call that a loop drives, and owns meanwhile.
class LoopCall : private Send {
 public:
  [[nodiscard]] virtual CallState& state() = 0;

  /// It has ended, and is destroyed next. May post further calls to the loop.
  virtual void OnEnded() noexcept = 0;

  /// Asked before each step. A time: it is asked again then, or when it is resumed.
  [[nodiscard]] virtual std::optional<SteadyTime> HoldUntil() { return std::nullopt; }

  /// An attempt has ended; `HoldUntil` is asked next if there is to be another one.
  virtual void OnAttemptEnded() noexcept {}

 protected:
  /// The call ends as soon as this, which has to outlive it, is cancelled.
  explicit LoopCall(const CancellationToken& cancellation) : cancellation_(cancellation) {}

  /// It has an attempt on its way.
  [[nodiscard]] bool sending() const noexcept { return sending_; }

 private:
  friend class CallLoop;
  using Timers = std::multimap<SteadyTime, LoopCall*>;

  [[nodiscard]] const HttpRequest& request() override { return state().request(); }
  [[nodiscard]] SendContext context() override { return state().context(); }
  void OnSent(TransportResult&& result) noexcept override;

  const CancellationToken& cancellation_;
  std::optional<CancellationCallback> on_cancellation_;
  CallLoop* loop_ = nullptr;
  std::size_t place_ = 0;  ///< In the loop.
  bool sending_ = false;
  bool resumed_ = false;
  const TokenFetch* awaited_token_ = nullptr;
  std::optional<Timers::iterator> timer_;
};

/// Run by one thread at a time; what may be called from any other says so. It waits for nothing but
/// its sends and times, so that no call waits for another: a token that has to be fetched is
/// fetched on a thread that is there for that alone, once for all calls that need it. What a step
/// of a call throws, for want of memory, ends that call alone.
class CallLoop {
 public:
  /// The clock is that of the calls.
  CallLoop(std::unique_ptr<SendLoop> sends, const Clock& clock);
  ~CallLoop();
  CallLoop(const CallLoop&) = delete;
  CallLoop& operator=(const CallLoop&) = delete;

  /// Adds a call, which begins when the loop runs. From any thread.
  void Post(std::unique_ptr<LoopCall> call);

  /// Drives all calls to their ends. `forever`: then waits for further ones, until it is to finish.
  void Run(bool forever = false);

  /// Lets `Run` end when all calls have ended. From any thread.
  void Finish();

  /// The same, and cancels all calls, those to come too. From any thread.
  void Stop();

  /// Has a call go on, after what is under way, that was told to hold.
  void Resume(LoopCall* call) noexcept;

  /// False when it cannot send any more. From any thread.
  [[nodiscard]] bool usable() const noexcept { return usable_; }

 private:
  friend class LoopCall;

  enum class Next { kWait, kSend, kEnd };

  void TakePosted() noexcept;
  void Take(std::unique_ptr<LoopCall>* posted);
  void TakeToken() noexcept;
  void AdvanceCancelled() noexcept;
  void AdvanceResumed() noexcept;
  void AdvanceDue() noexcept;
  [[nodiscard]] bool AwaitEvents(bool forever);
  [[nodiscard]] SteadyTime NextTime() const noexcept;
  void Advance(LoopCall* call) noexcept;
  [[nodiscard]] Next Step(LoopCall* call);
  [[nodiscard]] bool GetToken(LoopCall* call);
  void GiveToken(LoopCall* call, const TokenFetch& landed) noexcept;
  void OnSent(LoopCall* call, TransportResult&& result) noexcept;
  void End(LoopCall* call) noexcept;
  void Forget(LoopCall* call) noexcept;
  void SetTimer(LoopCall* call, SteadyTime time);
  void StopTimer(LoopCall* call);
  void Wake() { sends_->Wake(); }

  const std::unique_ptr<SendLoop> sends_;
  const Clock& clock_;
  std::vector<std::unique_ptr<LoopCall>> calls_;  ///< Each at its `place_`.
  std::vector<LoopCall*> resumed_;                ///< With room for all calls.
  LoopCall::Timers timers_;
  std::unique_ptr<TokenFetch> fetch_;  ///< Null: none is under way.

  std::atomic<std::thread::id> thread_{};  ///< That runs it.
  std::atomic<bool> usable_;
  std::atomic<bool> finishing_{false};
  std::atomic<bool> stopped_{false};       ///< All calls are cancelled.
  std::atomic<bool> cancellation_{false};  ///< Of some call, not yet looked for.
  std::mutex mutex_;
  std::vector<std::unique_ptr<LoopCall>> posted_;
  std::vector<std::unique_ptr<LoopCall>> taken_;  ///< Of those; empty but while they are begun.
  bool taking_ = false;
  bool asleep_ = false;  ///< It has to be woken for what is posted.
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CALL_LOOP_H_
