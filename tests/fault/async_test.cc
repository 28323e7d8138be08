// Asynchronous calls among servers that misbehave: many connections on one loop, at most one POST
// for each attempt all the same, and each call accounted for.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/async.h"
#include "tests/support/catch.h"
#include "tests/support/fault.h"
#include "tests/support/faulty_server.h"
#include "tests/support/http2_server.h"
#include "tests/support/raw_server.h"
#include "tests/support/test_authority.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// As `WatchedClient`, of asynchronous calls. What is told of calls at the same time is not told
/// apart.
class WatchedAsyncClient {
 public:
  explicit WatchedAsyncClient(ClientOptions options) : client_(Watched(std::move(options))) {}

  [[nodiscard]] std::future<Result<ServiceAccount>> Begin(
      const CreateServiceAccountRequest& request, const CallOptions& options = {}) const {
    return client_.CreateServiceAccountAsync(request, options);
  }

  void Begin(const CreateServiceAccountRequest& request, Inbox::Done done) const {
    client_.CreateServiceAccountAsync(request, {}, std::move(done));
  }

  [[nodiscard]] WatchedCall Call(const CreateServiceAccountRequest& request = Request("x"),
                                 const CallOptions& options = {}) const {
    const auto begin = steady_clock::now();
    auto result = Awaited(Begin(request, options));
    const auto took = steady_clock::now() - begin;
    return {std::move(result), took, told()};
  }

  [[nodiscard]] std::string told() const {
    const std::lock_guard<std::mutex> lock(told_->mutex);
    return told_->text;
  }

 private:
  struct Told {
    std::mutex mutex;
    std::string text;
  };

  /// The observer in the options, if any, hears of repetitions.
  class Witness final : public Observer {
   public:
    Witness(std::shared_ptr<Told> told, std::shared_ptr<Observer> next)
        : told_(std::move(told)), next_(std::move(next)) {}
    void OnAttemptBegun(const AttemptBegun& event) override { log_.OnAttemptBegun(event); }
    void OnAttemptEnded(const AttemptEnded& event) override {
      if (event.error != nullptr) Keep(AllTextOf(*event.error));
      log_.OnAttemptEnded(event);
    }
    void OnRetryScheduled(const RetryScheduled& event) override {
      log_.OnRetryScheduled(event);
      if (next_ != nullptr) next_->OnRetryScheduled(event);
    }
    void OnCallEnded(const CallEnded& event) override {
      if (event.error != nullptr) Keep(AllTextOf(*event.error));
      log_.OnCallEnded(event);
    }

   private:
    void Keep(std::string_view text) {
      const std::lock_guard<std::mutex> lock(told_->mutex);
      told_->text.append(text).append("\n");
    }

    const std::shared_ptr<Told> told_;
    const std::shared_ptr<Observer> next_;
    LogObserver log_{[this](std::string_view line) { Keep(line); }};
  };

  [[nodiscard]] ClientOptions Watched(ClientOptions options) const {
    options.observer = std::make_shared<Witness>(told_, std::move(options.observer));
    return options;
  }

  const std::shared_ptr<Told> told_ = std::make_shared<Told>();
  const ServiceAccountsClient client_;
};

/// Connections that are warm together: each has answered one request, and none before all had one.
/// The first of them that is sent another request ends in this way, and the others answer: a
/// repetition would look like a success.
class WarmServer {
 public:
  WarmServer(std::size_t connections, void (*end)(RawConnection&))
      : connections_(connections), all_read_(connections), server_({[this, end](RawConnection& c) {
          if (c.ReadRequest().empty() || !all_read_.Attend()) return;
          do c.Write(HttpReply(200, kAccount));
          while (!c.ReadRequest().empty() && ended_.exchange(true));
          end(c);
        }}) {}

  /// Whether all of its connections are warm.
  [[nodiscard]] bool Warm(const WatchedAsyncClient& client) {
    std::vector<std::future<Result<ServiceAccount>>> calls;
    for (std::size_t i = 0; i < connections_; ++i) calls.push_back(client.Begin(Request("first")));
    bool created = true;
    for (auto& call : calls) created = Awaited(std::move(call)).has_value() && created;
    return created && server_.connections() == static_cast<int>(connections_);
  }

  [[nodiscard]] RawServer& raw() { return server_; }

 private:
  const std::size_t connections_;
  Meeting all_read_;
  std::atomic<bool> ended_{false};
  RawServer server_;
};

