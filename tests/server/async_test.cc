// Asynchronous calls through real sockets: futures, callbacks, and the one thread behind them.
#include <service_accounts/testing/mock_server.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/async.h"
#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/process.h"
#include "tests/support/raw_server.h"
#include "tests/support/test_authority.h"
#include "tests/support/tls_server.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::MockServer;
using Kind = ErrorKind;
using Outcome = RequestOutcome;
using Results = std::vector<Result<ServiceAccount>>;

/// A thread that has been joined may be listed for a moment longer.
bool AwaitThreads(std::size_t count) {
  const auto end = steady_clock::now() + kLongestWait;
  while (Threads() != count) {
    if (steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

std::size_t CountCreated(const Results& results) {
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(), [](const auto& each) { return !!each; }));
}

std::size_t CountEnds(const Results& results, Kind kind, Outcome outcome) {
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(), [&](const auto& each) {
        return !each && each.error().kind == kind && each.error().outcome == outcome;
      }));
}

/// Reads the request, and never answers it.
RawServer::Behaviour KeepWaiting(Event* read = nullptr) {
  return [read](RawConnection& connection) {
    if (!connection.ReadRequest().empty() && read != nullptr) read->Happen();
    connection.WaitForPeer();
  };
}

TEST_CASE("A future brings the account with all that the service says of it") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  CreateServiceAccountRequest request = Request("deploy-bot");
  request.description = "Rolls out the web site";
  const auto account = Awaited(client.CreateServiceAccountAsync(request));
  REQUIRE(account);
  CHECK(server.accounts().front() == *account);
  CHECK(account.metadata().http_status == 200);
  CHECK_FALSE(account.metadata().request_id.empty());
  REQUIRE(account.metadata().attempts.size() == 1);
  CHECK(account.metadata().attempts.front().outcome == std::nullopt);
  CHECK(account.metadata().attempts.front().total <= account.metadata().elapsed);
}

TEST_CASE("A future brings the service's refusal, and is ready though nobody waits for it") {
  MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  server.Reply(409, {}, R"({"code": 409, "message": "taken"})");
  (void)client.CreateServiceAccountAsync(Request("thrown away"));
  server.Reply(400, {}, "no");
  auto second = client.CreateServiceAccountAsync(Request("x"));
  const auto result = Awaited(std::move(second));
  REQUIRE_FALSE(result);
  CHECK(result.error().outcome == Outcome::kRejected);
}

TEST_CASE("Callbacks run on one thread that is not the caller's") {
  const MockServer server;
  Inbox inbox;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  for (int i = 0; i < 20; ++i) {
    client.CreateServiceAccountAsync(Request(std::to_string(i)), {}, inbox.Slot());
  }
  REQUIRE(inbox.Await(20));
  CHECK(CountCreated(inbox.results()) == 20);
  CHECK(inbox.threads().size() == 1);
  CHECK(inbox.threads().count(std::this_thread::get_id()) == 0);
}

TEST_CASE("There is no thread before the first asynchronous call, and none after the client") {
  const MockServer server;
  const std::size_t before = Threads();
  {
    const ServiceAccountsClient client(Options(server.base_url(), server.token()));
    REQUIRE(client.CreateServiceAccount(Request("blocking")));
    CHECK(Threads() == before);
    REQUIRE(Awaited(client.CreateServiceAccountAsync(Request("first"))));
    CHECK(Threads() == before + 1);
    const ServiceAccountsClient copy = client;
    REQUIRE(Awaited(copy.CreateServiceAccountAsync(Request("second"))));
    CHECK(Threads() == before + 1);
  }
  CHECK(AwaitThreads(before));
}

/// Keeps so many calls under way, each end beginning the next one, until all have been made.
class Chain {
 public:
  Chain(const ServiceAccountsClient& client, int total) : client_(client), total_(total) {}

  void Begin() {
    const int number = next_++;
    if (number >= total_) return;
    const std::string name = "bot-" + std::to_string(number);
    client_.CreateServiceAccountAsync(Request(name), {}, [this, name](auto account) {
      most_threads_ = std::max(most_threads_, Threads());
      if (account && account->name == name) ++right_;
      Begin();
      inbox_.Put(std::move(account));
    });
  }

