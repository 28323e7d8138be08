// The transport that clients use by themselves: libcurl, with a pool of lanes that keep their
// connections.
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "curl/loop.h"
#include "default_transport.h"
#include "process.h"

namespace service_accounts::internal {
namespace {

/// More idle connections than this are closed: a burst of threads should not hold them for good.
constexpr std::size_t kMostIdleLanes = 64;

/// Once in the process, and never undone: the host may use libcurl too, and at its exit nobody
/// knows who is last. libcurl counts, so that the host's own calls do not matter to us.
bool InitializeLibcurl() {
  static const bool initialized = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return initialized;
}

TransportFailure NotSent(ErrorKind kind, std::string message) {
  return {kind, RequestOutcome::kNotSent, std::move(message), HttpResponse()};
}

/// What one blocking call needs: a loop of its own, which it runs on its own thread, and a
/// transfer.
class Lane {
 public:
  explicit Lane(const DefaultTransportOptions& options) : loop_(1), transfer_(options) {}

  TransportResult Send(const HttpRequest& request, const SendContext& context) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (context.deadline <= now) {
      return NotSent(ErrorKind::kTimeout, "the time allowed passed before the request was sent");
    }
    const std::string refused = transfer_.Prepare(request, context, now);
    if (!refused.empty()) return Unable(refused);
    const CancellationCallback wake(context.cancellation, [this] { loop_.Wake(); });
    if (const char* problem = loop_.Add(&transfer_)) return Unable(problem);
    while (!transfer_.ended() && !context.cancellation.cancelled() && loop_.usable()) {
      static_cast<void>(loop_.Run());
    }
    if (!loop_.usable()) transfer_.End(CURLE_FAILED_INIT);
    loop_.Remove(&transfer_);
    return transfer_.Finish();
  }

  [[nodiscard]] bool usable() const noexcept { return loop_.usable() && transfer_.usable(); }

 private:
  static TransportFailure Unable(const std::string& why) {
    return NotSent(ErrorKind::kConnection, "libcurl cannot send the request (" + why + ")");
  }

  // In this order: a transfer has to go before the connections that it may refer to.
  Loop loop_;
  Transfer transfer_;
};

/// Lanes that nobody uses at the moment, the last one used on top: its connection is the warmest.
class LanePool {
 public:
  explicit LanePool(DefaultTransportOptions options) : options_(std::move(options)) {}
  ~LanePool() { AbandonAfterFork(); }
  LanePool(const LanePool&) = delete;
  LanePool& operator=(const LanePool&) = delete;

  std::unique_ptr<Lane> Take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    AbandonAfterFork();
    if (idle_.empty()) return std::make_unique<Lane>(options_);
    std::unique_ptr<Lane> lane = std::move(idle_.back());
    idle_.pop_back();
    return lane;
  }

  void Return(std::unique_ptr<Lane> lane) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (lane->usable() && idle_.size() < kMostIdleLanes) idle_.push_back(std::move(lane));
  }

 private:
  /// In a forked child the connections are still the parent's: to use them would mix up the replies
  /// of the two, and to close them properly would end the parent's TLS sessions. So they are left.
  void AbandonAfterFork() {
    if (process_ == CurrentProcess()) return;
    process_ = CurrentProcess();
    for (std::unique_ptr<Lane>& lane : idle_) static_cast<void>(lane.release());
    idle_.clear();
  }

  const DefaultTransportOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Lane>> idle_;
  int process_ = CurrentProcess();
};

class CurlTransport final : public HttpTransport {
 public:
  explicit CurlTransport(const DefaultTransportOptions& options) : pool_(options) {}

  TransportResult Send(const HttpRequest& request, const SendContext& context) override {
    if (!InitializeLibcurl()) {
      return NotSent(ErrorKind::kConnection, "libcurl could not be initialized");
    }
    std::unique_ptr<Lane> lane = pool_.Take();
    TransportResult result = lane->Send(request, context);
    pool_.Return(std::move(lane));
    return result;
  }

 private:
  LanePool pool_;
};

}  // namespace

std::shared_ptr<HttpTransport> MakeDefaultTransport(const DefaultTransportOptions& options) {
  return std::make_shared<CurlTransport>(options);
}

}  // namespace service_accounts::internal
