// The transport that clients use by themselves: libcurl, with a pool of loops that keep their
// connections.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "contain.h"
#include "curl/loop.h"
#include "default_transport.h"
#include "idle_pool.h"

namespace service_accounts::v0::internal {
namespace {

/// More idle loops, with a connection each, are closed: a burst of threads should not hold them for
/// good.
constexpr std::size_t kMostIdleLoops = 64;

/// Once in the process, and never undone: the host may use libcurl too, and at its exit nobody
/// knows who is last. libcurl counts, so that the host's own calls do not matter to us. With the
/// first client: a static one then goes before OpenSSL does, which is cleaned up at the exit.
bool InitializeLibcurl() {
  static const bool initialized = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return initialized;
}

TransportFailure NotSent(std::string why) noexcept {
  return {ErrorKind::kConnection, RequestOutcome::kNotSent, std::move(why), HttpResponse()};
}

/// A send that its caller waits for.
class BlockingSend final : public Send {
 public:
  BlockingSend(const HttpRequest& request, const SendContext& context)
      : request_(request), context_(context) {}

  [[nodiscard]] const HttpRequest& request() override { return request_; }
  [[nodiscard]] SendContext context() override { return context_; }
  void OnSent(TransportResult&& result) noexcept override { result_ = std::move(result); }

  [[nodiscard]] TransportResult RunOn(Loop* loop) {
    const CancellationCallback wake(context_.cancellation, [loop] { loop->Wake(); });
    auto threw = Contain([&] { loop->Begin(this); });
    if (threw) return NotSent(*std::move(threw));
    while (!result_) {
      if (context_.cancellation.cancelled()) {
        loop->Cancel(this);
      } else {
        loop->Run(SteadyTime::max());
      }
    }
    return *std::move(result_);
  }

 private:
  const HttpRequest& request_;
  const SendContext& context_;
  std::optional<TransportResult> result_;
};

class CurlTransport final : public HttpTransport {
 public:
  explicit CurlTransport(DefaultTransportOptions options) : options_(std::move(options)) {}

  /// A blocking call has a loop for itself, with one connection, and runs it on its own thread.
  TransportResult Send(const HttpRequest& request, const SendContext& context) override {
    if (!InitializeLibcurl()) return NotSent("libcurl could not be initialized");
    std::unique_ptr<Loop> loop;
    auto threw = Contain([&] { loop = TakeLoop(); });
    if (threw) return NotSent(*std::move(threw));
    TransportResult result = BlockingSend(request, context).RunOn(loop.get());
    if (loop->usable()) idle_.Return(std::move(loop));
    return result;
  }

 private:
  [[nodiscard]] std::unique_ptr<Loop> TakeLoop() {
    std::unique_ptr<Loop> loop = idle_.Take();
    return loop != nullptr ? std::move(loop) : std::make_unique<Loop>(options_, MakeMultiForOne());
  }

  const DefaultTransportOptions options_;
  IdlePool<Loop> idle_{kMostIdleLoops};
};

}  // namespace

std::shared_ptr<HttpTransport> MakeDefaultTransport(const DefaultTransportOptions& options) {
  static_cast<void>(InitializeLibcurl());
  return std::make_shared<CurlTransport>(options);
}

std::unique_ptr<SendLoop> MakeDefaultSendLoop(const DefaultTransportOptions& options) {
  return std::make_unique<Loop>(options, InitializeLibcurl() ? MakeMultiForMany() : nullptr);
}

}  // namespace service_accounts::v0::internal
