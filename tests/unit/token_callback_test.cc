// Tokens from a callback, by a fake clock: no test waits for time. Where threads meet, they do so
// inside the callback, which is how a test knows that a fetch is under way.
#include <service_accounts/credentials.h>
#include <service_accounts/testing/fake_transport.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "call.h"
#include "service_account_json.h"
#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/fake_clock.h"
#include "token_source.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::chrono_literals;
using Fetched = Result<AccessToken>;

constexpr auto kForever = 24h * 365 * 20;
constexpr int kOthers = 7;
constexpr const char* kAccount = R"({"data":{"id":"sa_1"}})";
constexpr Operation<CreateServiceAccountRequest, ServiceAccount> kCreate = {
    "CreateServiceAccount", "POST", "/v1/service-accounts", WriteJson, DecodeServiceAccountReply};

/// Its time stands still, so that whoever waits by it does so until woken, and tests see that
/// somebody waits. A waiter that nobody wakes fails in the end, instead of hanging.
class StandingClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime Now() const override { return fake_.Now(); }
  [[nodiscard]] WallTime WallNow() const override { return fake_.WallNow(); }

  void WaitUntil(SteadyTime, const CancellationToken& cancellation) const override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++waiting_;
      changed_.notify_all();
    }
    SystemClock().WaitUntil(SystemClock().Now() + 10s, cancellation);
    if (cancellation.cancelled()) return;
    overslept_ = true;
    fake_.Advance(24h);
  }

  void AwaitWaiting(int count) const {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }
  [[nodiscard]] bool overslept() const { return overslept_; }

 private:
  mutable tests::FakeClock fake_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable int waiting_ = 0;
  mutable std::atomic<bool> overslept_{false};
};

template <class AnyClock>
struct Source {
  AnyClock clock;
  std::atomic<int> calls{0};
  std::function<Fetched()> fetch;
  Credentials credentials = TokenFromCallback([this] {
    ++calls;
    return fetch();
  });

  Result<Token> Get(std::chrono::seconds timeout = 30s,
                    const CancellationToken& cancelled = {}) const {
    return credentials.source()->GetToken({clock, clock.Now() + timeout, cancelled});
  }
  Result<Token> Replace(const std::string& rejected, std::chrono::seconds timeout = 30s,
                        const CancellationToken& cancelled = {}) const {
    credentials.source()->Reject(std::make_shared<const std::string>(rejected));
    return Get(timeout, cancelled);
  }

  /// On another thread.
  std::future<Result<Token>> GetAside(std::chrono::seconds timeout = 30s,
                                      const CancellationToken& cancelled = {}) {
    return std::async(std::launch::async, [=] { return Get(timeout, cancelled); });
  }

  [[nodiscard]] AccessToken Lasting(std::string token, std::chrono::nanoseconds life) const {
    return {std::move(token),
            clock.WallNow() + std::chrono::duration_cast<WallTime::duration>(life)};
  }
  /// "1", "2" and so on.
  [[nodiscard]] AccessToken Counted(std::chrono::nanoseconds life) const {
    return Lasting(std::to_string(calls), life);
  }
};

using FakeSource = Source<tests::FakeClock>;
using StandingSource = Source<StandingClock>;

std::string TextOf(const Result<Token>& token) { return token ? **token : token.error().message; }

Error Failure(ErrorKind kind, const std::string& message) {
  Error error;
  error.kind = kind;
  error.message = message;
  return error;
}

TEST_CASE("A token without an expiry is fetched once, and kept until it is rejected") {
  FakeSource s;
  s.fetch = [&] { return AccessToken{std::to_string(s.calls), std::nullopt}; };
  CHECK(TextOf(s.Get()) == "1");
  s.clock.Advance(kForever);
  CHECK(TextOf(s.Get()) == "1");
  CHECK(TextOf(s.Replace("1")) == "2");
  CHECK(TextOf(s.Get()) == "2");
  CHECK(s.calls == 2);
}