TEST_CASE("A POST that was read on one of several warm connections is not sent on another one") {
  const std::pair<const char*, void (*)(RawConnection&)> ends[] = {
      {"closed", [](RawConnection& connection) { connection.Close(); }},
      {"reset", [](RawConnection& connection) { connection.Reset(); }}};
  for (const auto& [how, end] : ends) {
    for (const std::size_t connections : {std::size_t{2}, std::size_t{5}}) {
      INFO(how << ", of " << connections);
      WarmServer server(connections, end);
      const WatchedAsyncClient client(Options(server.raw().base_url()));
      REQUIRE(server.Warm(client));
      const WatchedCall lost = client.Call(Request("lost"));
      // libcurl gives up the connection too that it was about to use: the others are still used.
      REQUIRE(client.Call(Request("next")));
      CHECK(server.raw().connections() == static_cast<int>(std::max<std::size_t>(connections, 3)));
      CheckFault(lost, Lost(), server.raw().Finish() - static_cast<int>(connections) - 1);
    }
  }
}

TEST_CASE(
    "A lost request is repeated on warm connections as often as the policy says, and no more") {
  const auto lose = [](RawConnection& connection) { connection.Reset(); };
  WarmServer server(4, lose);
  ClientOptions options = Options(server.raw().base_url());
  options.retry.max_attempts = 2;
  options.retry.repeat_unknown_outcomes = true;
  options.retry.initial_backoff = 0ms;
  const WatchedAsyncClient client(options);
  REQUIRE(server.Warm(client));
  const WatchedCall second = client.Call(Request("lost, then created"));
  REQUIRE(second);
  CHECK(second.result.metadata().attempts.size() == 2);
  CHECK(server.raw().Finish() == 4 + 2);
}

void AnswerStreams(Http2Connection& connection) {
  while (const Http2Stream stream = connection.ReadRequest()) connection.Reply(stream, kAccount);
}

TEST_CASE("Over HTTP/2 one stream of several is refused, not sent again, and the others are made") {
  constexpr std::size_t kCalls = 6;
  for (std::size_t refused = 0; refused < kCalls; ++refused) {
    CAPTURE(refused);
    Event lost;
    Http2Server server(TestAuthority().Issue(),
                       {[&](Http2Connection& connection) {
                          connection.Reply(connection.ReadRequest(), kAccount);
                          std::vector<Http2Stream> streams;
                          while (streams.size() < kCalls) {
                            streams.push_back(connection.ReadRequest());
                            if (streams.back() == 0) return;
                          }
                          connection.ResetStream(streams[refused], Http2Error::kRefusedStream);
                          // The others are still under way when the client has dealt with that.
                          if (!lost.Await()) return;
                          for (const Http2Stream stream : streams) {
                            if (stream != streams[refused]) connection.Reply(stream, kAccount);
                          }
                          AnswerStreams(connection);
                        },
                        AnswerStreams},
                       kAccount);
    ClientOptions options = Trusting(server.base_url());
    options.http_version = HttpVersion::kHttp2;
    Inbox inbox;
    const WatchedAsyncClient client(options);
    REQUIRE(client.Call(Request("first")));  // Makes the connection.
    const auto begin = steady_clock::now();
    for (std::size_t i = 0; i < kCalls; ++i) client.Begin(Request("x"), inbox.Slot());
    REQUIRE(inbox.Await(1));
    const auto took = steady_clock::now() - begin;
    lost.Happen();
    REQUIRE(inbox.Await(kCalls));
    const auto results = inbox.results();
    for (std::size_t i = 1; i < kCalls; ++i) CHECK(results[i]);
    CheckFault({results.front(), took, client.told()}, Lost(),
               server.Finish() - static_cast<int>(kCalls));
    CHECK(server.connections() == 1);
  }
}

/// How long after this a call ended.
struct Canceller {
  CancellationSource source;
  steady_clock::time_point cancelled;

  void Cancel() {
    cancelled = steady_clock::now();
    source.Cancel();
  }
  [[nodiscard]] CallOptions options() const {
    CallOptions call;
    call.cancellation = source.token();
    return call;
  }
};

/// The quickest of a few runs: how long it takes when nothing else keeps the machine busy.
template <class Run>
std::chrono::nanoseconds Quickest(Run run) {
  std::chrono::nanoseconds quickest = run();
  for (int i = 0; i < 9 && quickest >= 50ms; ++i)
    quickest = std::min<std::chrono::nanoseconds>(quickest, run());
  return quickest;
}