  [[nodiscard]] bool Await() { return inbox_.Await(static_cast<std::size_t>(total_)); }
  [[nodiscard]] const Inbox& inbox() const { return inbox_; }
  [[nodiscard]] int right() const { return right_; }
  [[nodiscard]] std::size_t most_threads() const { return most_threads_; }

 private:
  const ServiceAccountsClient& client_;
  const int total_;
  std::atomic<int> next_{0};
  int right_ = 0;  // This one and the next are the background thread's.
  std::size_t most_threads_ = 0;
  Inbox inbox_;
};

TEST_CASE(
    "Thousands of calls, hundreds at a time, take one thread and a connection each of these") {
  constexpr int kCalls = 2000;
  constexpr int kAtATime = 200;
  const MockServer server;
  const std::size_t before = Threads();
  std::optional<ServiceAccountsClient> client(Options(server.base_url(), server.token()));
  Chain chain(*client, kCalls);
  for (int i = 0; i < kAtATime; ++i) chain.Begin();
  REQUIRE(chain.Await());
  client.reset();
  CHECK(chain.right() == kCalls);
  CHECK(chain.most_threads() == before + 1);
  CHECK(chain.inbox().threads().size() == 1);
  CHECK(server.accounts().size() == kCalls);
  CHECK(server.requests().size() == kCalls);
  CHECK(server.connections() <= kAtATime);
  CHECK(AwaitThreads(before));
}

TEST_CASE("Hundreds of calls are under way at once, with a connection each") {
  constexpr int kCalls = 500;
  Meeting all_read(kCalls);
  RawServer server({[&](RawConnection& connection) {
    if (connection.ReadRequest().empty()) return;
    if (all_read.Attend()) connection.Write(HttpReply(200, kAccount));
  }});
  Inbox inbox;
  const ServiceAccountsClient client(Options(server.base_url()));
  for (int i = 0; i < kCalls; ++i) {
    client.CreateServiceAccountAsync(Request("x"), {}, inbox.Slot());
  }
  REQUIRE(inbox.Await(kCalls));
  CHECK(CountCreated(inbox.results()) == kCalls);
  CHECK(inbox.threads().size() == 1);
  CHECK(server.Finish() == kCalls);
  CHECK(server.connections() == kCalls);
}

