// Asynchronous calls through a transport of the program's own, in each way that one may answer.
#include "transport_loop.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <service_accounts/testing/fake_transport.h>

#include "tests/support/async.h"
#include "tests/support/catch.h"
#include "tests/support/client.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::chrono_literals;
using tests::Awaited;
using tests::Event;
using tests::Inbox;
using tests::Meeting;
using tests::Request;
using Done = std::function<void(TransportResult)>;
using Kind = ErrorKind;
using Outcome = RequestOutcome;

constexpr const char* kAccount = R"({"data":{"id":"sa_1"}})";

TransportResult Reply(int status, std::string body, HeaderList headers = {}) {
  HttpResponse reply;
  reply.status = status;
  reply.headers = std::move(headers);
  reply.body = std::move(body);
  return reply;
}

TransportResult Created() { return Reply(200, kAccount); }

TransportResult Cancelled() {
  return TransportFailure{Kind::kCancelled, Outcome::kUnknown, "cancelled", {}};
}

ClientOptions OptionsWith(std::shared_ptr<HttpTransport> transport) {
  ClientOptions options = tests::Options("https://accounts.test");
  options.transport = std::move(transport);
  return options;
}

/// Sends asynchronously, and in no other way, as the test says.
class AsyncTransport final : public HttpTransport {
 public:
  using Function = std::function<void(const HttpRequest&, const SendContext&, Done)>;
  explicit AsyncTransport(Function function) : function_(std::move(function)) {}
  ~AsyncTransport() override {
    for (std::thread& thread : threads_) thread.join();
  }
  AsyncTransport(const AsyncTransport&) = delete;
  AsyncTransport& operator=(const AsyncTransport&) = delete;

  TransportResult Send(const HttpRequest&, const SendContext&) override {
    return Reply(500, "it was not sent asynchronously");
  }
  void SendAsync(const HttpRequest& request, const SendContext& context, Done done) override {
    function_(request, context, std::move(done));
  }

  /// Joined by the destructor. To be called while something is sent.
  void Run(std::function<void()> function) { threads_.emplace_back(std::move(function)); }

 private:
  const Function function_;
  std::vector<std::thread> threads_;
};

/// A blocking transport that does as the test says.
class BlockingTransport final : public HttpTransport {
 public:
  using Function = std::function<TransportResult(const HttpRequest&, const SendContext&)>;
  explicit BlockingTransport(Function function) : function_(std::move(function)) {}
  TransportResult Send(const HttpRequest& request, const SendContext& context) override {
    return function_(request, context);
  }

 private:
  const Function function_;
};

/// Blocks until the send is cancelled, as a transport has to.
void AwaitCancellation(const SendContext& context) {
  Event cancelled;
  const CancellationCallback on_cancellation(context.cancellation, [&] { cancelled.Happen(); });
  CHECK(cancelled.Await());
}

TEST_CASE("A transport may answer from threads of its own, many requests at the same time") {
  constexpr std::size_t kCalls = 8;
  Meeting all_under_way(kCalls);
  AsyncTransport* running = nullptr;
  const auto transport = std::make_shared<AsyncTransport>([&](auto&, auto&, Done done) {
    running->Run([&all_under_way, done = std::move(done)] {
      done(all_under_way.Attend() ? Created() : Cancelled());
    });
  });
  running = transport.get();
  Inbox inbox;
  {
    const ServiceAccountsClient client(OptionsWith(transport));
    for (std::size_t i = 0; i < kCalls; ++i) {
      client.CreateServiceAccountAsync(Request("x"), {}, inbox.Slot());
    }
    REQUIRE(inbox.Await(kCalls));
  }
  for (const auto& result : inbox.results()) CHECK(result);
  CHECK(inbox.threads().size() == 1);  // The client's, not those of the transport.
}

TEST_CASE("A transport may answer before it returns") {
  const ServiceAccountsClient client(OptionsWith(
      std::make_shared<AsyncTransport>([](auto&, auto&, const Done& done) { done(Created()); })));
  CHECK(Awaited(client.CreateServiceAccountAsync(Request("x"))));
}

