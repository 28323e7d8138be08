// The attempts of a call, over the fake transport and by a fake clock: no test waits.
#include "call.h"

#include <service_accounts/testing/fake_transport.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "scanner.h"
#include "service_account_json.h"
#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_file.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::chrono_literals;
using Kind = ErrorKind;
using Outcome = RequestOutcome;
using tests::FakeClock;

constexpr const char* kAccount = R"({"data":{"id":"sa_1"}})";
constexpr Operation<CreateServiceAccountRequest, ServiceAccount> kCreate = {
    "CreateServiceAccount", "POST", "/v1/service-accounts", WriteJson, DecodeServiceAccountReply};
constexpr std::uint64_t kSeed = 7;

/// Lets each attempt take some time, and something happen meanwhile.
class SlowTransport final : public HttpTransport {
 public:
  SlowTransport(std::shared_ptr<HttpTransport> next, FakeClock& clock)
      : next_(std::move(next)), clock_(clock) {}
  TransportResult Send(const HttpRequest& request, const SendContext& context) override {
    clock_.Advance(time);
    if (meanwhile) meanwhile();
    deadlines.push_back(context.deadline);
    return next_->Send(request, context);
  }
  std::chrono::nanoseconds time{0};
  std::function<void()> meanwhile;
  std::vector<SteadyTime> deadlines;

 private:
  std::shared_ptr<HttpTransport> next_;
  FakeClock& clock_;
};

struct Setup {
  FakeClock clock;
  std::shared_ptr<testing::FakeTransport> fake = std::make_shared<testing::FakeTransport>();
  std::shared_ptr<SlowTransport> transport = std::make_shared<SlowTransport>(fake, clock);
  ClientOptions options = tests::Options("https://accounts.test");
  CallOptions call;

  Setup() { options.transport = transport; }

  Result<ServiceAccount> Create() {
    const ClientCore core(options, clock, kSeed);
    return Call(core, kCreate, tests::Request("x"), call);
  }
  std::size_t sent() const { return fake->requests().size(); }
};

TEST_CASE("A request that was not sent is repeated until it is, and the account is created once") {
  Setup s;
  s.fake->Fail(Kind::kConnection, Outcome::kNotSent);
  s.fake->Fail(Kind::kTls, Outcome::kNotSent);
  s.fake->Reply(200, kAccount);
  const auto account = s.Create();
  REQUIRE(account);
  CHECK(s.sent() == 3);
  CHECK(account.metadata().attempts.size() == 3);
  CHECK(s.clock.waits().size() == 2);
}

TEST_CASE("The time allowed begins before the request is written") {
  static FakeClock* clock = nullptr;
  const auto encode_slowly = [](const CreateServiceAccountRequest&, std::string*) {
    clock->Advance(31s);
    return std::optional<Error>();
  };
  Setup s;
  clock = &s.clock;
  s.options.timeout = 30s;
  Operation<CreateServiceAccountRequest, ServiceAccount> operation = kCreate;
  operation.encode = encode_slowly;
  const ClientCore core(s.options, s.clock, kSeed);
  const auto late = Call(core, operation, tests::Request("x"), {});
  REQUIRE_FALSE(late);
  CHECK(late.error().kind == Kind::kTimeout);
  CHECK(late.error().outcome == Outcome::kNotSent);
  CHECK(late.metadata().elapsed == 31s);
  CHECK(s.sent() == 0);
}

TEST_CASE("What came of each attempt is recorded, and the wait before it") {
  Setup s;
  s.transport->time = 30ms;
  s.fake->Fail(Kind::kConnection, Outcome::kNotSent);
  s.fake->Reply(429, "slow down", {{"Retry-After", "2"}});
  s.fake->Reply(200, kAccount);
  const auto account = s.Create();
  REQUIRE(account);
  const auto& attempts = account.metadata().attempts;
  REQUIRE(attempts.size() == 3);
  CHECK(attempts[0].outcome == Outcome::kNotSent);
  CHECK(attempts[0].http_status == 0);
  CHECK(attempts[0].wait_before == 0ns);
  CHECK(attempts[1].outcome == Outcome::kRejected);
  CHECK(attempts[1].http_status == 429);
  CHECK(attempts[1].wait_before <= 200ms);
  CHECK(attempts[2].outcome == std::nullopt);
  CHECK(attempts[2].http_status == 200);
  CHECK(attempts[2].wait_before == 2s);
  for (const AttemptRecord& attempt : attempts) CHECK(attempt.total == 30ms);
  CHECK(account.metadata().elapsed == 90ms + attempts[1].wait_before + 2s);
}