TEST_CASE("A token is fetched anew a tenth of its life before its end, and at most a minute") {
  struct Case {
    std::chrono::nanoseconds life;
    std::chrono::nanoseconds margin;
  };
  for (const Case& c : {Case{100s, 10s}, Case{10min, 60s}, Case{1h, 60s}, Case{24h * 30, 60s},
                        Case{1s, 100ms}, Case{10ns, 1ns}}) {
    CAPTURE(c.life.count());
    FakeSource s;
    s.fetch = [&] { return s.Counted(c.life); };
    CHECK(TextOf(s.Get()) == "1");
    s.clock.Advance(c.life - c.margin - 1ns);
    CHECK(TextOf(s.Get()) == "1");
    s.clock.Advance(1ns);
    CHECK(TextOf(s.Get()) == "2");
    CHECK(s.calls == 2);
  }
}

TEST_CASE("An expiry at either end of time does not overflow") {
  for (const auto wall : {24h * 365 * 50, -24h * 365}) {
    FakeSource s;
    s.clock.SetWall(WallTime(wall));
    s.fetch = [&] { return AccessToken{std::to_string(s.calls), WallTime::max()}; };
    CHECK(TextOf(s.Get()) == "1");
    s.clock.Advance(24h * 300);
    CHECK(TextOf(s.Get()) == "1");
    s.fetch = [&] { return AccessToken{std::to_string(s.calls), WallTime::min()}; };
    CHECK(TextOf(s.Replace("1")) == "2");
    CHECK(TextOf(s.Get()) == "3");
  }
}

TEST_CASE("A jump of the wall clock changes nothing about when a token is fetched anew") {
  for (const auto jump : {-24h * 365 * 10, 24h * 365 * 10}) {
    FakeSource s;
    s.fetch = [&] { return s.Counted(1h); };
    CHECK(TextOf(s.Get()) == "1");
    s.clock.SetWall(s.clock.WallNow() + jump);
    CHECK(TextOf(s.Get()) == "1");
    s.clock.Advance(59min - 1ns);
    CHECK(TextOf(s.Get()) == "1");
    s.clock.Advance(1ns);
    CHECK(TextOf(s.Get()) == "2");
  }
}

TEST_CASE("A token that has expired when it arrives is used, and not kept") {
  for (const auto life : {0s, -1s, -3600s}) {
    FakeSource s;
    s.fetch = [&] { return s.Counted(life); };
    CHECK(TextOf(s.Get()) == "1");
    CHECK(TextOf(s.Get()) == "2");
    CHECK(TextOf(s.Replace("2")) == "3");
  }
}

TEST_CASE(
    "While the token at hand is good a fetch that brings no better one is not repeated soon") {
  FakeSource s;
  s.fetch = [&] { return s.Lasting("good", 100s); };
  CHECK(TextOf(s.Get()) == "good");
  s.clock.Advance(91s);
  SECTION("an error") {
    s.fetch = [] { return Failure(ErrorKind::kConnection, "down"); };
  }
#if defined(__cpp_exceptions)
  SECTION("an exception") {
    s.fetch = []() -> Fetched { throw std::runtime_error("down"); };
  }
#endif
  SECTION("what is no token") {
    s.fetch = [] { return AccessToken{"no token", std::nullopt}; };
  }
  SECTION("one that has expired") {
    s.fetch = [&] { return s.Lasting("older", -1s); };
  }
  CHECK(TextOf(s.Get()) == "good");
  CHECK(s.calls == 2);
  s.clock.Advance(1s - 1ns);
  CHECK(TextOf(s.Get()) == "good");
  CHECK(s.calls == 2);
  s.clock.Advance(1ns);
  CHECK(TextOf(s.Get()) == "good");
  CHECK(s.calls == 3);
  s.clock.Advance(10s);
  CHECK(TextOf(s.Get()) != "good");
  CHECK(s.calls == 4);
  s.fetch = [&] { return s.Lasting("new", 100s); };
  CHECK(TextOf(s.Get()) == "new");
}

