#include "client_core.h"

#include <random>
#include <utility>

#include <service_accounts/version.h>

#include "call_loop.h"
#include "call_thread.h"
#include "proxy_secrets.h"
#include "request_headers.h"
#include "transport_loop.h"
#include "url.h"

namespace service_accounts::v0::internal {
namespace {

/// Of bulk calls at the same time.
constexpr std::size_t kMostIdleLoops = 2;

std::vector<Header> HeadersOf(const ClientOptions& options) {
  std::string user_agent = options.user_agent;
  if (!user_agent.empty()) user_agent += ' ';
  user_agent.append("service-accounts-cpp/").append(Version());
  return MergeHeaders({{"Accept", "application/json"},
                       {"Content-Type", "application/json"},
                       {"User-Agent", std::move(user_agent)}},
                      options.headers);
}

/// The environment's proxy is not for loopback: none is nearer, and it would be handed the token in
/// clear.
ProxyOptions ProxyFor(const ProxyOptions& proxy, const BaseUrl& url) {
  const bool from_environment = proxy.source() == ProxyOptions::Source::kEnvironment;
  return from_environment && url.loopback ? ProxyOptions::None() : proxy;
}

/// What a forked child has of its parent's threads cannot be ended: they are not there.
template <class T>
void LeaveBehind(std::shared_ptr<T> left) {
  // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): that is what it is for.
  static_cast<void>(new std::shared_ptr<T>(std::move(left)));
}

Error NoThread(const std::string& why) {
  Error error;
  error.kind = ErrorKind::kConnection;
  error.outcome = RequestOutcome::kNotSent;
  error.message = "no thread for asynchronous calls could be started: " + why;
  return error;
}

}  // namespace

ClientCore::ClientCore(ClientOptions options)
    : ClientCore(std::move(options), SystemClock(), std::random_device()()) {}

ClientCore::ClientCore(ClientOptions options, const Clock& clock, std::uint64_t seed)
    : options_(std::move(options)),
      invalid_(options_.Validate()),
      clock_(clock),
      jitter_(seed),
      loops_(kMostIdleLoops) {
  if (invalid_) return;
  std::string problem;
  const auto url = ParseBaseUrl(options_.base_url, &problem);
  base_url_ = url->text;
  headers_ = HeadersOf(options_);
  const ProxyOptions proxy = ProxyFor(options_.proxy, *url);
  if (!url->https) proxy_secrets_ = ProxySecrets(proxy, url->https);
  default_transport_ = {proxy, options_.http_version, options_.tls};
  transport_ = options_.transport;
  if (transport_ == nullptr) transport_ = MakeDefaultTransport(default_transport_);
}

ClientCore::~ClientCore() = default;

std::unique_ptr<SendLoop> ClientCore::MakeSendLoop() const {
  const bool own = options_.transport == nullptr && !invalid_;
  return own ? MakeDefaultSendLoop(default_transport_) : MakeTransportLoop(transport_, clock_);
}

std::shared_ptr<CallThread> ClientCore::Thread(std::string* problem) const {
  std::shared_ptr<CallThread> thread;
  std::shared_ptr<CallThread> failed;
  {
    const std::lock_guard<std::mutex> lock(thread_mutex_);
    if (thread_ != nullptr && !thread_->IsHere()) LeaveBehind(std::move(thread_));
    if (thread_ == nullptr || !thread_->usable()) {
      failed = std::exchange(thread_, CallThread::Start(MakeSendLoop(), clock_, problem));
    }
    thread = thread_;
  }
  if (failed != nullptr) failed->Retire();
  return thread;
}

void ClientCore::Post(std::unique_ptr<LoopCall> call) const {
  std::string problem;
  const std::shared_ptr<CallThread> thread = Thread(&problem);
  if (thread != nullptr) return thread->Post(std::move(call));
  call->state().End(NoThread(problem));
  call->OnEnded();
}

void ClientCore::EndCalls() const {
  std::shared_ptr<CallThread> thread;
  {
    // Nobody has the client any more, so nobody can be in here; but in a forked child a thread of
    // the parent's seems to be, if it was at the time of the fork. Then all of it stays as it is.
    const std::unique_lock<std::mutex> lock(thread_mutex_, std::try_to_lock);
    if (!lock.owns_lock()) {
      LeaveBehind(shared_from_this());
      return;
    }
    thread.swap(thread_);
  }
  if (thread == nullptr) return;
  if (thread->IsHere()) {
    thread->Stop();
  } else {
    LeaveBehind(std::move(thread));
  }
}

std::unique_ptr<CallLoop> ClientCore::TakeLoop() const {
  std::unique_ptr<CallLoop> loop = loops_.Take();
  return loop != nullptr ? std::move(loop) : std::make_unique<CallLoop>(MakeSendLoop(), clock_);
}

void ClientCore::ReturnLoop(std::unique_ptr<CallLoop> loop) const {
  if (loop->usable()) loops_.Return(std::move(loop));
}

std::shared_ptr<const ClientCore> ShareCore(ClientOptions options) {
  auto core = std::make_shared<const ClientCore>(std::move(options));
  const ClientCore* const address = core.get();
  return {address, [core = std::move(core)](const ClientCore*) mutable {
            core->EndCalls();
            core.reset();
          }};
}

}  // namespace service_accounts::v0::internal