TEST_CASE("The transport's times are in the record of an attempt, be it a reply or a failure") {
  /// Replies, after a failure with a partial reply; takes so long to connect.
  class TimedTransport final : public HttpTransport {
   public:
    TransportResult Send(const HttpRequest&, const SendContext&) override {
      HttpResponse reply;
      reply.times.connect = std::chrono::milliseconds(++sends_);
      if (sends_ == 1) return TransportFailure{Kind::kTls, Outcome::kNotSent, "no", reply};
      reply.status = 200;
      reply.body = kAccount;
      return reply;
    }

   private:
    int sends_ = 0;
  };
  Setup s;
  s.options.transport = std::make_shared<TimedTransport>();
  const auto account = s.Create();
  REQUIRE(account);
  const auto& attempts = account.metadata().attempts;
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].times.connect == 1ms);
  CHECK(attempts[1].times.connect == 2ms);
}

TEST_CASE("A call's own headers are in its own request alone, and the client's in each") {
  Setup s;
  s.options.headers = {{"X-Client", "every"}};
  const ClientCore core(s.options, s.clock, kSeed);
  CallOptions own;
  own.headers = {{"X-Call", "own"}};
  CallOptions key;
  key.idempotency_key = "key-1";
  for (const CallOptions& call : {CallOptions(), own, key, CallOptions()}) {
    s.fake->Reply(200, kAccount);
    REQUIRE(Call(core, kCreate, tests::Request("x"), call));
  }
  const auto requests = s.fake->requests();
  REQUIRE(requests.size() == 4);
  const auto has = [](const HttpRequest& request, const std::string& name) {
    return std::count_if(request.headers.begin(), request.headers.end(),
                         [&](const Header& header) { return header.name == name; });
  };
  for (std::size_t i = 0; i < requests.size(); ++i) {
    CAPTURE(i);
    CHECK(has(requests[i], "X-Client") == 1);
    CHECK(has(requests[i], "Authorization") == 1);
    CHECK(has(requests[i], "X-Call") == (i == 1 ? 1 : 0));
    CHECK(has(requests[i], "Idempotency-Key") == (i == 2 ? 1 : 0));
  }
}

TEST_CASE("What requests begin with is kept for the next call, unless it is one call's own") {
  Setup s;
  const ClientCore core(s.options, s.clock, kSeed);
  s.call.idempotency_key = "key-1";
  s.fake->Reply(200, kAccount);
  REQUIRE(Call(core, kCreate, tests::Request("x"), s.call));
  CHECK(core.spare_requests().Take(kCreate.path) == nullptr);
  s.fake->Reply(200, kAccount);
  REQUIRE(Call(core, kCreate, tests::Request("x"), {}));
  CHECK(core.spare_requests().Take(kCreate.path) != nullptr);
  CHECK(core.spare_requests().Take(kCreate.path) == nullptr);
}

#if defined(__cpp_exceptions)
TEST_CASE("A call that breaks off says what it threw, and that its outcome is open once it began") {
  Setup s;
  Operation<CreateServiceAccountRequest, ServiceAccount> operation = kCreate;
  operation.decode = [](std::string_view, std::optional<ServiceAccount>*) -> DecodedReply {
    throw std::bad_alloc();
  };
  s.fake->Reply(200, kAccount);
  const ClientCore core(s.options, s.clock, kSeed);
  const auto broken = Call(core, operation, tests::Request("x"), {});
  REQUIRE_FALSE(broken);
  CHECK(broken.error().kind == Kind::kConnection);
  CHECK(broken.error().outcome == Outcome::kUnknown);
  CHECK(broken.error().message == std::bad_alloc().what());
  CHECK(broken.error().attempts == 1);
  CHECK(s.sent() == 1);
}

