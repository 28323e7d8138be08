// A name lookup that hangs: the one phase that libcurl leaves to a thread it cannot stop.
#include <dlfcn.h>
#include <netdb.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "tests/support/catch.h"
#include "tests/support/fault.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::string_view kSlowHost = "slow.invalid";

/// Names that do not exist (RFC 6761). The network is not asked, which may take its time to say so.
constexpr std::string_view kNowhere = ".invalid";

/// Holds lookups of the slow host until it is opened, and tells when one has come.
class Gate {
 public:
  void Pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    --waiting_;
    changed_.notify_all();
  }
  void AwaitLookup() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }
  void Close() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = false;
  }
  /// Returns when every lookup has gone through.
  void Open() {
    std::unique_lock<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return waiting_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

Gate& TheGate() {
  static Gate& gate = *new Gate;  // Lookups may outlive the tests.
  return gate;
}

ClientOptions SlowOptions() {
  ClientOptions options = Options("https://" + std::string(kSlowHost));
  options.retry.max_attempts = 1;
  return options;
}

}  // namespace
}  // namespace service_accounts::tests

// In the place of the C library's, for libcurl too: the program's own symbols come first.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  namespace tests = service_accounts::tests;
  const std::string_view name = node != nullptr ? node : "";
  if (name == tests::kSlowHost) tests::TheGate().Pass();
  if (name.size() > tests::kNowhere.size() &&
      name.substr(name.size() - tests::kNowhere.size()) == tests::kNowhere) {
    return EAI_NONAME;
  }
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return next(node, service, hints, result);
}

namespace service_accounts::tests {
namespace {

TEST_CASE("The deadline holds while a name lookup hangs, and nothing was sent") {
  TheGate().Close();
  for (const bool by_connect_timeout : {false, true}) {
    CAPTURE(by_connect_timeout);
    ClientOptions options = SlowOptions();
    (by_connect_timeout ? options.connect_timeout : options.timeout) = 200ms;
    CheckFault(WatchedClient(options).Call(), NotSent(Kind::kTimeout).At(200ms), 0);
  }
  TheGate().Open();
}

TEST_CASE("A call whose name lookup hangs ends at once when it is cancelled") {
  std::chrono::nanoseconds quickest = 1h;
  for (int i = 0; i < 10 && quickest >= 50ms; ++i) {
    TheGate().Close();
    const CancellationSource source;
    steady_clock::time_point cancelled;
    std::thread canceller([&] {
      TheGate().AwaitLookup();
      cancelled = steady_clock::now();
      source.Cancel();
    });
    CallOptions options;
    options.cancellation = source.token();
    const WatchedCall call = WatchedClient(SlowOptions()).Call(Request("x"), options);
    const auto end = steady_clock::now();
    canceller.join();
    quickest = std::min<std::chrono::nanoseconds>(quickest, end - cancelled);
    CheckFault(call, NotSent(Kind::kCancelled), 0);
    TheGate().Open();
  }
  CHECK(quickest < 50ms);
}

}  // namespace
}  // namespace service_accounts::tests