TEST_CASE("A callback's error is the call's, of its own kind, but not sent and without a status") {
  FakeSource s;
  s.fetch = [] {
    Error error = Failure(ErrorKind::kRateLimited, "ask later");
    error.outcome = RequestOutcome::kUnknown;
    error.http_status = 429;
    error.code = "slow_down";
    error.retry_after = 5s;
    return error;
  };
  const auto got = s.Get();
  REQUIRE_FALSE(got);
  CHECK(got.error().kind == ErrorKind::kRateLimited);
  CHECK(got.error().outcome == RequestOutcome::kNotSent);
  CHECK(got.error().http_status == 0);
  CHECK(got.error().message == "credentials: ask later");
  CHECK(got.error().code == "slow_down");
  CHECK(got.error().retry_after == 5s);
  s.fetch = [] { return Failure(ErrorKind::kConnection, ""); };
  CHECK(TextOf(s.Get()) == "credentials: the callback failed without a message");
  CHECK(s.calls == 2);
}

#if defined(__cpp_exceptions)
TEST_CASE("A callback that throws fails the calls, and the next one is asked again") {
  FakeSource s;
  s.fetch = []() -> Fetched { throw std::runtime_error("no route"); };
  const auto got = s.Get();
  REQUIRE_FALSE(got);
  CHECK(got.error().kind == ErrorKind::kUnauthenticated);
  CHECK(got.error().outcome == RequestOutcome::kNotSent);
  CHECK(got.error().message == "credentials: the callback threw: no route");
  s.fetch = []() -> Fetched { throw 42; };
  CHECK(TextOf(s.Get()) == "credentials: the callback threw what is no std::exception");
  s.fetch = [&] { return s.Counted(1h); };
  CHECK(TextOf(s.Get()) == "3");
}
#endif

TEST_CASE("A token that could not be sent is refused without being quoted, and not kept") {
  FakeSource s;
  for (const std::string& token : {std::string(), std::string("SECRET\r\nX: 1"),
                                   std::string("SECRET\n"), std::string(8193, 'S')}) {
    s.fetch = [&] { return AccessToken{token, std::nullopt}; };
    const auto got = s.Get();
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == ErrorKind::kInvalidArgument);
    CHECK(got.error().outcome == RequestOutcome::kNotSent);
    CHECK(got.error().message.find("credentials: the token from the callback ") == 0);
    CHECK(got.error().message.find("SECRET") == std::string::npos);
  }
  CHECK(s.calls == 4);
}

#if defined(__cpp_exceptions)
TEST_CASE("The last token is blotted out of what the callback says, even once it was rejected") {
  FakeSource s;
  s.fetch = [&] { return s.Lasting("TOPSECRET-1", 100s); };
  CHECK(s.Get());
  s.fetch = []() -> Fetched { throw std::runtime_error("cannot renew TOPSECRET-1"); };
  SECTION("expired") { s.clock.Advance(100s); }
  SECTION("rejected") { CHECK_FALSE(s.Replace("TOPSECRET-1")); }
  CHECK(TextOf(s.Get()) == "credentials: the callback threw: cannot renew [redacted]");
}
#endif

TEST_CASE("An empty function is refused when the client is made") {
  ClientOptions options = tests::Options("https://accounts.test");
  options.credentials = TokenFromCallback(nullptr);
  const auto problem = options.Validate();
  REQUIRE(problem);
  CHECK(problem->kind == ErrorKind::kInvalidArgument);
  CHECK(problem->message == "credentials: the callback is an empty function");
  const tests::FakeClock clock;
  const auto got = options.credentials.source()->GetToken({clock, clock.Now() + 1s, {}});
  CHECK(TextOf(got) == problem->message);
}