TEST_CASE("A call that breaks off before its first attempt is not sent") {
  class ThrowingClock final : public Clock {
   public:
    [[nodiscard]] SteadyTime Now() const override { return clock_.Now(); }
    [[nodiscard]] WallTime WallNow() const override { throw std::bad_alloc(); }
    void WaitUntil(SteadyTime, const CancellationToken&) const override {}

   private:
    FakeClock clock_;
  };
  const ThrowingClock clock;
  Setup s;
  s.options.credentials = TokenFromCallback([]() -> Result<AccessToken> {
    return AccessToken{"token-1", WallTime()};
  });
  const ClientCore core(s.options, clock, kSeed);
  const auto broken = Call(core, kCreate, tests::Request("x"), {});
  REQUIRE_FALSE(broken);
  CHECK(broken.error().kind == Kind::kConnection);
  CHECK(broken.error().outcome == Outcome::kNotSent);
  CHECK(broken.error().attempts == 0);
  CHECK(s.sent() == 0);
}
#endif

TEST_CASE("What may have created an account is not repeated") {
  const std::function<void(testing::FakeTransport&)> ends[] = {
      [](auto& fake) { fake.Fail(Kind::kConnection, Outcome::kUnknown); },
      [](auto& fake) { fake.Fail(Kind::kTimeout, Outcome::kUnknown); },
      [](auto& fake) { fake.Reply(500, ""); },
      [](auto& fake) {
        fake.Reply(503, "", {{"Retry-After", "1"}});
      },
      [](auto& fake) { fake.Reply(408, ""); },
      [](auto& fake) { fake.Reply(200, "OK"); },
      [](auto& fake) { fake.Reply(400, ""); },
      [](auto& fake) { fake.Reply(401, ""); },
      [](auto& fake) { fake.Reply(409, ""); },
      [](auto& fake) { fake.Reply(302, ""); },
  };
  for (const auto& end : ends) {
    Setup s;
    end(*s.fake);
    s.fake->Reply(200, kAccount);
    const auto result = s.Create();
    REQUIRE_FALSE(result);
    CAPTURE(result.error());
    CHECK(s.sent() == 1);
    CHECK(result.error().attempts == 1);
    CHECK(s.clock.waits().empty());
  }
}

TEST_CASE("Attempts end at their number, and the last error is the call's") {
  for (const int most : {1, 2, 5}) {
    CAPTURE(most);
    Setup s;
    s.options.retry.max_attempts = most;
    for (int i = 1; i < most; ++i)
      s.fake->Fail(Kind::kConnection, Outcome::kNotSent, "not the last");
    s.fake->Fail(Kind::kTls, Outcome::kNotSent, "the last");
    const auto result = s.Create();
    REQUIRE_FALSE(result);
    CHECK(result.error().message == "the last");
    CHECK(result.error().attempts == most);
    CHECK(result.metadata().attempts.size() == static_cast<std::size_t>(most));
    CHECK(s.sent() == static_cast<std::size_t>(most));
  }
}

TEST_CASE("A call's own policy takes the place of the client's") {
  Setup s;
  s.call.retry = RetryPolicy();
  s.call.retry->max_attempts = 1;
  s.fake->Fail(Kind::kConnection, Outcome::kNotSent);
  CHECK_FALSE(s.Create());
  CHECK(s.sent() == 1);
  s.call.retry->max_attempts = 0;
  const auto refused = s.Create();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("retry.max_attempts: is 0") == 0);
  CHECK(s.sent() == 1);
}