TEST_CASE("The first of a transport's answers counts, and further ones do nothing at any time") {
  Done kept;
  {
    Inbox inbox;
    const ServiceAccountsClient client(
        OptionsWith(std::make_shared<AsyncTransport>([&kept](auto&, auto&, const Done& done) {
          done(Created());
          done(Reply(409, "taken"));
          kept = done;
        })));
    client.CreateServiceAccountAsync(Request("x"), {}, inbox.Slot());
    REQUIRE(inbox.Await(1));
    kept(Reply(409, "taken"));  // The call is no more.
    CHECK(Awaited(client.CreateServiceAccountAsync(Request("y"))));
    CHECK(inbox.results().size() == 1);
    CHECK(inbox.results().front());
  }
  kept(Reply(409, "taken"));  // Nor is the client.
}

#if defined(__cpp_exceptions)
TEST_CASE("A transport that throws is a failure whose outcome is unknown, unless it has answered") {
  struct Case {
    std::function<void(const Done&)> send;
    std::string message;
  };
  const Case cases[] = {
      {[](const Done&) { throw std::runtime_error("out of luck"); },
       "the transport threw: out of luck"},
      {[](const Done&) { throw 42; }, "the transport threw what is no std::exception"},
      {[](const Done& done) {
         done(Created());
         throw std::runtime_error("too late");
       },
       ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.message);
    const ServiceAccountsClient client(OptionsWith(
        std::make_shared<AsyncTransport>([&](auto&, auto&, const Done& done) { c.send(done); })));
    const auto result = Awaited(client.CreateServiceAccountAsync(Request("x")));
    CHECK(result.has_value() == c.message.empty());
    if (result) continue;
    CHECK(result.error().kind == Kind::kConnection);
    CHECK(result.error().outcome == Outcome::kUnknown);
    CHECK(result.error().message == c.message);
    CHECK(result.error().attempts == 1);
  }
}
#endif

TEST_CASE("A transport that only blocks serves asynchronous calls one after another") {
  std::atomic<int> at_once{0};
  std::atomic<int> most_at_once{0};
  std::set<std::thread::id> threads;
  Inbox inbox;
  const ServiceAccountsClient client(
      OptionsWith(std::make_shared<BlockingTransport>([&](auto&, auto&) {
        most_at_once = std::max<int>(most_at_once, ++at_once);
        threads.insert(std::this_thread::get_id());
        --at_once;
        return Created();
      })));
  for (int i = 0; i < 5; ++i) {
    client.CreateServiceAccountAsync(Request("x"), {}, inbox.Slot());
  }
  REQUIRE(inbox.Await(5));
  for (const auto& result : inbox.results()) CHECK(result);
  CHECK(most_at_once == 1);
  CHECK(threads == inbox.threads());
}

TEST_CASE("A fake transport serves asynchronous calls, repetitions included") {
  const auto fake = std::make_shared<testing::FakeTransport>();
  fake->Fail(Kind::kConnection, Outcome::kNotSent);
  fake->Reply(429, "slow down", {{"Retry-After", "0"}});
  fake->Reply(200, kAccount);
  ClientOptions options = OptionsWith(fake);
  options.retry.initial_backoff = 1ms;
  const ServiceAccountsClient client(options);
  const auto account = Awaited(client.CreateServiceAccountAsync(Request("x")));
  REQUIRE(account);
  CHECK(account.metadata().attempts.size() == 3);
  CHECK(fake->requests().size() == 3);
}

TEST_CASE("A cancelled call reaches a transport that blocks") {
  const CancellationSource source;
  const ServiceAccountsClient client(
      OptionsWith(std::make_shared<BlockingTransport>([&](auto&, const SendContext& context) {
        std::thread canceller([&] { source.Cancel(); });
        AwaitCancellation(context);
        canceller.join();
        return Cancelled();
      })));
  CallOptions call;
  call.cancellation = source.token();
  const auto result = Awaited(client.CreateServiceAccountAsync(Request("x"), call));
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kCancelled);
  CHECK(result.error().outcome == Outcome::kUnknown);
}