TEST_CASE("An asynchronous call that waits for its reply ends at once when it is cancelled") {
  CHECK(Quickest([&] {
          Canceller canceller;
          RawServer server({[&](RawConnection& connection) {
            connection.ReadRequest();
            canceller.Cancel();
            connection.WaitForPeer();
          }});
          const WatchedAsyncClient client(Options(server.base_url()));
          const WatchedCall call = client.Call(Request("x"), canceller.options());
          const auto took = steady_clock::now() - canceller.cancelled;
          CheckFault(call, Unknown(Kind::kCancelled), server.Finish());
          return took;
        }) < 50ms);
}

TEST_CASE("An asynchronous call that makes its connection ends at once when it is cancelled") {
  CHECK(Quickest([&] {
          Canceller canceller;
          RawServer server({[&](RawConnection& connection) {
            connection.ReadSome();  // The handshake's first message, which is never answered.
            canceller.Cancel();
            connection.WaitForPeer();
          }});
          const WatchedAsyncClient client(Trusting("https" + server.base_url().substr(4)));
          const WatchedCall call = client.Call(Request("x"), canceller.options());
          const auto took = steady_clock::now() - canceller.cancelled;
          CheckFault(call, NotSent(Kind::kCancelled), server.Finish());
          return took;
        }) < 50ms);
}

TEST_CASE("An asynchronous call that was cancelled before it began opens no connection") {
  RawServer server({AnswerAll});
  Canceller canceller;
  canceller.Cancel();
  const WatchedAsyncClient client(Options(server.base_url()));
  const WatchedCall call = client.Call(Request("x"), canceller.options());
  CheckFault(call, NotSent(Kind::kCancelled).Repeated(0), server.Finish());
  CHECK(server.connections() == 0);
}