TEST_CASE("The waits are random by the client's seed, and within the backoff") {
  const auto waits = [](std::uint64_t seed) {
    Setup s;
    s.options.retry.max_attempts = 6;
    for (int i = 0; i < 6; ++i) s.fake->Fail(Kind::kConnection, Outcome::kNotSent);
    const ClientCore core(s.options, s.clock, seed);
    CHECK_FALSE(Call(core, kCreate, tests::Request("x"), s.call));
    return s.clock.waits();
  };
  const auto some = waits(1);
  REQUIRE(some.size() == 5);
  CHECK(some == waits(1));
  CHECK(some != waits(2));
  std::chrono::nanoseconds longest = 200ms;
  for (const auto wait : some) {
    CHECK(wait >= 0ns);
    CHECK(wait <= longest);
    longest *= 2;
  }
}

TEST_CASE(
    "A wait that the deadline does not allow is not begun, and the service's words come back at "
    "once") {
  Setup s;
  s.options.timeout = 5s;
  s.fake->Reply(429, R"({"message":"slow down"})", {{"Retry-After", "6"}});
  const auto result = s.Create();
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kRateLimited);
  CHECK(result.error().outcome == Outcome::kRejected);
  CHECK(result.error().message == "slow down");
  CHECK(result.error().retry_after == 6s);
  CHECK(s.clock.waits().empty());
  CHECK(result.metadata().elapsed == 0ns);
}

TEST_CASE("All attempts have one deadline, and none begins after it") {
  Setup s;
  s.options.timeout = 10s;
  s.options.retry.max_attempts = 100;
  s.transport->time = 4s;
  for (int i = 0; i < 10; ++i) s.fake->Fail(Kind::kConnection, Outcome::kNotSent);
  const auto begin = s.clock.Now();
  const auto result = s.Create();
  REQUIRE_FALSE(result);
  CHECK(s.sent() == 3);
  for (const SteadyTime deadline : s.transport->deadlines) CHECK(deadline == begin + 10s);
}

TEST_CASE("The wall clock has no effect on deadline and waits") {
  Setup s;
  s.fake->Fail(Kind::kConnection, Outcome::kNotSent);
  s.fake->Reply(200, kAccount);
  s.transport->meanwhile = [&] { s.clock.SetWall(WallTime(24h * 365 * 80)); };
  const auto account = s.Create();
  REQUIRE(account);
  CHECK(account.metadata().elapsed <= 200ms);
}

TEST_CASE("A call that was cancelled before sends nothing") {
  Setup s;
  const CancellationSource source;
  s.call.cancellation = source.token();
  source.Cancel();
  const auto result = s.Create();
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kCancelled);
  CHECK(result.error().outcome == Outcome::kNotSent);
  CHECK(result.error().attempts == 0);
  CHECK(s.sent() == 0);
}

TEST_CASE("A call that is cancelled while it waits ends with the outcome of its last attempt") {
  struct Case {
    std::function<void(testing::FakeTransport&)> last;
    Outcome outcome;
    int status;
  };
  const Case cases[] = {
      {[](auto& fake) { fake.Fail(Kind::kConnection, Outcome::kNotSent, "refused"); },
       Outcome::kNotSent, 0},
      {[](auto& fake) { fake.Reply(429, "slow down"); }, Outcome::kRejected, 429},
      {[](auto& fake) { fake.Reply(503, "busy"); }, Outcome::kUnknown, 503},
  };
  for (const Case& c : cases) {
    Setup s;
    const CancellationSource source;
    s.options.retry.repeat_unknown_outcomes = true;
    s.call.cancellation = source.token();
    s.clock.on_wait = [&] { source.Cancel(); };
    c.last(*s.fake);
    s.fake->Reply(200, kAccount);
    const auto result = s.Create();
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == Kind::kCancelled);
    CHECK(result.error().outcome == c.outcome);
    CHECK(result.error().http_status == c.status);
    CHECK(result.error().attempts == 1);
    CHECK(result.error().message.find("cancelled") != std::string::npos);
    CHECK(s.sent() == 1);
  }
}

