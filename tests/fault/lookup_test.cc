// A name lookup that hangs: the one phase that libcurl leaves to a thread it cannot stop.
#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "tests/support/catch.h"
#include "tests/support/client.h"

namespace service_accounts {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using tests::Options;
using tests::Request;

constexpr const char* kSlowHost = "slow.invalid";

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
  ClientOptions options = Options(std::string("https://") + kSlowHost);
  options.retry.max_attempts = 1;
  return options;
}

}  // namespace
}  // namespace service_accounts

// In the place of the C library's, for libcurl too: the program's own symbols come first.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  if (node != nullptr && std::strcmp(node, service_accounts::kSlowHost) == 0) {
    service_accounts::TheGate().Pass();
    return EAI_NONAME;
  }
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return next(node, service, hints, result);
}

namespace service_accounts {
namespace {

TEST_CASE("The deadline holds while a name lookup hangs, and nothing was sent") {
  TheGate().Close();
  for (const bool by_connect_timeout : {false, true}) {
    CAPTURE(by_connect_timeout);
    ClientOptions options = SlowOptions();
    (by_connect_timeout ? options.connect_timeout : options.timeout) = 200ms;
    const auto result = ServiceAccountsClient(options).CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(result);
    CAPTURE(result.error());
    CHECK(result.error().kind == ErrorKind::kTimeout);
    CHECK(result.error().outcome == RequestOutcome::kNotSent);
    CHECK(result.metadata().elapsed >= 190ms);
    CHECK(result.metadata().elapsed < 2s);
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
    CallOptions call;
    call.cancellation = source.token();
    const auto result =
        ServiceAccountsClient(SlowOptions()).CreateServiceAccount(Request("x"), call);
    const auto end = steady_clock::now();
    canceller.join();
    quickest = std::min<std::chrono::nanoseconds>(quickest, end - cancelled);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::kCancelled);
    CHECK(result.error().outcome == RequestOutcome::kNotSent);
    TheGate().Open();
  }
  CHECK(quickest < 50ms);
}

}  // namespace
}  // namespace service_accounts
