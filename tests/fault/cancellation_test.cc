// Ending a call from another thread, wherever it is.
#include <chrono>
#include <thread>

#include "tests/support/catch.h"
#include "tests/support/certificates.h"
#include "tests/support/client.h"
#include "tests/support/raw_server.h"
#include "tests/support/temporary_file.h"

namespace service_accounts {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using tests::HttpReply;
using tests::Options;
using tests::RawConnection;
using tests::RawServer;
using tests::Request;

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
  struct Case {
    const char* what;
    std::string begin;
    RequestOutcome outcome;
  };
  const Case cases[] = {
      {"no reply", "", RequestOutcome::kUnknown},
      {"half a reply", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", RequestOutcome::kUnknown},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    const auto quickest = Quickest([&] {
      Canceller canceller;
      RawServer server({[&](RawConnection& connection) {
        connection.ReadRequest();
        connection.Write(c.begin);
        canceller.Cancel();
        connection.WaitForPeer();
      }});
      CallOptions call;
      call.cancellation = canceller.source.token();
      const ServiceAccountsClient client(Options(server.base_url()));
      const auto result = client.CreateServiceAccount(Request("x"), call);
      const auto took = steady_clock::now() - canceller.cancelled;
      REQUIRE_FALSE(result);
      CHECK(result.error().kind == ErrorKind::kCancelled);
      CHECK(result.error().outcome >= c.outcome);
      CHECK(result.error().attempts == 1);
      CHECK(server.Finish() == 1);
      return took;
    });
    CHECK(quickest < 50ms);
  }
}

TEST_CASE(
    "A call that is making its connection ends at once when it is cancelled, with nothing sent") {
  // One certificate to trust: libcurl reads those of the system in one go, once it waits for the
  // server, and that alone takes some tens of milliseconds.
  const tests::TemporaryFile authority(tests::Authority().pem());
  const auto quickest = Quickest([&] {
    Canceller canceller;
    RawServer server({[&](RawConnection& connection) {
      connection.ReadSome();  // The handshake's first message, which is never answered.
      canceller.Cancel();
      connection.WaitForPeer();
    }});
    CallOptions call;
    call.cancellation = canceller.source.token();
    ClientOptions options = Options("https" + server.base_url().substr(4));
    options.tls.ca_file = authority.path();
    const ServiceAccountsClient client(options);
    const auto result = client.CreateServiceAccount(Request("x"), call);
    const auto took = steady_clock::now() - canceller.cancelled;
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::kCancelled);
    CHECK(result.error().outcome == RequestOutcome::kNotSent);
    CHECK(server.Finish() == 0);
    return took;
  });
  CHECK(quickest < 50ms);
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
  RawServer server({[](RawConnection& connection) {
    while (!connection.ReadRequest().empty()) {
      connection.Write(HttpReply(429, "", "Retry-After: 30\r\n"));
    }
  }});
  int calls = 0;
  const auto quickest = Quickest([&] {
    ++calls;
    Canceller canceller;
    ClientOptions options = Options(server.base_url());
    const auto observer = std::make_shared<CancelOnRetry>(canceller);
    options.observer = observer;
    CallOptions call;
    call.cancellation = canceller.source.token();
    const auto result = ServiceAccountsClient(options).CreateServiceAccount(Request("x"), call);
    const auto end = steady_clock::now();
    observer->Join();
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::kCancelled);
    CHECK(result.error().outcome == RequestOutcome::kRejected);
    CHECK(result.error().http_status == 429);
    return end - canceller.cancelled;
  });
  CHECK(quickest < 50ms);
  CHECK(server.Finish() == calls);
}

TEST_CASE("A cancelled call leaves the client usable, and other calls alone") {
  Canceller canceller;
  RawServer server({[&](RawConnection& connection) {
                      connection.ReadRequest();
                      canceller.Cancel();
                      connection.WaitForPeer();
                    },
                    [](RawConnection& connection) {
                      while (!connection.ReadRequest().empty()) {
                        connection.Write(HttpReply(200, R"({"data":{"id":"sa_1"}})"));
                      }
                    }});
  const ServiceAccountsClient client(Options(server.base_url()));
  CallOptions call;
  call.cancellation = canceller.source.token();
  REQUIRE_FALSE(client.CreateServiceAccount(Request("x"), call));
  REQUIRE(client.CreateServiceAccount(Request("y")));
  REQUIRE(client.CreateServiceAccount(Request("z")));
  CHECK(server.connections() == 2);
  CHECK(server.Finish() == 3);
}

TEST_CASE(
    "Cancelling all the time while calls are made is safe, and each call is over at once or made") {
  RawServer server({[](RawConnection& connection) {
    while (!connection.ReadRequest().empty())
      connection.Write(HttpReply(200, R"({"data":{"id":"sa_1"}})"));
  }});
  const ServiceAccountsClient client(Options(server.base_url()));
  int made = 0;
  int ended = 0;
  for (int i = 0; i < 100; ++i) {
    const CancellationSource source;
    std::thread canceller([&] { source.Cancel(); });
    CallOptions call;
    call.cancellation = source.token();
    const auto result = client.CreateServiceAccount(Request("x"), call);
    canceller.join();
    if (!result) CHECK(result.error().kind == ErrorKind::kCancelled);
    ++(result ? made : ended);
  }
  CHECK(made + ended == 100);
  CHECK(server.Finish() >= made);
}

}  // namespace
}  // namespace service_accounts
