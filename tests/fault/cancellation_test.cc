// Ending a call from another thread, wherever it is.
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/catch.h"
#include "tests/support/fault.h"
#include "tests/support/raw_server.h"
#include "tests/support/test_authority.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// The quickest of a few runs: how long it takes when nothing else keeps the machine busy.
template <class Run>
std::chrono::nanoseconds Quickest(Run run) {
  std::chrono::nanoseconds quickest = run();
  for (int i = 0; i < 9 && quickest >= 50ms; ++i)
    quickest = std::min<std::chrono::nanoseconds>(quickest, run());
  return quickest;
}

/// Cancels when it is told to, and knows how long the call then took.
struct Canceller {
  CancellationSource source;
  steady_clock::time_point cancelled;

  void Cancel() {
    cancelled = steady_clock::now();
    source.Cancel();
  }
};

TEST_CASE("A call that waits for its reply ends at once when it is cancelled") {
  const std::pair<const char*, std::string> cases[] = {
      {"no reply", ""},
      {"half a reply", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"},
  };
  for (const auto& [what, begin] : cases) {
    INFO(what);
    const auto quickest = Quickest([&, &begin = begin] {
      Canceller canceller;
      RawServer server({[&](RawConnection& connection) {
        connection.ReadRequest();
        connection.Write(begin);
        canceller.Cancel();
        connection.WaitForPeer();
      }});
      CallOptions options;
      options.cancellation = canceller.source.token();
      const WatchedClient client(Options(server.base_url()));
      const WatchedCall call = client.Call(Request("x"), options);
      const auto took = steady_clock::now() - canceller.cancelled;
      REQUIRE_FALSE(call);
      // The cancellation may overtake the half reply, but not the other way round.
      const bool status_came = !begin.empty() && call.result.error().http_status == 200;
      CheckFault(call, status_came ? Accepted(Kind::kCancelled) : Unknown(Kind::kCancelled),
                 server.Finish());
      return took;
    });
    CHECK(quickest < 50ms);
  }
}

TEST_CASE(
    "A call that is making its connection ends at once when it is cancelled, with nothing sent") {
  const auto quickest = Quickest([&] {
    Canceller canceller;
    RawServer server({[&](RawConnection& connection) {
      connection.ReadSome();  // The handshake's first message, which is never answered.
      canceller.Cancel();
      connection.WaitForPeer();
    }});
    CallOptions options;
    options.cancellation = canceller.source.token();
    // One certificate to trust: libcurl reads those of the system in one go, once it waits for the
    // server, and that alone takes some tens of milliseconds.
    const WatchedClient client(Trusting("https" + server.base_url().substr(4)));
    const WatchedCall call = client.Call(Request("x"), options);
    const auto took = steady_clock::now() - canceller.cancelled;
    CheckFault(call, NotSent(Kind::kCancelled), server.Finish());
    return took;
  });
  CHECK(quickest < 50ms);
}

TEST_CASE("A call that was cancelled before it began opens no connection") {
  RawServer server({AnswerAll});
  const CancellationSource source;
  source.Cancel();
  CallOptions options;
  options.cancellation = source.token();
  CheckFault(Options(server.base_url()), server, NotSent(Kind::kCancelled).Repeated(0),
             Request("x"), options);
  CHECK(server.connections() == 0);
}

/// Cancels from a thread of its own when a wait begins.
class CancelOnRetry final : public Observer {
 public:
  explicit CancelOnRetry(Canceller& canceller) : canceller_(canceller) {}
  ~CancelOnRetry() override { Join(); }
  void OnRetryScheduled(const RetryScheduled&) override {
    thread_ = std::thread([this] { canceller_.Cancel(); });
  }
  void Join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  Canceller& canceller_;
  std::thread thread_;
};

TEST_CASE("A call that waits for its next attempt ends at once when it is cancelled") {
  const auto quickest = Quickest([&] {
    RawServer server({[](RawConnection& connection) {
      while (!connection.ReadRequest().empty()) {
        connection.Write(HttpReply(429, "", "Retry-After: 30\r\n"));
      }
    }});
    Canceller canceller;
    const auto observer = std::make_shared<CancelOnRetry>(canceller);
    ClientOptions options = Options(server.base_url());
    options.observer = observer;
    CallOptions cancelled;
    cancelled.cancellation = canceller.source.token();
    const WatchedCall call = WatchedClient(options).Call(Request("x"), cancelled);
    const auto end = steady_clock::now();
    observer->Join();
    CheckFault(call, Rejected(Kind::kCancelled, 429), server.Finish());
    return end - canceller.cancelled;
  });
  CHECK(quickest < 50ms);
}

TEST_CASE("A cancelled call leaves the client usable, and other calls alone") {
  Canceller canceller;
  RawServer server({[&](RawConnection& connection) {
                      connection.ReadRequest();
                      canceller.Cancel();
                      connection.WaitForPeer();
                    },
                    AnswerAll});
  const WatchedClient client(Options(server.base_url()));
  CallOptions options;
  options.cancellation = canceller.source.token();
  const WatchedCall cancelled = client.Call(Request("x"), options);
  REQUIRE(client.Call(Request("y")));
  REQUIRE(client.Call(Request("z")));
  CheckFault(cancelled, Unknown(Kind::kCancelled), server.Finish() - 2);
  CHECK(server.connections() == 2);
}

TEST_CASE(
    "Cancelling all the time while calls are made is safe, and each call is over at once or made") {
  RawServer server({AnswerAll});
  const WatchedClient client(Options(server.base_url()));
  int made = 0;
  int may_be_made = 0;
  for (int i = 0; i < 100; ++i) {
    const CancellationSource source;
    std::thread canceller([&] { source.Cancel(); });
    CallOptions options;
    options.cancellation = source.token();
    const WatchedCall call = client.Call(Request("x"), options);
    canceller.join();
    if (call) {
      ++made;
      continue;
    }
    // How far it came is luck, but not what is said of that.
    const Error& error = call.result.error();
    Expected expected = NotSent(Kind::kCancelled).Repeated(error.attempts);
    expected.outcome = error.outcome;
    expected.status = error.outcome == Outcome::kAccepted ? 200 : 0;
    CheckFault(call, expected, 0);
    CHECK(error.attempts <= 1);
    if (error.outcome != Outcome::kNotSent) ++may_be_made;
  }
  const int posts = server.Finish();
  CHECK(posts >= made);
  CHECK(posts <= made + may_be_made);
}

}  // namespace
}  // namespace service_accounts::tests