TEST_CASE("A cancellation that comes while an attempt ends takes nothing away from its answer") {
  struct Case {
    int status;
    Kind kind;
    const char* message;
  };
  // The second one would have been repeated, which the cancellation is the end of.
  for (const Case& c : {Case{409, Kind::kConflict, "exists"},
                        Case{429, Kind::kCancelled,
                             "the call was cancelled before the request was repeated; "
                             "the attempt before: exists"}}) {
    CAPTURE(c.status);
    Setup s;
    const CancellationSource source;
    s.call.cancellation = source.token();
    s.transport->meanwhile = [&] { source.Cancel(); };
    s.fake->Reply(c.status, R"({"message":"exists"})");
    const auto result = s.Create();
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == c.kind);
    CHECK(result.error().outcome == Outcome::kRejected);
    CHECK(result.error().message == c.message);
    CHECK(s.sent() == 1);
  }
}

TEST_CASE("A cancelled attempt is not repeated") {
  Setup s;
  s.options.retry.repeat_unknown_outcomes = true;
  s.fake->Fail(Kind::kCancelled, Outcome::kUnknown);
  const auto result = s.Create();
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kCancelled);
  CHECK(s.sent() == 1);
}

TEST_CASE("Unknown outcomes are repeated when the caller says so, and stay in the books") {
  struct Case {
    std::function<void(testing::FakeTransport&)> last;
    Outcome outcome;
  };
  const Case cases[] = {
      {[](auto& fake) { fake.Reply(409, "taken"); }, Outcome::kUnknown},
      {[](auto& fake) { fake.Fail(Kind::kInvalidArgument, Outcome::kNotSent); }, Outcome::kUnknown},
      {[](auto& fake) { fake.Reply(200, "unreadable"); }, Outcome::kAccepted},
  };
  for (const Case& c : cases) {
    Setup s;
    s.options.retry.repeat_unknown_outcomes = true;
    s.fake->Fail(Kind::kTimeout, Outcome::kUnknown);
    c.last(*s.fake);
    const auto result = s.Create();
    REQUIRE_FALSE(result);
    CHECK(s.sent() == 2);
    CHECK(result.error().outcome == c.outcome);
  }
}

TEST_CASE("A call that was turned away once is rejected, even if it was not sent again") {
  Setup s;
  s.options.retry.max_attempts = 2;
  s.fake->Reply(429, "");
  s.fake->Fail(Kind::kConnection, Outcome::kNotSent);
  const auto result = s.Create();
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kConnection);
  CHECK(result.error().outcome == Outcome::kRejected);
}

TEST_CASE("An idempotency key is sent with every attempt, and only if there is one") {
  const auto keys = [](const Setup& s) {
    std::vector<std::string> found;
    for (const HttpRequest& request : s.fake->requests()) {
      for (const Header& header : request.headers) {
        if (EqualsIgnoringCase(header.name, "Idempotency-Key")) found.push_back(header.value);
      }
    }
    return found;
  };
  Setup with;
  with.call.idempotency_key = "key-1";
  with.fake->Fail(Kind::kConnection, Outcome::kNotSent);
  with.fake->Reply(200, kAccount);
  REQUIRE(with.Create());
  CHECK(keys(with) == std::vector<std::string>{"key-1", "key-1"});
  Setup both;
  both.call.headers.push_back({"idempotency-key", "given as a header"});
  both.call.idempotency_key = "key-2";
  both.fake->Reply(200, kAccount);
  REQUIRE(both.Create());
  CHECK(keys(both) == std::vector<std::string>{"key-2"});
  Setup without;
  without.fake->Reply(200, kAccount);
  REQUIRE(without.Create());
  CHECK(keys(without).empty());
}

TEST_CASE("An idempotency key may have 255 characters") {
  Setup s;
  s.call.idempotency_key = std::string(255, 'k');
  s.fake->Reply(200, kAccount);
  CHECK(s.Create());
}

TEST_CASE("An idempotency key that could not be sent is refused by name") {
  for (const std::string& key :
       {std::string("a\r\nX: 1"), std::string("caf\xC3\xA9"), std::string(256, 'k')}) {
    Setup s;
    s.call.idempotency_key = key;
    const auto refused = s.Create();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == Kind::kInvalidArgument);
    CHECK(refused.error().message.find("idempotency_key: ") == 0);
    CHECK(s.sent() == 0);
  }
}

