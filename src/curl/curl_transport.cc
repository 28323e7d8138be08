// The transport that clients use by themselves: libcurl, with a pool of loops that keep their
// connections.
#include <mutex>
#include <utility>
#include <vector>

#if defined(_WIN32)
#include <process.h>
#else
#include <unistd.h>
#endif

#include "curl/loop.h"
#include "default_transport.h"

namespace service_accounts::internal {
namespace {

/// More idle connections than this are closed: a burst of threads should not hold them for good.
constexpr std::size_t kMostIdleLoops = 64;

#if defined(_WIN32)
int CurrentProcess() { return _getpid(); }
#else
int CurrentProcess() { return getpid(); }
#endif

/// Once in the process, and never undone: the host may use libcurl too, and at its exit nobody
/// knows who is last. libcurl counts, so that the host's own calls do not matter to us.
bool InitializeLibcurl() {
  static const bool initialized = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return initialized;
}

/// Loops that nobody uses at the moment, the last one used on top: its connection is the warmest.
class LoopPool {
 public:
  explicit LoopPool(const DefaultTransportOptions& options) : options_(options) {}
  ~LoopPool() { AbandonAfterFork(); }
  LoopPool(const LoopPool&) = delete;
  LoopPool& operator=(const LoopPool&) = delete;

  std::unique_ptr<Loop> Take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    AbandonAfterFork();
    if (idle_.empty()) return std::make_unique<Loop>(options_);
    std::unique_ptr<Loop> loop = std::move(idle_.back());
    idle_.pop_back();
    return loop;
  }

  void Return(std::unique_ptr<Loop> loop) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (loop->usable() && idle_.size() < kMostIdleLoops) idle_.push_back(std::move(loop));
  }

 private:
  /// In a forked child the connections are still the parent's: to use them would mix up the replies
  /// of the two, and to close them properly would end the parent's TLS sessions. So they are left.
  void AbandonAfterFork() {
    if (process_ == CurrentProcess()) return;
    process_ = CurrentProcess();
    for (std::unique_ptr<Loop>& loop : idle_) static_cast<void>(loop.release());
    idle_.clear();
  }

  const DefaultTransportOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Loop>> idle_;
  int process_ = CurrentProcess();
};

class CurlTransport final : public HttpTransport {
 public:
  explicit CurlTransport(const DefaultTransportOptions& options) : pool_(options) {}

  TransportResult Send(const HttpRequest& request, const SendContext& context) override {
    if (!InitializeLibcurl()) {
      TransportFailure failure;
      failure.outcome = RequestOutcome::kNotSent;
      failure.message = "libcurl could not be initialized";
      return failure;
    }
    std::unique_ptr<Loop> loop = pool_.Take();
    TransportResult result = loop->Send(request, context);
    pool_.Return(std::move(loop));
    return result;
  }

 private:
  LoopPool pool_;
};

}  // namespace

std::shared_ptr<HttpTransport> MakeDefaultTransport(const DefaultTransportOptions& options) {
  return std::make_shared<CurlTransport>(options);
}

}  // namespace service_accounts::internal