TEST_CASE("Sequential asynchronous calls use one connection") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  for (int i = 0; i < 20; ++i) {
    const auto account =
        Awaited(client.CreateServiceAccountAsync(Request("bot-" + std::to_string(i))));
    REQUIRE(account);
    CHECK(account.metadata().attempts.front().times.connection_reused == (i > 0));
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("An idle connection of asynchronous calls that the server closed is replaced") {
  RawServer server({[](RawConnection& connection) {
    connection.ReadRequest();
    connection.WriteAndClose(HttpReply(200, kAccount));
  }});
  const ServiceAccountsClient client(Options(server.base_url()));
  for (int i = 0; i < 5; ++i) REQUIRE(Awaited(client.CreateServiceAccountAsync(Request("x"))));
  CHECK(server.connections() == 5);
  CHECK(server.Finish() == 5);
}

TEST_CASE("What cannot be sent comes back as an invalid argument, in both ways, without a socket") {
  const MockServer server;
  CallOptions no_time;
  no_time.timeout = 0ms;
  struct Case {
    const char* what;
    ServiceAccountsClient client;
    std::string name;
    CallOptions call;
  };
  const ClientOptions good = Options(server.base_url(), server.token());
  const Case cases[] = {
      {"options", ServiceAccountsClient(ClientOptions()), "x", {}},
      {"request", ServiceAccountsClient(good), "", {}},
      {"call", ServiceAccountsClient(good), "x", no_time},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    Inbox inbox;
    c.client.CreateServiceAccountAsync(Request(c.name), c.call, inbox.Slot());
    REQUIRE(inbox.Await(1));
    for (const auto& result : {inbox.results().front(), Awaited(c.client.CreateServiceAccountAsync(
                                                            Request(c.name), c.call))}) {
      REQUIRE_FALSE(result);
      CHECK(result.error().kind == Kind::kInvalidArgument);
      CHECK(result.error().outcome == Outcome::kNotSent);
      CHECK(result.error().attempts == 0);
    }
  }
  CHECK(server.connections() == 0);
}

TEST_CASE("A client that was moved from refuses asynchronous calls at once, and starts no thread") {
  Inbox inbox;
  ServiceAccountsClient client(Options("https://accounts.test"));
  const ServiceAccountsClient other = std::move(client);
  const std::size_t before = Threads();
  // NOLINTBEGIN(bugprone-use-after-move): that is the test.
  auto future = client.CreateServiceAccountAsync(Request("x"));
  REQUIRE(future.wait_for(0s) == std::future_status::ready);
  CHECK(future.get().error().kind == Kind::kInvalidArgument);
  client.CreateServiceAccountAsync(Request("x"), {}, inbox.Slot());
#if defined(__cpp_exceptions)
  // As everywhere, the callback's exception stays with the library.
  CHECK_NOTHROW(client.CreateServiceAccountAsync(Request("x"), {},
                                                 [](auto) { throw std::runtime_error("mine"); }));
#endif
  // NOLINTEND(bugprone-use-after-move)
  REQUIRE(inbox.results().size() == 1);
  CHECK(inbox.results().front().error().kind == Kind::kInvalidArgument);
  CHECK(Threads() == before);
}

TEST_CASE("A callback may make further calls, blocking ones too") {
  const MockServer server;
  Inbox inbox;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  client.CreateServiceAccountAsync(Request("a"), {}, [&](auto first) {
    inbox.Put(std::move(first));
    inbox.Put(client.CreateServiceAccount(Request("b")));
    client.CreateServiceAccountAsync(Request("c"), {}, inbox.Slot());
  });
  REQUIRE(inbox.Await(3));
  CHECK(CountCreated(inbox.results()) == 3);
  CHECK(server.connections() == 2);  // One for the blocking call.
}

/// `held` calls that have been sent and are never answered, and one that is.
struct Held {
  static constexpr std::size_t kCount = 3;
  Meeting all_read{kCount + 1};
  RawServer server{{[this](RawConnection& connection) {
    const std::string request = connection.ReadRequest();
    if (request.empty() || !all_read.Attend()) return;
    if (request.find("answered") != std::string::npos) connection.Write(HttpReply(200, kAccount));
    connection.WaitForPeer();
  }}};
  Inbox inbox;

  void Post(const ServiceAccountsClient& client) {
    for (std::size_t i = 0; i < kCount; ++i) {
      client.CreateServiceAccountAsync(Request("held"), {}, inbox.Slot());
    }
  }
};

TEST_CASE("A callback may destroy the last copy of the client, which cancels the other calls") {
  Held held;
  const std::size_t before = Threads();
  std::optional<ServiceAccountsClient> client(Options(held.server.base_url()));
  held.Post(*client);
  client->CreateServiceAccountAsync(Request("answered"), {}, [&](auto account) {
    client.reset();
    held.inbox.Put(std::move(account));
  });
  REQUIRE(held.inbox.Await(Held::kCount + 1));
  CHECK_FALSE(client);
  const Results results = held.inbox.results();
  CHECK(results.front());  // Before those that its end cancels.
  CHECK(CountEnds(results, Kind::kCancelled, Outcome::kUnknown) == Held::kCount);
  CHECK(held.inbox.threads().size() == 1);
  CHECK(held.server.Finish() == static_cast<int>(Held::kCount) + 1);
  CHECK(AwaitThreads(before - 1));  // Without the server's acceptor.
}

TEST_CASE("A callback that holds the last copy of the client may be the end of it") {
  Held held;
  {
    const ServiceAccountsClient client(Options(held.server.base_url()));
    held.Post(client);
    client.CreateServiceAccountAsync(Request("answered"), {}, [&held, copy = client](auto account) {
      held.inbox.Put(std::move(account));
    });
  }
  REQUIRE(held.inbox.Await(Held::kCount + 1));
  CHECK(CountEnds(held.inbox.results(), Kind::kCancelled, Outcome::kUnknown) == Held::kCount);
  CHECK(CountCreated(held.inbox.results()) == 1);
}

TEST_CASE(
    "A callback that destroys the last copy may have made a further call, which is cancelled") {
  const MockServer server;
  Inbox inbox;
  std::optional<ServiceAccountsClient> client(Options(server.base_url(), server.token()));
  client->CreateServiceAccountAsync(Request(""), {}, [&](auto refused) {
    client->CreateServiceAccountAsync(Request("further"), {}, inbox.Slot());
    client.reset();
    inbox.Put(std::move(refused));
  });
  REQUIRE(inbox.Await(2));
  CHECK(inbox.results().front().error().kind == Kind::kInvalidArgument);
  CHECK(inbox.results().back().error().kind == Kind::kCancelled);
  CHECK(inbox.results().back().error().outcome == Outcome::kNotSent);
}

/// What a call told its observer, one line each.
class Diary final : public Observer {
 public:
  void OnAttemptBegun(const AttemptBegun& e) override {
    Write(e.call, "begun " + std::to_string(e.attempt));
  }
  void OnAttemptEnded(const AttemptEnded& e) override {
    Write(e.call, "ended " + std::to_string(e.record->http_status));
  }
  void OnRetryScheduled(const RetryScheduled& e) override {
    Write(e.call, "retry " + std::to_string(e.attempt));
  }
  void OnCallEnded(const CallEnded& e) override {
    Write(e.call, "end after " + std::to_string(e.attempts));
  }
  void OnCallbackFailed(const CallbackFailed& e) override {
    Write(e.call, "callback failed: " + std::string(e.what));
  }

  /// By the call's number.
  [[nodiscard]] std::map<std::uint64_t, std::vector<std::string>> lines() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }
  [[nodiscard]] std::set<std::thread::id> threads() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return threads_;
  }

 private:
  void Write(const ObservedCall& call, std::string line) {
    const std::lock_guard<std::mutex> lock(mutex_);
    threads_.insert(std::this_thread::get_id());
    lines_[call.number].push_back(std::move(line));
  }

  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::vector<std::string>> lines_;
  std::set<std::thread::id> threads_;
};