TEST_CASE("A cancelled call reaches a transport that is under way on a thread of its own") {
  const CancellationSource source;
  AsyncTransport* running = nullptr;
  const auto transport =
      std::make_shared<AsyncTransport>([&](auto&, const SendContext& context, Done done) {
        running->Run([&context, done = std::move(done)] {
          AwaitCancellation(context);
          done(Cancelled());
        });
        source.Cancel();
      });
  running = transport.get();
  CallOptions call;
  call.cancellation = source.token();
  const ServiceAccountsClient client(OptionsWith(transport));
  const auto result = Awaited(client.CreateServiceAccountAsync(Request("x"), call));
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kCancelled);
}

TEST_CASE(
    "The client's end reaches a transport that blocks, and the calls behind it send nothing") {
  Event sending;
  std::atomic<int> sent{0};
  Inbox inbox;
  {
    const ServiceAccountsClient client(
        OptionsWith(std::make_shared<BlockingTransport>([&](auto&, const SendContext& context) {
          ++sent;
          sending.Happen();
          AwaitCancellation(context);
          return Cancelled();
        })));
    for (int i = 0; i < 3; ++i) {
      client.CreateServiceAccountAsync(Request("x"), {}, inbox.Slot());
    }
    REQUIRE(sending.Await());
  }
  const auto results = inbox.results();
  REQUIRE(results.size() == 3);
  CHECK(sent == 1);
  for (const auto& result : results) {
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == Kind::kCancelled);
  }
  const auto unknown = std::count_if(results.begin(), results.end(), [](const auto& result) {
    return result.error().outcome == Outcome::kUnknown;
  });
  CHECK(unknown == 1);
}

TEST_CASE("The client's end does not wait for a repetition that a late reply asks for") {
  Event sending;
  Inbox inbox;
  ClientOptions options =
      OptionsWith(std::make_shared<BlockingTransport>([&](auto&, const SendContext& context) {
        sending.Happen();
        AwaitCancellation(context);
        return Reply(429, "slow down", {{"Retry-After", "6"}});
      }));
  const auto begin = std::chrono::steady_clock::now();
  {
    const ServiceAccountsClient client(options);
    client.CreateServiceAccountAsync(Request("x"), {}, inbox.Slot());
    REQUIRE(sending.Await());
  }
  CHECK(std::chrono::steady_clock::now() - begin < 4s);
  REQUIRE(inbox.results().size() == 1);
  CHECK(inbox.results().front().error().kind == Kind::kCancelled);
  CHECK(inbox.results().front().error().outcome == Outcome::kRejected);
}

/// In a process of its own, which ends after a while if the function does not return.
bool ReturnsInTime(const std::function<void()>& function) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(5);
    function();
    _exit(0);
  }
  int status = -1;
  return waitpid(child, &status, 0) == child && status == 0;
}

TEST_CASE("A transport may answer when it is told of the client's end, and let go of the rest") {
  CHECK(ReturnsInTime([] {
    struct Kept {
      Done done;
      std::optional<CancellationCallback> on_cancellation;
    };
    std::vector<std::unique_ptr<Kept>> all;
    Event sending;
    Inbox inbox;
    std::optional<ServiceAccountsClient> client(OptionsWith(
        std::make_shared<AsyncTransport>([&](auto&, const SendContext& context, Done done) {
          all.push_back(std::make_unique<Kept>());
          Kept& kept = *all.back();
          kept.done = std::move(done);
          kept.on_cancellation.emplace(context.cancellation, [&kept] {
            kept.done(Cancelled());
            kept.done = nullptr;
          });
          // Those that have their answers are kept all the same.
          if (all.size() < 3) kept.done(Created());
          if (all.size() == 3) sending.Happen();
        })));
    for (const int answered : {1, 2, 2}) {
      client->CreateServiceAccountAsync(Request("x"), {}, inbox.Slot());
      if (!inbox.Await(static_cast<std::size_t>(answered))) _exit(1);
    }
    if (!sending.Await()) _exit(2);
    client.reset();
    const auto results = inbox.results();
    if (results.size() != 3 || results.back()) _exit(3);
    if (results.back().error().kind != Kind::kCancelled) _exit(4);
  }));
}

}  // namespace
}  // namespace service_accounts::v0::internal