TEST_CASE("A rejected token is replaced once, and by the one that is at hand if it is another") {
  FakeSource s;
  s.fetch = [&] { return s.Counted(1h); };
  CHECK(TextOf(s.Get()) == "1");
  CHECK(TextOf(s.Replace("1")) == "2");
  CHECK(TextOf(s.Replace("1")) == "2");
  CHECK(s.calls == 2);
  s.clock.Advance(1h);
  CHECK(TextOf(s.Replace("1")) == "3");
  s.fetch = [] { return Failure(ErrorKind::kConnection, "down"); };
  CHECK(TextOf(s.Replace("3")) == "credentials: down");
  CHECK(TextOf(s.Get()) == "credentials: down");
}

TEST_CASE("A call that is cancelled or too late does not begin a fetch") {
  FakeSource s;
  const CancellationSource cancellation;
  cancellation.Cancel();
  for (const bool replace : {false, true}) {
    const auto cancelled =
        replace ? s.Replace("1", 30s, cancellation.token()) : s.Get(30s, cancellation.token());
    REQUIRE_FALSE(cancelled);
    CHECK(cancelled.error().kind == ErrorKind::kCancelled);
    CHECK(cancelled.error().outcome == RequestOutcome::kNotSent);
    const auto late = replace ? s.Replace("1", 0s) : s.Get(0s);
    REQUIRE_FALSE(late);
    CHECK(late.error().kind == ErrorKind::kTimeout);
    CHECK(late.error().outcome == RequestOutcome::kNotSent);
  }
  CHECK(s.calls == 0);
}

TEST_CASE("Neither printing credentials of a callback nor making a client of them calls it") {
  FakeSource s;
  std::ostringstream out;
  out << s.credentials;
  CHECK(out.str() == "token from callback");
  ClientOptions options = tests::Options("https://accounts.test");
  options.credentials = s.credentials;
  CHECK(options.Validate() == std::nullopt);
  CHECK(s.calls == 0);
}

TEST_CASE("While the token at hand is good one call fetches, and the others do not wait") {
  FakeSource s;
  s.fetch = [&] { return s.Counted(100s); };
  CHECK(TextOf(s.Get()) == "1");
  s.clock.Advance(95s);
  s.fetch = [&] {
    for (int i = 0; i < 4; ++i) CHECK(TextOf(s.GetAside().get()) == "1");
    CHECK(TextOf(s.Get()) == "1");
    return s.Counted(100s);
  };
  CHECK(TextOf(s.Get()) == "2");
  CHECK(s.calls == 2);
  CHECK(s.clock.waits().empty());
}