TEST_CASE(
    "A token from a callback that was rejected is not used again, even if the call may not "
    "repeat") {
  Setup s;
  int fetched = 0;
  s.options.retry.max_attempts = 1;
  s.options.credentials = TokenFromCallback([&]() -> Result<AccessToken> {
    return AccessToken{"token-" + std::to_string(++fetched), {}};
  });
  s.fake->Reply(401, "no");
  s.fake->Reply(200, kAccount);
  const ClientCore core(s.options, s.clock, kSeed);
  CHECK_FALSE(Call(core, kCreate, tests::Request("x"), s.call));
  CHECK(fetched == 1);
  CHECK(Call(core, kCreate, tests::Request("x"), s.call));
  CHECK(s.fake->requests().back().headers.back().value == "Bearer token-2");
}

TEST_CASE("A token file whose token was rejected is read again, even if the call may not repeat") {
  const tests::TemporaryFile file("token-1");
  const auto hour_ago = std::filesystem::last_write_time(file.path()) - 1h;
  std::filesystem::last_write_time(file.path(), hour_ago);
  Setup s;
  s.options.retry.max_attempts = 1;
  s.options.credentials = TokenFromFile(file.path());
  s.fake->Reply(401, "no");
  s.fake->Reply(200, kAccount);
  const ClientCore core(s.options, s.clock, kSeed);
  CHECK_FALSE(Call(core, kCreate, tests::Request("x"), s.call));
  // Of the same size and time, so that nothing but the rejection tells of the change.
  std::ofstream(file.path()) << "token-2";
  std::filesystem::last_write_time(file.path(), hour_ago);
  CHECK(Call(core, kCreate, tests::Request("x"), s.call));
  CHECK(s.fake->requests().back().headers.back().value == "Bearer token-2");
}

TEST_CASE("A 401 whose token cannot be replaced tells both causes") {
  Setup s;
  int fetched = 0;
  s.options.credentials = TokenFromCallback([&]() -> Result<AccessToken> {
    if (++fetched == 1) return AccessToken{"token-1", {}};
    Error error;
    error.kind = Kind::kConnection;
    error.message = "identity service down";
    return error;
  });
  s.fake->Reply(401, "no");
  const auto result = s.Create();
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kUnauthenticated);
  CHECK(result.error().outcome == Outcome::kRejected);
  CHECK(result.error().message == "no; no new token: credentials: identity service down");
  CHECK(s.sent() == 1);
}

TEST_CASE(
    "The repetition with another token is told to the observer, by its number, without a wait") {
  class Repetitions final : public Observer {
   public:
    void OnRetryScheduled(const RetryScheduled& event) override { told.push_back(event); }
    std::vector<RetryScheduled> told;
  };
  const auto repetitions = std::make_shared<Repetitions>();
  Setup s;
  int fetched = 0;
  s.options.observer = repetitions;
  s.options.credentials = TokenFromCallback([&]() -> Result<AccessToken> {
    return AccessToken{"token-" + std::to_string(++fetched), {}};
  });
  s.fake->Reply(401, "no");
  s.fake->Reply(200, kAccount);
  REQUIRE(s.Create());
  REQUIRE(repetitions->told.size() == 1);
  CHECK(repetitions->told[0].attempt == 2);
  CHECK(repetitions->told[0].wait == 0ns);
}

TEST_CASE("A call that is cancelled while its token is fetched sends nothing") {
  Setup s;
  const CancellationSource source;
  s.call.cancellation = source.token();
  s.options.credentials = TokenFromCallback([&]() -> Result<AccessToken> {
    source.Cancel();
    return AccessToken{"token-1", {}};
  });
  const auto result = s.Create();
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kCancelled);
  CHECK(result.error().outcome == Outcome::kNotSent);
  CHECK(s.sent() == 0);
}

TEST_CASE("A literal token that was rejected is not tried again") {
  Setup s;
  s.fake->Reply(401, "no");
  const auto result = s.Create();
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kUnauthenticated);
  CHECK(s.sent() == 1);
}

}  // namespace
}  // namespace service_accounts::v0::internal