TEST_CASE(
    "An observer is told of each asynchronous call in the order of its events, by its thread") {
  RawServer server({[](RawConnection& connection) {
    std::map<std::string, int> seen;
    for (std::string request; !(request = connection.ReadRequest()).empty();) {
      const bool first = ++seen[request] == 1;
      connection.Write(first ? HttpReply(429, "", "Retry-After: 0\r\n") : HttpReply(200, kAccount));
    }
  }});
  const auto diary = std::make_shared<Diary>();
  ClientOptions options = Options(server.base_url());
  options.observer = diary;
  options.retry.initial_backoff = 1ms;
  options.retry.max_attempts = 30;  // Another connection may know nothing of the first attempt.
  Inbox inbox;
  {
    const ServiceAccountsClient client(options);
    for (int i = 0; i < 4; ++i) {
      client.CreateServiceAccountAsync(Request("bot-" + std::to_string(i)), {}, inbox.Slot());
    }
    REQUIRE(inbox.Await(4));
  }
  CHECK(CountCreated(inbox.results()) == 4);
  CHECK(diary->threads() == inbox.threads());
  CHECK(diary->lines().size() == 4);
  for (const auto& [number, lines] : diary->lines()) {
    CAPTURE(number, lines);
    REQUIRE(lines.size() >= 6);
    const int attempts = static_cast<int>(lines.size()) / 3;
    std::vector<std::string> expected;
    for (int i = 1; i <= attempts; ++i) {
      expected.push_back("begun " + std::to_string(i));
      expected.emplace_back(i < attempts ? "ended 429" : "ended 200");
      if (i < attempts) expected.push_back("retry " + std::to_string(i + 1));
    }
    expected.push_back("end after " + std::to_string(attempts));
    CHECK(lines == expected);
  }
}

