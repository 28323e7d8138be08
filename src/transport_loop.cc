#include "transport_loop.h"

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contain.h"

namespace service_accounts::v0::internal {
namespace {

/// A send that the transport has under way, or has ended.
struct Sending {
  Sending(Send* of, SendContext given, const CancellationToken& stop)
      : send(of), context(std::move(given)) {
    const auto cancel = [this] { cancellation.Cancel(); };
    on_cancellation.emplace(context.cancellation, cancel);
    on_stop.emplace(stop, cancel);
    context.cancellation = cancellation.token();
  }

  /// The transport may hold on to what is left, and let go of it anywhere, in a cancellation too.
  void Detach() {
    on_cancellation.reset();
    on_stop.reset();
  }

  Send* const send;
  const CancellationSource cancellation;
  SendContext context;
  std::optional<CancellationCallback> on_cancellation;  ///< Of the call.
  std::optional<CancellationCallback> on_stop;          ///< Of the loop.
  bool ended = false;  ///< Guarded by the mailbox, as is the result.
  TransportResult result;
};

/// Where the transport's threads leave what has ended. They may hold on to it longer than the loop.
class Mailbox {
 public:
  void Put(const std::shared_ptr<Sending>& sending, TransportResult result) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (std::exchange(sending->ended, true)) return;  // A transport that says so twice.
      sending->result = std::move(result);
      ended_.push_back(sending);
    }
    Wake();
  }

  void Wake() noexcept {
    std::optional<CancellationSource> waiting;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      woken_ = true;
      waiting = waiting_;
    }
    if (waiting) waiting->Cancel();
  }

  /// What has ended, after waiting for something to end.
  [[nodiscard]] std::vector<std::shared_ptr<Sending>> Take(SteadyTime until, const Clock& clock) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!woken_) {
      const CancellationToken woken = waiting_.emplace().token();
      lock.unlock();
      clock.WaitUntil(until, woken);
      lock.lock();
      waiting_.reset();
    }
    woken_ = false;
    return std::exchange(ended_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<Sending>> ended_;
  bool woken_ = false;
  std::optional<CancellationSource> waiting_;  ///< Wakes the loop, if it waits.
};

class TransportLoop final : public SendLoop {
 public:
  TransportLoop(std::shared_ptr<HttpTransport> transport, const Clock& clock)
      : transport_(std::move(transport)), clock_(clock) {}

  void Begin(Send* send) override {
    const auto sending = std::make_shared<Sending>(send, send->context(), stop_.token());
    send->transfer = sending.get();
    const auto done = [sending, mailbox = mailbox_](TransportResult result) {
      mailbox->Put(sending, std::move(result));
    };
    const auto threw =
        Contain([&] { transport_->SendAsync(send->request(), sending->context, done); });
    if (threw) done(TransportThrew(*threw));
  }

  void Cancel(Send* send) override { static_cast<Sending*>(send->transfer)->cancellation.Cancel(); }

  void Run(SteadyTime until) override {
    for (const auto& sending : mailbox_->Take(until, clock_)) {
      sending->Detach();
      sending->send->OnSent(std::move(sending->result));
    }
  }

  void Wake() noexcept override { mailbox_->Wake(); }

  /// The loop's thread may be in the transport's `Send`.
  void Stop() override {
    stop_.Cancel();
    Wake();
  }

  [[nodiscard]] bool usable() const noexcept override { return true; }

 private:
  const std::shared_ptr<HttpTransport> transport_;
  const Clock& clock_;
  const CancellationSource stop_;
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
};

}  // namespace

TransportFailure TransportThrew(const std::string& what) {
  return {ErrorKind::kConnection, RequestOutcome::kUnknown, "the transport " + Threw(what),
          HttpResponse()};
}

std::unique_ptr<SendLoop> MakeTransportLoop(std::shared_ptr<HttpTransport> transport,
                                            const Clock& clock) {
  return std::make_unique<TransportLoop>(std::move(transport), clock);
}

}  // namespace service_accounts::v0::internal
