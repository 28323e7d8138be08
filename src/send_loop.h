// What an event loop sends requests through: many at a time, and waits for all of them at once.
#ifndef SERVICE_ACCOUNTS_SRC_SEND_LOOP_H_
#define SERVICE_ACCOUNTS_SRC_SEND_LOOP_H_

#include <service_accounts/http_transport.h>

#include "clock.h"

namespace service_accounts::v0::internal {

/// One request on its way, and who wants to know what came of it.
class Send {
 public:
  Send() = default;
  Send(const Send&) = delete;
  Send& operator=(const Send&) = delete;
  virtual ~Send() = default;

  /// Stays as it is until the end.
  [[nodiscard]] virtual const HttpRequest& request() = 0;
  [[nodiscard]] virtual SendContext context() = 0;

  /// Called once, by any function of the loop but `Wake`.
  virtual void OnSent(TransportResult&& result) noexcept = 0;

  void* transfer = nullptr;  ///< For the loop's own use.
};

/// Used by one thread at a time, but for `Wake`. Every send has to end before the loop does.
class SendLoop {
 public:
  SendLoop() = default;
  SendLoop(const SendLoop&) = delete;
  SendLoop& operator=(const SendLoop&) = delete;
  virtual ~SendLoop() = default;

  /// If it throws, nothing was sent, and nothing is reported.
  virtual void Begin(Send* send) = 0;

  /// Ends it, at once or in the next `Run`, which then says how far it came. Whoever began it has
  /// to look at the token in its context: the loop does not.
  virtual void Cancel(Send* send) = 0;

  /// Reports what has ended, after waiting for it. Returns then, at that time, or when woken.
  virtual void Run(SteadyTime until) = 0;

  /// Makes `Run` return soon, or at once the next time. From any thread.
  virtual void Wake() noexcept = 0;

  /// There will be no further sends: what `Begin` waits for, if it does, is not waited for. From
  /// any thread.
  virtual void Stop() { Wake(); }

  /// False when it has failed for good: not to be used for further sends.
  [[nodiscard]] virtual bool usable() const noexcept = 0;
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_SEND_LOOP_H_