TEST_CASE("Attempts of an asynchronous call are recorded, with the waits before them") {
  MockServer server;
  ClientOptions options = Options(server.base_url(), server.token());
  options.retry.initial_backoff = 1ms;
  const ServiceAccountsClient client(options);
  server.Reply(429, {{"Retry-After", "0"}}, "slow down");
  const auto account = Awaited(client.CreateServiceAccountAsync(Request("x")));
  REQUIRE(account);
  const auto& attempts = account.metadata().attempts;
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].outcome == Outcome::kRejected);
  CHECK(attempts[0].http_status == 429);
  CHECK_FALSE(attempts[0].times.connection_reused);
  CHECK(attempts[1].outcome == std::nullopt);
  CHECK(attempts[1].http_status == 200);
  CHECK(attempts[1].times.connection_reused);
  CHECK(attempts[0].total + attempts[1].wait_before + attempts[1].total <=
        account.metadata().elapsed);
}

#if defined(__cpp_exceptions)
TEST_CASE("What a callback throws goes to the observer, and no other call notices") {
  const MockServer server;
  const auto diary = std::make_shared<Diary>();
  ClientOptions options = Options(server.base_url(), server.token());
  options.observer = diary;
  Inbox inbox;
  {
    const ServiceAccountsClient client(options);
    client.CreateServiceAccountAsync(Request("1"), {},
                                     [](auto) { throw std::runtime_error("mine"); });
    client.CreateServiceAccountAsync(Request("2"), {}, [](auto) { throw 42; });
    client.CreateServiceAccountAsync(Request("3"), {}, nullptr);
    client.CreateServiceAccountAsync(Request("4"), {}, inbox.Slot());
    REQUIRE(inbox.Await(1));
    CHECK(inbox.results().front());
    CHECK(Awaited(client.CreateServiceAccountAsync(Request("5"))));
    while (server.accounts().size() < 5) std::this_thread::yield();
    client.CreateServiceAccountAsync(Request("6"), {}, inbox.Slot());
    REQUIRE(inbox.Await(2));
  }
  const auto lines = diary->lines();
  CHECK(lines.at(1).back() == "callback failed: mine");
  CHECK(lines.at(2).back() == "callback failed: ");
  CHECK(lines.at(3).back().find("callback failed: ") == 0);
  CHECK(lines.at(4).back() == "end after 1");
  for (std::uint64_t call = 1; call <= 3; ++call) {
    const auto& told = lines.at(call);
    CHECK(std::count_if(told.begin(), told.end(), [](const std::string& line) {
            return line.find("callback failed") == 0;
          }) == 1);
    CHECK(told[told.size() - 2] == "end after 1");
  }
}

TEST_CASE("A log has a line for a callback that failed, without what it threw") {
  const MockServer server;
  std::ostringstream log;
  ClientOptions options = Options(server.base_url(), server.token());
  options.observer = std::make_shared<LogObserver>(log);
  {
    const ServiceAccountsClient client(options);
    client.CreateServiceAccountAsync(Request("x"), {},
                                     [](auto) { throw std::runtime_error("a secret"); });
    REQUIRE(Awaited(client.CreateServiceAccountAsync(Request("y"))));
    while (server.accounts().size() < 2) std::this_thread::yield();
  }
  CHECK(log.str().find("service_accounts event=callback_failed call=1 "
                       "operation=CreateServiceAccount\n") != std::string::npos);
  CHECK(log.str().find("a secret") == std::string::npos);
}
#endif

