// The background thread of a client: drives its asynchronous calls.
#ifndef SERVICE_ACCOUNTS_SRC_CALL_THREAD_H_
#define SERVICE_ACCOUNTS_SRC_CALL_THREAD_H_

#include <memory>
#include <string>
#include <thread>

#include "call_loop.h"
#include "process_id.h"

namespace service_accounts::v0::internal {

/// All of it may be called from any thread.
class CallThread {
 public:
  /// Null, and why, when there is no thread to be had, or no descriptor.
  [[nodiscard]] static std::shared_ptr<CallThread> Start(std::unique_ptr<SendLoop> sends,
                                                         const Clock& clock, std::string* problem);

  /// For `Start`.
  CallThread(std::unique_ptr<SendLoop> sends, const Clock& clock)
      : loop_(std::move(sends), clock) {}

  void Post(std::unique_ptr<LoopCall> call) { loop_.Post(std::move(call)); }

  /// Cancels all calls and waits for their ends; on the thread itself without waiting. Once.
  void Stop();

  /// Lets it end by itself, when its calls have ended, and waits for nothing. Once, in place of
  /// `Stop`.
  void Retire();

  /// False when it cannot send any more.
  [[nodiscard]] bool usable() const noexcept { return loop_.usable(); }

  /// False in a forked child, where the thread is not.
  [[nodiscard]] bool IsHere() const { return process_ == CurrentProcess(); }

 private:
  CallLoop loop_;
  std::thread thread_;
  const int process_ = CurrentProcess();
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CALL_THREAD_H_