TEST_CASE("A child that is forked during a fetch does not wait for it, but fetches by itself") {
  FakeSource s;
  pid_t child = -1;
  s.fetch = [&]() -> Fetched {
    if (child == 0) return AccessToken{"child", {}};
    child = fork();
    if (child == 0) _exit(TextOf(s.Get()) == "child" ? 0 : 1);
    return AccessToken{"parent", {}};
  };
  CHECK(TextOf(s.Get()) == "parent");
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("Many calls without a token share one fetch, and what it brings") {
  for (const bool works : {true, false}) {
    StandingSource s;
    std::vector<std::future<Result<Token>>> others;
    s.fetch = [&]() -> Fetched {
      for (int i = 0; i < kOthers; ++i) others.push_back(s.GetAside());
      s.clock.AwaitWaiting(kOthers);
      if (!works) return Failure(ErrorKind::kTls, "no trust");
      return s.Counted(1h);
    };
    const auto mine = s.Get();
    for (auto& other : others) {
      const auto same = other.get();
      CHECK(TextOf(same) == (works ? "1" : "credentials: no trust"));
      if (works) CHECK(*same == *mine);
      if (!works) CHECK(same.error().kind == ErrorKind::kTls);
    }
    CHECK(s.calls == 1);
    CHECK_FALSE(s.clock.overslept());
  }
}

TEST_CASE("Many calls whose token was rejected share one fetch") {
  StandingSource s;
  s.fetch = [&] { return s.Counted(1h); };
  CHECK(TextOf(s.Get()) == "1");
  std::vector<std::future<Result<Token>>> others;
  s.fetch = [&] {
    for (int i = 0; i < 3; ++i) {
      others.push_back(std::async(std::launch::async, [&] { return s.Replace("1"); }));
      others.push_back(s.GetAside());
    }
    s.clock.AwaitWaiting(6);
    return s.Counted(1h);
  };
  CHECK(TextOf(s.Replace("1")) == "2");
  for (auto& other : others) CHECK(TextOf(other.get()) == "2");
  CHECK(s.calls == 2);
  CHECK_FALSE(s.clock.overslept());
}

TEST_CASE("A fetch that fails for a rejected token does not bring that one back") {
  StandingSource s;
  s.fetch = [&] { return s.Counted(100s); };
  CHECK(TextOf(s.Get()) == "1");
  std::future<Result<Token>> other;
  s.fetch = [&] {
    other = std::async(std::launch::async, [&] { return s.Replace("1"); });
    s.clock.AwaitWaiting(1);
    return Failure(ErrorKind::kConnection, "down");
  };
  CHECK(TextOf(s.Replace("1")) == "credentials: down");
  CHECK(TextOf(other.get()) == "credentials: down");
}

TEST_CASE("A call that waits for another's fetch ends at its own deadline") {
  FakeSource s;
  s.fetch = [&] {
    const auto late = s.GetAside(5s).get();
    REQUIRE_FALSE(late);
    CHECK(late.error().kind == ErrorKind::kTimeout);
    CHECK(late.error().outcome == RequestOutcome::kNotSent);
    CHECK(late.error().message.find("credentials: the time allowed passed") == 0);
    return s.Counted(1h);
  };
  CHECK(TextOf(s.Get()) == "1");
  CHECK(s.clock.waits() == std::vector<std::chrono::nanoseconds>{5s});
}

TEST_CASE("A call that waits for another's fetch ends at once when it is cancelled") {
  StandingSource s;
  s.fetch = [&] {
    const CancellationSource cancellation;
    auto other = s.GetAside(30s, cancellation.token());
    s.clock.AwaitWaiting(1);
    cancellation.Cancel();
    const auto cancelled = other.get();
    REQUIRE_FALSE(cancelled);
    CHECK(cancelled.error().kind == ErrorKind::kCancelled);
    CHECK(cancelled.error().outcome == RequestOutcome::kNotSent);
    CHECK(cancelled.error().message.find("credentials: the call was cancelled") == 0);
    CHECK_FALSE(s.clock.overslept());
    return s.Counted(1h);
  };
  CHECK(TextOf(s.Get()) == "1");
}

TEST_CASE("Threads that get, reject and let expire never make two fetches at once") {
  FakeSource s;
  std::atomic<int> at_once{0};
  std::atomic<int> most{0};
  s.fetch = [&]() -> Fetched {
    most = std::max<int>(most, ++at_once);
    const int call = s.calls;
    --at_once;
    if (call % 5 == 0) return Failure(ErrorKind::kConnection, "down");
    return s.Lasting("token-" + std::to_string(call), 100s);
  };
  std::vector<std::future<void>> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i) {
    threads.push_back(std::async(std::launch::async, [&] {
      for (int round = 0; round < 500; ++round) {
        const auto token = s.Get(24h);
        if (token && round % 3 == 0) static_cast<void>(s.Replace(**token, 24h));
        s.clock.Advance(7s);
      }
    }));
  }
  for (auto& thread : threads) thread.get();
  CHECK(most == 1);
  CHECK(s.calls > 100);
}

/// Whole calls, over the fake transport.
struct Client {
  FakeSource source;
  std::shared_ptr<testing::FakeTransport> fake = std::make_shared<testing::FakeTransport>();
  ClientOptions options = tests::Options("https://accounts.test");

  Client() {
    source.fetch = [this] { return source.Counted(1h); };
    options.credentials = source.credentials;
    options.transport = fake;
  }

  Result<ServiceAccount> Create() const {
    const ClientCore core(options, source.clock, 1);
    return Call(core, kCreate, tests::Request("x"), {});
  }
  [[nodiscard]] std::vector<std::string> sent() const {
    std::vector<std::string> tokens;
    for (const HttpRequest& request : fake->requests()) {
      for (const Header& header : request.headers) {
        if (header.name == "Authorization") tokens.push_back(header.value);
      }
    }
    return tokens;
  }
};