TEST_CASE("The client's end cancels its calls, wherever they are, and says truthfully of each") {
  Event read;
  RawServer silent({KeepWaiting(&read)});
  Inbox inbox;
  steady_clock::time_point begin;
  {
    const ServiceAccountsClient client(Options(silent.base_url()));
    client.CreateServiceAccountAsync(Request("sent"), {}, inbox.Slot());
    REQUIRE(read.Await());
    begin = steady_clock::now();
  }
  CHECK(CountEnds(inbox.results(), Kind::kCancelled, Outcome::kUnknown) == 1);

  // A handshake that is never answered.
  Event hello;
  RawServer mute({[&](RawConnection& connection) {
    connection.ReadSome();
    hello.Happen();
    connection.WaitForPeer();
  }});
  {
    const ServiceAccountsClient client(Options("https" + mute.base_url().substr(4)));
    client.CreateServiceAccountAsync(Request("connects"), {}, inbox.Slot());
    REQUIRE(hello.Await());
  }
  CHECK(CountEnds(inbox.results(), Kind::kCancelled, Outcome::kNotSent) == 1);

  MockServer server;
  server.Reply(429, {{"Retry-After", "30"}}, "slow down");
  {
    ClientOptions options = Options(server.base_url(), server.token());
    const auto diary = std::make_shared<Diary>();
    options.observer = diary;
    const ServiceAccountsClient client(options);
    client.CreateServiceAccountAsync(Request("waits"), {}, inbox.Slot());
    while (diary->lines()[1].size() < 3) std::this_thread::yield();
  }
  CHECK(CountEnds(inbox.results(), Kind::kCancelled, Outcome::kRejected) == 1);

  {
    const ServiceAccountsClient client(Options(silent.base_url()));
    for (int i = 0; i < 100; ++i) {
      client.CreateServiceAccountAsync(Request("just posted"), {}, inbox.Slot());
    }
  }
  const Results results = inbox.results();
  REQUIRE(results.size() == 103);
  for (const auto& result : results) {
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == Kind::kCancelled);
  }
  CHECK(steady_clock::now() - begin < 10s);
  const auto maybe_sent = CountEnds(results, Kind::kCancelled, Outcome::kUnknown);
  CHECK(static_cast<std::size_t>(silent.Finish()) <= maybe_sent);
  CHECK(mute.Finish() == 0);
}

TEST_CASE("Each asynchronous call has its own deadline, and ends by it") {
  RawServer server({KeepWaiting()});
  const ServiceAccountsClient client(Options(server.base_url()));
  struct Timed {
    std::chrono::milliseconds timeout;
    std::future<Result<ServiceAccount>> future;
  };
  std::vector<Timed> calls;
  for (const auto timeout : {400ms, 100ms, 300ms, 200ms}) {
    CallOptions call;
    call.timeout = timeout;
    calls.push_back({timeout, client.CreateServiceAccountAsync(Request("x"), call)});
  }
  for (Timed& call : calls) {
    const auto result = Awaited(std::move(call.future));
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == Kind::kTimeout);
    CHECK(result.error().outcome == Outcome::kUnknown);
    CHECK(result.metadata().elapsed >= call.timeout - 10ms);
    CHECK(result.metadata().elapsed <= call.timeout + 1700ms);  // For a busy machine.
  }
  CHECK(server.Finish() == 4);
}

TEST_CASE("Many threads may make asynchronous calls, cancel them, and copy the client meanwhile") {
  constexpr int kThreads = 4;
  constexpr int kCalls = 100;
  const MockServer server;
  Inbox inbox;
  {
    const ServiceAccountsClient client(Options(server.base_url(), server.token()));
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kCalls; ++i) {
          const CancellationSource source;
          CallOptions call;
          call.cancellation = source.token();
          const ServiceAccountsClient copy = client;
          copy.CreateServiceAccountAsync(Request(std::to_string(t * kCalls + i)), call,
                                         inbox.Slot());
          if (i % 3 == 0) source.Cancel();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE(inbox.Await(kThreads * kCalls));
  }
  const Results results = inbox.results();
  const std::size_t created = CountCreated(results);
  const std::size_t unknown = CountEnds(results, Kind::kCancelled, Outcome::kUnknown) +
                              CountEnds(results, Kind::kCancelled, Outcome::kAccepted);
  const std::size_t not_sent = CountEnds(results, Kind::kCancelled, Outcome::kNotSent);
  CHECK(results.size() == kThreads * kCalls);
  CHECK(created + unknown + not_sent == kThreads * kCalls);
  CHECK(created >= kThreads * (kCalls - kCalls / 3 - 1));
  CHECK(server.accounts().size() >= created);
  CHECK(server.accounts().size() <= created + unknown);
}