/// Cancels from a thread of its own when a wait begins.
class CancelOnRetry final : public Observer {
 public:
  explicit CancelOnRetry(Canceller& canceller) : canceller_(canceller) {}
  ~CancelOnRetry() override { Join(); }
  CancelOnRetry(const CancelOnRetry&) = delete;
  CancelOnRetry& operator=(const CancelOnRetry&) = delete;
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

TEST_CASE(
    "An asynchronous call that waits for its next attempt ends at once when it is cancelled") {
  CHECK(Quickest([&] {
          RawServer server({[](RawConnection& connection) {
            while (!connection.ReadRequest().empty()) {
              connection.Write(HttpReply(429, "", "Retry-After: 15\r\n"));
            }
          }});
          Canceller canceller;
          const auto observer = std::make_shared<CancelOnRetry>(canceller);
          ClientOptions options = Options(server.base_url());
          options.observer = observer;
          const WatchedAsyncClient client(options);
          const WatchedCall call = client.Call(Request("x"), canceller.options());
          const auto end = steady_clock::now();
          observer->Join();
          CheckFault(call, Rejected(Kind::kCancelled, 429), server.Finish());
          return end - canceller.cancelled;
        }) < 50ms);
}

TEST_CASE("An asynchronous call that waits for a token ends at once when it is cancelled") {
  CHECK(Quickest([&] {
          RawServer server({AnswerAll});
          Canceller canceller;
          Event ended;
          ClientOptions options = Options(server.base_url());
          options.credentials = TokenFromCallback([&]() -> Result<AccessToken> {
            canceller.Cancel();
            ended.Await();
            return AccessToken{kToken, {}};
          });
          const WatchedAsyncClient client(options);
          const WatchedCall call = client.Call(Request("x"), canceller.options());
          const auto took = steady_clock::now() - canceller.cancelled;
          ended.Happen();
          CheckFault(call, NotSent(Kind::kCancelled).Repeated(0), server.Finish());
          return took;
        }) < 50ms);
}

TEST_CASE("A cancelled asynchronous call leaves the others on its loop alone") {
  Canceller canceller;
  Meeting all_read(3);
  RawServer server({[&](RawConnection& connection) {
    const std::string request = connection.ReadRequest();
    if (request.empty() || !all_read.Attend()) return;
    if (request.find("cancelled") != std::string::npos) {
      canceller.Cancel();
      connection.WaitForPeer();
    } else {
      connection.Write(HttpReply(200, kAccount));
      AnswerAll(connection);
    }
  }});
  const WatchedAsyncClient client(Options(server.base_url()));
  auto first = client.Begin(Request("first"));
  auto second = client.Begin(Request("second"));
  const WatchedCall cancelled = client.Call(Request("cancelled"), canceller.options());
  const auto first_ended = Awaited(std::move(first));
  const auto second_ended = Awaited(std::move(second));
  CHECK(first_ended);
  CHECK(second_ended);
  CHECK(client.Call(Request("next")));
  CHECK(server.connections() == 3);
  CheckFault(cancelled, Unknown(Kind::kCancelled), server.Finish() - 3);
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kManyCalls = 2000;
#else
constexpr int kManyCalls = 10'000;
#endif
constexpr int kAtATime = 100;

/// Makes the calls, so many at a time, each end beginning the next one. Keeps what came of each.
class Storm {
 public:
  explicit Storm(const ServiceAccountsClient& client) : client_(client), ends_(kManyCalls) {}

  [[nodiscard]] bool Run() {
    for (int i = 0; i < kAtATime; ++i) BeginNext();
    return all_ended_.Await();
  }

  static std::string Name(std::size_t number) { return "bot-" + std::to_string(number); }

  /// By number. No value: created.
  [[nodiscard]] const std::vector<std::optional<Outcome>>& ends() const { return ends_; }
  [[nodiscard]] int wrong() const { return wrong_; }
  [[nodiscard]] int created() const { return created_; }

 private:
  void BeginNext() {
    const auto number = static_cast<std::size_t>(next_++);
    if (number >= ends_.size()) return;
    client_.CreateServiceAccountAsync(Request(Name(number)), {},
                                      [this, number](const Result<ServiceAccount>& account) {
                                        if (account) {
                                          ++created_;
                                          if (account->name != Name(number))
                                            ++wrong_;  // Somebody else's reply.
                                        } else {
                                          ends_[number] = account.error().outcome;
                                        }
                                        BeginNext();
                                        if (++ended_ == kManyCalls) all_ended_.Happen();
                                      });
  }

  const ServiceAccountsClient& client_;
  std::atomic<int> next_{0};
  // The background thread's, until all have ended.
  std::vector<std::optional<Outcome>> ends_;
  int ended_ = 0;
  int created_ = 0;
  int wrong_ = 0;
  Event all_ended_;
};

TEST_CASE("Thousands of calls among random faults are each accounted for, and none is made twice") {
  constexpr std::uint64_t kSeed = 20'240'607;
  FaultyServer server(kSeed);
  ClientOptions options = Options(server.base_url());
  options.retry.initial_backoff = 2ms;
  options.retry.max_backoff = 5ms;
  int created = 0;
  std::vector<std::optional<Outcome>> ends;
  {
    const ServiceAccountsClient client(options);
    Storm storm(client);
    REQUIRE(storm.Run());
    CHECK(storm.wrong() == 0);
    created = storm.created();
    ends = storm.ends();
  }
  server.Finish();

  int failed = 0;
  int accepted = 0;
  int unknown = 0;
  int untrue = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto account = server.accounts().find(Storm::Name(i));
    const int made = account == server.accounts().end() ? 0 : account->second;
    const std::optional<Outcome> end = ends[i];
    if (end) ++failed;
    if (end == Outcome::kAccepted) ++accepted;
    if (end == Outcome::kUnknown) ++unknown;
    const bool has_to_be = !end || end == Outcome::kAccepted;
    const bool may_be = has_to_be || end == Outcome::kUnknown;
    if (made > 1 || (has_to_be && made != 1) || (!may_be && made != 0)) ++untrue;
  }
  CAPTURE(created, failed, accepted, unknown, server.posts(), server.connections());
  CHECK(untrue == 0);
  CHECK(created + failed == kManyCalls);
  const int accounts = static_cast<int>(server.accounts().size());
  CHECK(created + accepted <= accounts);
  CHECK(accounts <= created + accepted + unknown);
  // Every fault was there, and connections were used again between them.
  CHECK(server.turns().size() == 9);
  CHECK(accepted > 0);
  CHECK(unknown > 0);
  CHECK(failed > accepted + unknown);
  CHECK(created > kManyCalls / 2);
  CHECK(server.connections() < server.posts());
}

}  // namespace
}  // namespace service_accounts::tests