using Sent = std::vector<std::string>;

TEST_CASE("A call whose token is rejected is repeated once, with the token that replaces it") {
  Client c;
  c.fake->Reply(401, "expired");
  c.fake->Reply(200, kAccount);
  const auto account = c.Create();
  REQUIRE(account);
  CHECK(account.metadata().attempts.size() == 2);
  CHECK(account.metadata().attempts[0].outcome == RequestOutcome::kRejected);
  CHECK(c.sent() == Sent{"Bearer 1", "Bearer 2"});
  c.fake->Reply(200, kAccount);
  CHECK(c.Create());
  CHECK(c.sent().back() == "Bearer 2");
  CHECK(c.source.calls == 2);
}

TEST_CASE("A call is not repeated a second time when the new token is rejected as well") {
  Client c;
  c.fake->Reply(401, "no");
  c.fake->Reply(401, "still no");
  const auto rejected = c.Create();
  REQUIRE_FALSE(rejected);
  CHECK(rejected.error().kind == ErrorKind::kUnauthenticated);
  CHECK(rejected.error().outcome == RequestOutcome::kRejected);
  CHECK(rejected.error().attempts == 2);
  CHECK(c.sent() == Sent{"Bearer 1", "Bearer 2"});
}

TEST_CASE("A call whose rejected token cannot be replaced ends with the rejection") {
  Client c;
  std::string words = "no";
  SECTION("the same token again") {
    c.source.fetch = [&] { return c.source.Lasting("1", 1h); };
  }
  SECTION("an error") {
    words = "no; no new token: credentials: down";
    c.source.fetch = [&]() -> Fetched {
      if (c.source.calls > 1) return Failure(ErrorKind::kConnection, "down");
      return c.source.Counted(1h);
    };
  }
  c.fake->Reply(401, R"({"message":"no"})");
  const auto rejected = c.Create();
  REQUIRE_FALSE(rejected);
  CHECK(rejected.error().message == words);
  CHECK(rejected.error().kind == ErrorKind::kUnauthenticated);
  CHECK(rejected.error().attempts == 1);
  CHECK(c.sent() == Sent{"Bearer 1"});
  CHECK(c.source.calls == 2);
}

TEST_CASE("A call whose callback fails sends nothing, and says why") {
  Client c;
  c.source.fetch = [] { return Failure(ErrorKind::kConnection, "the identity service is down"); };
  const auto failed = c.Create();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == ErrorKind::kConnection);
  CHECK(failed.error().outcome == RequestOutcome::kNotSent);
  CHECK(failed.error().attempts == 0);
  CHECK(failed.error().message == "credentials: the identity service is down");
  CHECK(c.sent().empty());
}

TEST_CASE("A call whose callback took all its time is too late, and sends nothing") {
  Client c;
  c.source.fetch = [&] {
    c.source.clock.Advance(61s);
    return c.source.Counted(1h);
  };
  const auto late = c.Create();
  REQUIRE_FALSE(late);
  CHECK(late.error().kind == ErrorKind::kTimeout);
  CHECK(c.sent().empty());
}

TEST_CASE("No token of a callback is in what a call gives out") {
  Client c;
  c.source.fetch = [&] {
    return c.source.Lasting("TOPSECRET-" + std::to_string(c.source.calls), 1h);
  };
  c.fake->Reply(401, "TOPSECRET-1 is wrong");
  c.fake->Reply(401, "TOPSECRET-2 is wrong", {{"X-Echo", "TOPSECRET-2"}});
  const auto rejected = c.Create();
  REQUIRE_FALSE(rejected);
  CHECK(rejected.error().attempts == 2);
  CHECK(tests::AllTextOf(rejected).find("TOPSECRET") == std::string::npos);
}

}  // namespace
}  // namespace service_accounts::v0::internal