TEST_CASE("Blocking and asynchronous calls of one client do not get in each other's way") {
  const MockServer server;
  Inbox inbox;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  for (int i = 0; i < 50; ++i) {
    client.CreateServiceAccountAsync(Request("async-" + std::to_string(i)), {}, inbox.Slot());
    const auto account = client.CreateServiceAccount(Request("blocking-" + std::to_string(i)));
    REQUIRE(account);
    CHECK(account->name == "blocking-" + std::to_string(i));
  }
  REQUIRE(inbox.Await(50));
  CHECK(CountCreated(inbox.results()) == 50);
  CHECK(server.accounts().size() == 100);
}

TEST_CASE("After a fork the child has a thread and connections of its own, the parent keeps its") {
  const MockServer server;
  std::optional<ServiceAccountsClient> client(Options(server.base_url(), server.token()));
  REQUIRE(Awaited(client->CreateServiceAccountAsync(Request("before"))));
#if defined(__SANITIZE_THREAD__)
  // It cannot start a thread in the child of a process that has several.
  return;
#endif
  const pid_t child = fork();
  if (child == 0) {
    alarm(30);
    const std::size_t before = Threads();
    auto future = client->CreateServiceAccountAsync(Request("child"));
    const auto account = Awaited(std::move(future));
    if (!account || account->name != "child") _exit(1);
    if (before != 1 || Threads() != 2) _exit(2);
    // The parent's part of it is left alone when the child's copy goes.
    client.reset();
    _exit(0);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  const auto account = Awaited(client->CreateServiceAccountAsync(Request("parent")));
  REQUIRE(account);
  CHECK(account->name == "parent");
  CHECK(account.metadata().attempts.front().times.connection_reused);
  CHECK(server.connections() == 2);
}

TEST_CASE("In a forked child a client goes and leaves the parent's call and connection alone") {
  Event read;
  Event child_is_gone;
  // Under TLS, where to close a connection properly is to say so to the peer.
  TlsServer server(Showing(TestAuthority().Issue()), {[&](TlsConnection& connection) {
                     while (!connection.ReadRequest().empty()) {
                       read.Happen();
                       if (child_is_gone.Await()) connection.Write(HttpReply(200, kAccount));
                     }
                   }});
  Inbox inbox;
  std::optional<ServiceAccountsClient> client(Trusting(server.base_url()));
  client->CreateServiceAccountAsync(Request("x"), {}, inbox.Slot());
  REQUIRE(read.Await());
  const pid_t child = fork();
  if (child == 0) {
    alarm(30);
    client.reset();
    _exit(inbox.results().empty() ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  child_is_gone.Happen();
  REQUIRE(inbox.Await(1));
  CHECK(inbox.results().front());
  CHECK(Awaited(client->CreateServiceAccountAsync(Request("y"))));
  client.reset();
  CHECK(server.Finish() == 2);
  CHECK(server.connections() == 1);
}

/// No further descriptor is to be had.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_CASE("Without descriptors asynchronous calls are not sent, and with them they are again") {
#if defined(__SANITIZE_ADDRESS__)
  // UBSan looks at an object of a type that it has not seen yet through a pipe, which is not to be
  // had.
  return;
#endif
  for (const bool used_before : {true, false}) {
    CAPTURE(used_before);
    MockServer server;
    ClientOptions options = Options(server.base_url(), server.token());
    options.retry.max_attempts = 1;
    Inbox inbox;
    const ServiceAccountsClient client(options);
    if (used_before) {
      // So that its one connection is taken.
      server.Delay(300ms);
      client.CreateServiceAccountAsync(Request("slow"), {}, inbox.Slot());
      while (server.requests().empty()) std::this_thread::yield();
    }
    std::optional<Result<ServiceAccount>> without;
    {
      const NoDescriptors none;
      auto future = client.CreateServiceAccountAsync(Request("x"));
      without = Awaited(std::move(future));
    }
    REQUIRE_FALSE(*without);
    CHECK(without->error().kind == Kind::kConnection);
    CHECK(without->error().outcome == Outcome::kNotSent);
    const auto account = Awaited(client.CreateServiceAccountAsync(Request("x")));
    CAPTURE(account.has_value() ? "" : account.error().message);
    CHECK(account);
    if (used_before) CHECK(inbox.Await(1));
  }
}

}  // namespace
}  // namespace service_accounts::tests
