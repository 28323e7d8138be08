// Bulk calls, over a transport that answers when the test says so, and by a clock of the test's
// own: all on the test's thread, and no test waits.
#include "bulk.h"

#include <service_accounts/service_accounts.h>
#include <service_accounts/testing/fake_transport.h>

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "service_account_json.h"
#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/fake_clock.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::chrono_literals;
using Kind = ErrorKind;
using Outcome = RequestOutcome;
using Accounts = std::vector<Result<ServiceAccount>>;
using Names = std::vector<std::string>;

constexpr Operation<CreateServiceAccountRequest, ServiceAccount> kCreate = {
    "CreateServiceAccount", "POST", "/v1/service-accounts", WriteJson, DecodeServiceAccountReply};
constexpr std::uint64_t kSeed = 7;

/// The fake clock, for a loop: tells what the loop waits for, and that it would wait for ever.
class LoopClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime Now() const override { return clock_.Now(); }
  [[nodiscard]] WallTime WallNow() const override { return clock_.WallNow(); }

  /// `on_wait` is what happens meanwhile. If that does not wake the loop, the time comes.
  void WaitUntil(SteadyTime time, const CancellationToken& woken) const override {
    if (time <= Now()) return;
    on_wait();
    if (woken.cancelled()) return;
    if (waits_for_threads) {
      SystemClock().WaitUntil(SystemClock().Now() + 60s, woken);
    } else if (time == SteadyTime::max()) {
      on_stuck();
    } else {
      clock_.WaitUntil(time, woken);
    }
  }

  void Advance(std::chrono::nanoseconds time) { clock_.Advance(time); }

  std::function<void()> on_wait;
  std::function<void()> on_stuck;
  bool waits_for_threads = false;  ///< Some other thread will wake the loop.

 private:
  tests::FakeClock clock_;
};

/// What a transport was given, and when.
struct Sent {
  std::string name;
  SteadyTime time;
  SteadyTime deadline;
  std::vector<Header> headers;
};

/// Keeps each request until the test says what comes of it.
class HeldTransport final : public HttpTransport {
 public:
  explicit HeldTransport(const Clock& clock) : clock_(clock) {}

  TransportResult Send(const HttpRequest&, const SendContext&) override {
    FAIL("a bulk call has to send without waiting");
    return TransportFailure();
  }

  void SendAsync(const HttpRequest& request, const SendContext& context,
                 std::function<void(TransportResult)> done) override {
    const std::string begin = R"({"name":")";
    REQUIRE(request.body.find(begin) == 0);
    const std::string name =
        request.body.substr(begin.size(), request.body.find('"', begin.size()) - begin.size());
    sent.push_back({name, clock_.Now(), context.deadline, request.headers});
    held_.push_back(std::make_unique<Held>(name, context.cancellation, std::move(done)));
    most_in_flight = std::max(most_in_flight, in_flight().size());
  }

  void Answer(const std::string& name, TransportResult answer) {
    const auto found = std::find_if(held_.begin(), held_.end(), [&](const auto& each) {
      return each->name == name && !each->cancelled;
    });
    INFO("it is not on its way: " << name);
    REQUIRE(found != held_.end());
    const std::unique_ptr<Held> held = std::move(*found);
    held_.erase(found);
    held->done(std::move(answer));
  }

  void Reply(const std::string& name, int status, HeaderList headers = {}) {
    Answer(name, HttpResponse{status, "HTTP/1.1", std::move(headers), "", {}});
  }

  /// An account whose id is the request's name.
  void Create(const std::string& name) {
    Answer(name, HttpResponse{200, "HTTP/1.1", {}, R"({"data":{"id":")" + name + R"("}})", {}});
  }
  void CreateAll() {
    for (const std::string& name : in_flight()) Create(name);
  }

  void Refuse(const std::string& name) {
    Answer(name, TransportFailure{Kind::kConnection, Outcome::kNotSent, "refused", {}});
  }

  /// In the order in which they were sent.
  [[nodiscard]] Names in_flight() const {
    Names names;
    for (const auto& each : held_) {
      if (!each->cancelled) names.push_back(each->name);
    }
    return names;
  }

  [[nodiscard]] Names names() const {
    Names all;
    for (const Sent& each : sent) all.push_back(each.name);
    return all;
  }

  std::vector<Sent> sent;
  std::size_t most_in_flight = 0;

 private:
  /// Ends by itself when it is cancelled.
  struct Held {
    Held(std::string of, const CancellationToken& cancellation,
         std::function<void(TransportResult)> then)
        : name(std::move(of)), done(std::move(then)), on_cancellation(cancellation, [this] {
            cancelled = true;
            done(TransportFailure{Kind::kCancelled, Outcome::kUnknown, "cancelled", {}});
          }) {}
    const std::string name;
    const std::function<void(TransportResult)> done;
    bool cancelled = false;
    const CancellationCallback on_cancellation;
  };

  const Clock& clock_;
  std::vector<std::unique_ptr<Held>> held_;
};

/// Keeps what is told of the program's own functions.
class FailureObserver final : public Observer {
 public:
  void OnCallbackFailed(const CallbackFailed& event) override { whats.emplace_back(event.what); }
  Names whats;
};

struct Setup {
  LoopClock clock;
  std::shared_ptr<HeldTransport> transport = std::make_shared<HeldTransport>(clock);
  ClientOptions options = tests::Options("https://accounts.test");
  BulkOptions bulk;
  const CancellationSource source;

  std::vector<std::size_t> prepared;  ///< The requests that were asked for their keys.

  /// What happens while the batch waits, one for each wait; afterwards all that is on its way
  /// becomes an account. One that answers nothing lets time pass, to the next that is waited for.
  std::vector<std::function<void()>> meanwhile;
  const SteadyTime begin = clock.Now();
  bool stuck = false;  ///< It waited for what would never have come.

  Setup() {
    options.transport = transport;
    bulk.call.cancellation = source.token();
    clock.on_wait = [this, next = std::size_t{0}]() mutable {
      if (next < meanwhile.size()) {
        meanwhile[next++]();
      } else {
        transport->CreateAll();
      }
    };
    clock.on_stuck = [this] {
      stuck = true;
      source.Cancel();
    };
  }

  Accounts CreateAll(const std::vector<CreateServiceAccountRequest>& requests,
                     const Operation<CreateServiceAccountRequest, ServiceAccount>& how = kCreate) {
    const ClientCore core(options, clock, kSeed);
    Accounts accounts = CallAll(core, how, requests, bulk);
    CHECK_FALSE(stuck);
    return accounts;
  }

  /// Requests of these names, a letter each.
  Accounts CreateAll(const std::string& names) {
    std::vector<CreateServiceAccountRequest> requests;
    for (const char name : names) requests.push_back(tests::Request(std::string(1, name)));
    return CreateAll(requests);
  }

  void WatchPreparing() {
    bulk.idempotency_key = [this](std::size_t index) {
      prepared.push_back(index);
      return "key-" + std::to_string(index);
    };
  }

  [[nodiscard]] std::chrono::nanoseconds passed() const { return clock.Now() - begin; }

  /// When each request was sent.
  [[nodiscard]] std::vector<std::chrono::nanoseconds> times() const {
    std::vector<std::chrono::nanoseconds> all;
    for (const Sent& each : transport->sent) all.emplace_back(each.time - begin);
    return all;
  }
};

/// The account's id, or the kind of the error.
Names Ends(const Accounts& accounts) {
  Names ends;
  for (const auto& account : accounts) {
    ends.push_back(account ? account->id : std::string(ToString(account.error().kind)));
  }
  return ends;
}

Names Letters(const std::string& letters) {
  Names names;
  for (const char letter : letters) names.emplace_back(1, letter);
  return names;
}

void CheckError(const Result<ServiceAccount>& result, Kind kind, Outcome outcome, int attempts) {
  REQUIRE_FALSE(result);
  CAPTURE(result.error());
  CHECK(result.error().kind == kind);
  CHECK(result.error().outcome == outcome);
  CHECK(result.error().attempts == attempts);
  CHECK_FALSE(result.error().message.empty());
}

TEST_CASE("Results are in the order of the requests, whatever the order of the replies") {
  Setup s;
  for (const char* name : {"d", "b", "a", "c"}) {
    s.meanwhile.emplace_back([&s, name] { s.transport->Create(name); });
  }
  CHECK(Ends(s.CreateAll("abcd")) == Letters("abcd"));
  CHECK(s.transport->names() == Letters("abcd"));
}

TEST_CASE("An empty list of requests has an empty list of results") {
  Setup s;
  s.bulk.on_progress = [](const BulkProgress&) { FAIL("there is no progress in nothing"); };
  CHECK(s.CreateAll("").empty());
}

TEST_CASE("No more requests than allowed are on their way, and one begins where another one ends") {
  Setup s;
  s.bulk.max_in_flight = 3;
  HeldTransport& t = *s.transport;
  s.meanwhile = {
      [&] {
        CHECK(t.in_flight() == Letters("abc"));
        t.Create("b");
      },
      [&] {
        CHECK(t.in_flight() == Letters("acd"));
        t.Create("a");
        t.Reply("d", 400);
      },
      [&] {
        CHECK(t.in_flight() == Letters("cef"));
        t.CreateAll();
      },
      [&] {
        CHECK(t.in_flight() == Letters("ghi"));
        t.Create("h");
      },
      [&] {
        CHECK(t.in_flight() == Letters("gij"));
        t.CreateAll();
      },
  };
  const auto accounts = s.CreateAll("abcdefghij");
  CHECK(t.most_in_flight == 3);
  CHECK(t.sent.size() == 10);
  CHECK(std::count_if(accounts.begin(), accounts.end(), [](const auto& a) { return bool{a}; }) ==
        9);
}

TEST_CASE("A request is written no earlier than it is its turn") {
  static std::size_t written;
  written = 0;
  auto counting = kCreate;
  counting.encode = [](const CreateServiceAccountRequest& request, std::string* json) {
    ++written;
    return WriteJson(request, json);
  };
  Setup s;
  s.bulk.max_in_flight = 2;
  s.meanwhile = {
      [&] {
        CHECK(written == 2);
        s.transport->Create("a");
      },
      [&] {
        CHECK(written == 3);
        s.transport->CreateAll();
      },
      [&] {
        CHECK(written == 5);
        s.transport->CreateAll();
      },
  };
  s.CreateAll({tests::Request("a"), tests::Request("b"), tests::Request("c"), tests::Request("d"),
               tests::Request("e")},
              counting);
  CHECK(written == 5);
}

TEST_CASE("One request at a time is a bulk call too, and so is more room than requests") {
  for (const std::size_t most : {std::size_t{1}, std::size_t{1000}, SIZE_MAX}) {
    Setup s;
    s.bulk.max_in_flight = most;
    CHECK(Ends(s.CreateAll("abc")) == Letters("abc"));
    CHECK(s.transport->most_in_flight == std::min<std::size_t>(most, 3));
  }
}

TEST_CASE("Options that no batch could have fail every request, by name, and nothing is sent") {
  struct Case {
    std::function<void(BulkOptions&)> spoil;
    std::string words;
  };
  const Case cases[] = {
      {[](auto& bulk) { bulk.max_in_flight = 0; }, "max_in_flight: "},
      {[](auto& bulk) { bulk.call.idempotency_key = "one"; }, "call.idempotency_key: "},
      {[](auto& bulk) { bulk.call.timeout = 0ms; }, "timeout: "},
      {[](auto& bulk) {
         bulk.call.headers = {{"A b", ""}};
       },
       "headers"},
      {[](auto& bulk) { bulk.call.retry.emplace().max_attempts = 0; }, "retry.max_attempts: "},
  };
  for (const Case& c : cases) {
    CAPTURE(c.words);
    Setup s;
    c.spoil(s.bulk);
    const auto accounts = s.CreateAll("abc");
    REQUIRE(accounts.size() == 3);
    for (const auto& account : accounts) {
      CheckError(account, Kind::kInvalidArgument, Outcome::kNotSent, 0);
      CHECK(account.error().message.find(c.words) == 0);
    }
    CHECK(s.transport->sent.empty());
  }
}

TEST_CASE("A client with invalid options fails every request, saying what Validate says") {
  ClientOptions options;
  options.base_url = "nowhere";
  const auto problem = options.Validate();
  REQUIRE(problem);
  const ServiceAccountsClient client(options);
  const auto accounts = client.CreateServiceAccounts({tests::Request("a"), tests::Request("b")});
  REQUIRE(accounts.size() == 2);
  for (const auto& account : accounts) {
    CheckError(account, Kind::kInvalidArgument, Outcome::kNotSent, 0);
    CHECK(account.error().message == problem->message);
  }
}

TEST_CASE("A client that was moved from fails every request of a batch") {
  ServiceAccountsClient client(tests::Options("https://accounts.test"));
  const ServiceAccountsClient other = std::move(client);
  // NOLINTNEXTLINE(bugprone-use-after-move, clang-analyzer-cplusplus.Move): it is what is tested.
  const auto accounts = client.CreateServiceAccounts({tests::Request("a"), tests::Request("b")});
  REQUIRE(accounts.size() == 2);
  for (const auto& account : accounts) {
    CheckError(account, Kind::kInvalidArgument, Outcome::kNotSent, 0);
  }
}

TEST_CASE("A transport that can only block serves a batch one by one") {
  const auto fake = std::make_shared<testing::FakeTransport>();
  ClientOptions options = tests::Options("https://accounts.test");
  options.transport = fake;
  std::vector<CreateServiceAccountRequest> requests;
  for (const char* name : {"a", "b", "c"}) {
    requests.push_back(tests::Request(name));
    fake->Reply(200, std::string(R"({"data":{"id":")") + name + R"("}})");
  }
  CHECK(Ends(ServiceAccountsClient(options).CreateServiceAccounts(requests)) == Letters("abc"));
}

TEST_CASE("A bad request among good ones fails alone") {
  Setup s;
  s.bulk.max_in_flight = 2;
  auto bad = tests::Request("b");
  bad.extra_fields["team"] = "no JSON";
  const auto accounts =
      s.CreateAll({tests::Request("a"), tests::Request(""), bad, tests::Request("d")});
  REQUIRE(accounts.size() == 4);
  CHECK(accounts[0]);
  CheckError(accounts[1], Kind::kInvalidArgument, Outcome::kNotSent, 0);
  CHECK(accounts[1].error().message.find("name") != std::string::npos);
  CheckError(accounts[2], Kind::kInvalidArgument, Outcome::kNotSent, 0);
  CHECK(accounts[2].error().message.find("team") != std::string::npos);
  CHECK(accounts[3]);
  CHECK(s.transport->names() == Letters("ad"));
}

TEST_CASE("Requests that are refused before they are sent make room for all that come after them") {
  Setup s;
  s.bulk.max_in_flight = 2;
  std::vector<CreateServiceAccountRequest> requests(7);  // Without names.
  requests.push_back(tests::Request("h"));
  std::size_t told = 0;
  s.bulk.on_progress = [&](const BulkProgress& p) { CHECK(p.done == ++told); };
  const auto accounts = s.CreateAll(requests);
  REQUIRE(accounts.size() == 8);
  for (std::size_t i = 0; i < 7; ++i) {
    CheckError(accounts[i], Kind::kInvalidArgument, Outcome::kNotSent, 0);
  }
  CHECK(accounts[7]);
  CHECK(told == 8);
}

TEST_CASE("A request that the service refuses fails alone, with its own error and metadata") {
  Setup s;
  s.meanwhile = {[&] {
    s.transport->Reply("b", 409, {{"X-Request-Id", "req_b"}});
    s.transport->Reply("c", 503);
    s.transport->CreateAll();
  }};
  const auto accounts = s.CreateAll("abcd");
  REQUIRE(accounts.size() == 4);
  CheckError(accounts[1], Kind::kConflict, Outcome::kRejected, 1);
  CHECK(accounts[1].error().request_id == "req_b");
  CHECK(accounts[1].metadata().attempts.size() == 1);
  CheckError(accounts[2], Kind::kServerError, Outcome::kUnknown, 1);
  CHECK(accounts[0].metadata().http_status == 200);
  CHECK(accounts[3].metadata().attempts.size() == 1);
}

TEST_CASE("After an error that stops the batch, what is on its way comes to its end") {
  Setup s;
  s.bulk.max_in_flight = 3;
  s.bulk.stop_on_error = true;
  s.WatchPreparing();
  s.meanwhile = {
      [&] { s.transport->Reply("b", 400); },
      [&] {
        CHECK(s.transport->in_flight() == Letters("ac"));
        s.transport->Create("a");
      },
      [&] {
        CHECK(s.transport->in_flight() == Letters("c"));
        s.transport->Create("c");
      },
  };
  const auto accounts = s.CreateAll("abcde");
  REQUIRE(accounts.size() == 5);
  CHECK(accounts[0]);
  CheckError(accounts[1], Kind::kBadRequest, Outcome::kRejected, 1);
  CHECK(accounts[2]);
  CheckError(accounts[3], Kind::kCancelled, Outcome::kNotSent, 0);
  CheckError(accounts[4], Kind::kCancelled, Outcome::kNotSent, 0);
  CHECK(s.transport->names() == Letters("abc"));
  CHECK(s.prepared == std::vector<std::size_t>{0, 1, 2});
}

TEST_CASE("After an error that stops the batch, no repetition is waited for or made") {
  Setup s;
  s.bulk.max_in_flight = 3;
  s.bulk.stop_on_error = true;
  s.meanwhile = {
      [&] { s.transport->Refuse("a"); },
      [&] { s.transport->Reply("b", 400); },  // While the first one waits for its repetition.
      [&] { s.transport->Refuse("c"); },
  };
  const auto accounts = s.CreateAll("abcd");
  REQUIRE(accounts.size() == 4);
  CheckError(accounts[0], Kind::kCancelled, Outcome::kNotSent, 1);
  CHECK(accounts[0].error().message.find("refused") != std::string::npos);
  CheckError(accounts[1], Kind::kBadRequest, Outcome::kRejected, 1);
  CheckError(accounts[2], Kind::kCancelled, Outcome::kNotSent, 1);
  CheckError(accounts[3], Kind::kCancelled, Outcome::kNotSent, 0);
  CHECK(s.transport->names() == Letters("abc"));
  CHECK(s.passed() == 0ns);
}

TEST_CASE("An error that stops the batch during a pause ends what waits for the pause's end") {
  Setup s;
  s.bulk.max_in_flight = 3;
  s.bulk.stop_on_error = true;
  s.meanwhile = {
      [&] {
        s.transport->Reply("a", 429, {{"Retry-After", "9"}}), s.transport->Create("b");
      },
      [&] { s.transport->Reply("c", 400); },
  };
  const auto accounts = s.CreateAll("abcde");
  REQUIRE(accounts.size() == 5);
  CheckError(accounts[0], Kind::kCancelled, Outcome::kRejected, 1);
  CHECK(accounts[0].error().http_status == 429);
  CHECK(accounts[1]);
  CheckError(accounts[2], Kind::kBadRequest, Outcome::kRejected, 1);
  CheckError(accounts[3], Kind::kCancelled, Outcome::kNotSent, 0);
  CheckError(accounts[4], Kind::kCancelled, Outcome::kNotSent, 0);
  CHECK(s.transport->names() == Letters("abc"));
  CHECK(s.passed() == 0ns);
}

TEST_CASE("An attempt that is repeated is no error that stops the batch") {
  Setup s;
  s.bulk.max_in_flight = 1;
  s.bulk.stop_on_error = true;
  s.meanwhile = {[&] { s.transport->Refuse("a"); }, [] {}};
  CHECK(Ends(s.CreateAll("ab")) == Letters("ab"));
  CHECK(s.transport->names() == Letters("aab"));
}

TEST_CASE("A request that waits for its token ends at once when an error stops the batch") {
  Setup s;
  s.bulk.stop_on_error = true;
  s.clock.waits_for_threads = true;  // The token is fetched on one.
  std::promise<void> all_ended;
  bool too_late = false;  // The fetch may also be called off before it begins.
  s.bulk.on_progress = [&](const BulkProgress& p) {
    if (p.done == p.total) all_ended.set_value();
  };
  s.options.credentials = TokenFromCallback([&]() -> Result<AccessToken> {
    too_late = all_ended.get_future().wait_for(10s) != std::future_status::ready;
    return AccessToken{"token-1", {}};
  });
  const auto accounts = s.CreateAll({tests::Request("a"), tests::Request("")});
  CHECK_FALSE(too_late);
  REQUIRE(accounts.size() == 2);
  CHECK(s.transport->sent.empty());
  CheckError(accounts[0], Kind::kCancelled, Outcome::kNotSent, 0);
  CheckError(accounts[1], Kind::kInvalidArgument, Outcome::kNotSent, 0);
}

TEST_CASE("Cancelling ends all requests of a batch at once, each with its own outcome") {
  Setup s;
  s.bulk.max_in_flight = 3;
  s.WatchPreparing();
  s.meanwhile = {
      [&] { s.transport->Create("a"), s.transport->Refuse("b"); },
      [&] { s.source.Cancel(); },  // One waits for its repetition, two are on their way.
  };
  const auto accounts = s.CreateAll("abcdef");
  REQUIRE(accounts.size() == 6);
  CHECK(accounts[0]);
  CheckError(accounts[1], Kind::kCancelled, Outcome::kNotSent, 1);
  CheckError(accounts[2], Kind::kCancelled, Outcome::kUnknown, 1);
  CheckError(accounts[3], Kind::kCancelled, Outcome::kUnknown, 1);
  CheckError(accounts[4], Kind::kCancelled, Outcome::kNotSent, 0);
  CheckError(accounts[5], Kind::kCancelled, Outcome::kNotSent, 0);
  CHECK(s.transport->names() == Letters("abcd"));
  CHECK(s.prepared == std::vector<std::size_t>{0, 1, 2, 3});
  CHECK(s.passed() == 0ns);
}

TEST_CASE("Cancelling ends a pause at once") {
  Setup s;
  s.bulk.max_in_flight = 2;
  s.meanwhile = {
      [&] {
        s.transport->Reply("a", 429, {{"Retry-After", "9"}}), s.transport->Create("b");
      },
      [&] { s.source.Cancel(); },
  };
  const auto accounts = s.CreateAll("abcd");
  REQUIRE(accounts.size() == 4);
  CheckError(accounts[0], Kind::kCancelled, Outcome::kRejected, 1);
  CHECK(accounts[1]);
  CheckError(accounts[2], Kind::kCancelled, Outcome::kNotSent, 0);
  CheckError(accounts[3], Kind::kCancelled, Outcome::kNotSent, 0);
  CHECK(s.transport->names() == Letters("ab"));
  CHECK(s.passed() == 0ns);
}

TEST_CASE("A batch that was cancelled before sends nothing") {
  Setup s;
  s.source.Cancel();
  const auto accounts = s.CreateAll("abc");
  REQUIRE(accounts.size() == 3);
  for (const auto& account : accounts) {
    CheckError(account, Kind::kCancelled, Outcome::kNotSent, 0);
  }
  CHECK(s.transport->sent.empty());
}

TEST_CASE("A batch can be cancelled by its own progress") {
  Setup s;
  s.bulk.max_in_flight = 2;
  s.bulk.on_progress = [&](const BulkProgress& p) {
    if (p.done == 1) s.source.Cancel();
  };
  s.meanwhile = {[&] { s.transport->Create("a"); }};
  const auto accounts = s.CreateAll("abc");
  REQUIRE(accounts.size() == 3);
  CHECK(accounts[0]);
  CheckError(accounts[1], Kind::kCancelled, Outcome::kUnknown, 1);
  CheckError(accounts[2], Kind::kCancelled, Outcome::kNotSent, 0);
  CHECK(s.transport->names() == Letters("ab"));
}

TEST_CASE("Progress is told after each result, on the caller's thread") {
  Setup s;
  s.bulk.max_in_flight = 2;
  std::vector<std::vector<std::size_t>> told;
  s.bulk.on_progress = [&, caller = std::this_thread::get_id()](const BulkProgress& p) {
    CHECK(std::this_thread::get_id() == caller);
    told.push_back({p.done, p.failed, p.total});
  };
  s.meanwhile = {
      [&] {
        CHECK(told.empty());
        s.transport->Create("a");
      },
      [&] {
        CHECK(told.size() == 1);
        s.transport->Refuse("b");
      },
      [&] {
        CHECK(told.size() == 1);
        s.transport->Reply("c", 409);
      },  // The last is repeated.
      [&] {
        CHECK(told.size() == 2);
        s.transport->CreateAll();
      },
  };
  s.CreateAll("abcd");
  CHECK(told == std::vector<std::vector<std::size_t>>{{1, 0, 4}, {2, 1, 4}, {3, 1, 4}, {4, 1, 4}});
}

#if defined(__cpp_exceptions)
TEST_CASE("An exception from the progress function goes to the observer, and harms nothing") {
  Setup s;
  const auto observer = std::make_shared<FailureObserver>();
  s.options.observer = observer;
  s.bulk.max_in_flight = 1;
  s.bulk.on_progress = [](const BulkProgress& p) {
    if (p.done == 1) throw std::runtime_error("boom");
    if (p.done == 2) throw 7;  // NOLINT(hicpp-exception-baseclass): anything may be thrown.
  };
  CHECK(Ends(s.CreateAll("abc")) == Letters("abc"));
  CHECK(observer->whats == Names{"boom", ""});
}

TEST_CASE("Without an observer an exception from the progress function harms nothing either") {
  Setup s;
  SECTION("nor with one that does not listen to it") {
    s.options.observer = std::make_shared<Observer>();
  }
  s.bulk.on_progress = [](const BulkProgress&) { throw std::runtime_error("boom"); };
  CHECK(Ends(s.CreateAll("abc")) == Letters("abc"));
}

TEST_CASE("A request that there is no memory for is not sent, and the others are") {
  Operation<CreateServiceAccountRequest, ServiceAccount> operation = kCreate;
  operation.encode = [](const CreateServiceAccountRequest& request, std::string* body) {
    if (request.name == "b") throw std::bad_alloc();
    return WriteJson(request, body);
  };
  Setup s;
  s.bulk.max_in_flight = 1;
  const Accounts accounts =
      s.CreateAll({tests::Request("a"), tests::Request("b"), tests::Request("c")}, operation);
  REQUIRE(accounts.size() == 3);
  CHECK(accounts[0]);
  CHECK_FALSE(accounts[1]);
  CHECK(accounts[1].error().outcome == Outcome::kNotSent);
  CHECK(accounts[1].error().kind == ErrorKind::kConnection);
  CHECK(accounts[1].error().message == "out of memory");
  CHECK(accounts[2]);
  CHECK(s.transport->names() == Names{"a", "c"});
}
#endif

TEST_CASE("The progress function may use the client") {
  const auto fake = std::make_shared<testing::FakeTransport>();
  for (int i = 0; i < 6; ++i) fake->Reply(200, R"({"data":{"id":"x"}})");
  ClientOptions options = tests::Options("https://accounts.test");
  options.transport = fake;
  const ServiceAccountsClient client(options);
  int inner = 0;
  BulkOptions bulk;
  bulk.on_progress = [&](const BulkProgress&) {
    inner += client.CreateServiceAccount(tests::Request("alone")) ? 1 : 0;
    for (const auto& each : client.CreateServiceAccounts({tests::Request("batch")})) {
      inner += each ? 1 : 0;
    }
  };
  CHECK(Ends(client.CreateServiceAccounts({tests::Request("a"), tests::Request("b")}, bulk)) ==
        Names{"x", "x"});
  CHECK(inner == 4);
}

TEST_CASE("After a 429 no request begins until its time, then one, then more with each success") {
  Setup s;
  s.bulk.max_in_flight = 4;
  HeldTransport& t = *s.transport;
  s.meanwhile = {
      [&] {
        t.Reply("b", 429, {{"Retry-After", "2"}});
        for (const char* name : {"a", "c", "d"}) t.Refuse(name);
      },
      // Three waits end within the pause, as their backoffs are shorter, and it goes on.
      [&] { CHECK(t.in_flight().empty()); },
      [&] { CHECK(t.in_flight().empty()); },
      [&] { CHECK(t.in_flight().empty()); },
      [&] { CHECK(t.in_flight().empty()); },
      [&] {
        CHECK(s.passed() == 2s);
        CHECK(t.in_flight().size() == 1);
        t.CreateAll();
      },
      [&] {
        CHECK(t.in_flight().size() == 2);
        t.CreateAll();
      },
      [&] {
        CHECK(t.in_flight().size() == 4);
        t.CreateAll();
      },
  };
  CHECK(Ends(s.CreateAll("abcdefghij")) == Letters("abcdefghij"));
  CHECK(t.most_in_flight == 4);
  const auto times = s.times();
  REQUIRE(times.size() == 14);
  for (std::size_t i = 0; i < times.size(); ++i) CHECK(times[i] == (i < 4 ? 0s : 2s));
}

TEST_CASE("The longest of several pauses is kept to") {
  Setup s;
  s.bulk.max_in_flight = 3;
  s.meanwhile = {
      [&] {
        s.transport->Reply("b", 429, {{"Retry-After", "5"}});
      },
      [&] {
        s.transport->Reply("a", 429, {{"Retry-After", "2"}});
        s.transport->Reply("c", 400);
      },
      [] {},
      [] {},
  };
  CHECK(Ends(s.CreateAll("abcd"))[3] == "d");
  const auto times = s.times();
  REQUIRE(times.size() == 6);
  for (std::size_t i = 3; i < times.size(); ++i) CHECK(times[i] == 5s);
}

TEST_CASE("A pause holds back requests that are not begun, as well as repetitions") {
  Setup s;
  s.bulk.max_in_flight = 2;
  s.options.retry.max_attempts = 1;
  s.meanwhile = {
      [&] {
        s.transport->Reply("a", 429, {{"Retry-After", "2"}});
      },
      [&] { s.transport->Create("b"); },
      [&] { CHECK(s.transport->in_flight().empty()); },
  };
  const auto accounts = s.CreateAll("abcd");
  REQUIRE(accounts.size() == 4);
  CheckError(accounts[0], Kind::kRateLimited, Outcome::kRejected, 1);
  CHECK(accounts[0].error().retry_after == 2s);
  CHECK(s.times() == std::vector<std::chrono::nanoseconds>{0s, 0s, 2s, 2s});
}

TEST_CASE("What was sent before the pause and succeeds during it makes nothing faster") {
  Setup s;
  s.bulk.max_in_flight = 4;
  HeldTransport& t = *s.transport;
  s.meanwhile = {
      [&] {
        t.Reply("a", 429, {{"Retry-After", "2"}});
      },
      [&] { t.CreateAll(); },
      [&] { CHECK(t.in_flight().empty()); },
      [&] {
        CHECK(t.in_flight().size() == 1);
        t.CreateAll();
      },
      [&] {
        CHECK(t.in_flight().size() == 2);
        t.CreateAll();
      },
  };
  CHECK(Ends(s.CreateAll("abcdefgh")) == Letters("abcdefgh"));
}

TEST_CASE("A 429 that does not say for how long pauses for the first backoff") {
  Setup s;
  s.bulk.max_in_flight = 2;
  s.bulk.call.retry.emplace().initial_backoff = 300ms;
  s.meanwhile = {
      [&] { s.transport->Reply("a", 429), s.transport->Create("b"); },
      [] {},
      [] {},
      [&] {
        CHECK(s.transport->in_flight().size() == 1);
        s.transport->CreateAll();
      },
  };
  CHECK(Ends(s.CreateAll("abc")) == Letters("abc"));
  CHECK(s.times() == std::vector<std::chrono::nanoseconds>{0s, 0s, 300ms, 300ms});
}

TEST_CASE("A pause, were it of a year, is no longer than the time that each call is allowed") {
  struct Case {
    std::optional<std::chrono::milliseconds> of_call;
    std::chrono::nanoseconds pause;
  };
  for (const Case& c : {Case{std::nullopt, 30s}, Case{5s, 5s}}) {
    Setup s;
    s.bulk.max_in_flight = 2;
    s.options.timeout = 30s;
    s.bulk.call.timeout = c.of_call;
    s.meanwhile = {
        [&] {
          s.transport->Reply("a", 429, {{"Retry-After", "31536000"}});
        },
        [&] { s.transport->Create("b"); },
        [] {},
    };
    const auto accounts = s.CreateAll("abc");
    REQUIRE(accounts.size() == 3);
    CheckError(accounts[0], Kind::kRateLimited, Outcome::kRejected, 1);
    CHECK(accounts[0].error().retry_after == 24h);
    CHECK(accounts[2]);
    CHECK(s.times() == std::vector<std::chrono::nanoseconds>{0s, 0s, c.pause});
  }
}

TEST_CASE("A call's repetition that comes to its deadline in a pause ends there") {
  Setup s;
  s.bulk.max_in_flight = 2;
  s.options.timeout = 10s;
  s.meanwhile = {
      [&] { s.transport->Refuse("a"); },
      [&] {
        s.clock.Advance(4s), s.transport->Reply("b", 429, {{"Retry-After", "8"}});
      },
      [] {},
      [] {},
  };
  const auto accounts = s.CreateAll("abc");
  REQUIRE(accounts.size() == 3);
  CheckError(accounts[0], Kind::kTimeout, Outcome::kNotSent, 1);
  CheckError(accounts[1], Kind::kRateLimited, Outcome::kRejected, 1);
  CHECK(accounts[2]);
  CHECK(s.times() == std::vector<std::chrono::nanoseconds>{0s, 0s, 12s});
}

TEST_CASE("A call that ends at its deadline leaves the room that became free to the next one") {
  Setup s;
  s.bulk.max_in_flight = 3;
  s.options.timeout = 10s;
  HeldTransport& t = *s.transport;
  s.meanwhile = {
      [&] {
        t.Reply("b", 429, {{"Retry-After", "1"}}), t.Reply("c", 400);
      },
      [] {
      },  // The pause ends, but the first one is still on its way: b waits for room, and so does d.
      // All of the first three have the same deadline. The one on its way takes the service's whole
      // patience, and b's as well.
      [&] { s.clock.Advance(9s), t.Reply("a", 400); },
  };
  const auto accounts = s.CreateAll("abcd");
  REQUIRE(accounts.size() == 4);
  CheckError(accounts[1], Kind::kTimeout, Outcome::kRejected, 1);
  CHECK(accounts[3]);
  CHECK(s.times() == std::vector<std::chrono::nanoseconds>{0s, 0s, 0s, 10s});
}

TEST_CASE("A call that ends at its deadline in a second pause leaves its turn to the next one") {
  Setup s;
  s.bulk.max_in_flight = 3;
  s.options.timeout = 10s;
  HeldTransport& t = *s.transport;
  s.meanwhile = {
      [&] {
        t.Reply("b", 429, {{"Retry-After", "1"}}), t.Reply("c", 400);
      },
      [] {},  // Now b and d wait for room.
      [&] {
        t.Reply("a", 429, {{"Retry-After", "20"}});
      },
      [] {},  // The deadline of b.
      [] {},  // The pause's end.
  };
  const auto accounts = s.CreateAll("abcd");
  REQUIRE(accounts.size() == 4);
  CheckError(accounts[0], Kind::kRateLimited, Outcome::kRejected, 1);
  CheckError(accounts[1], Kind::kTimeout, Outcome::kRejected, 1);
  CHECK(accounts[3]);
  CHECK(s.times() == std::vector<std::chrono::nanoseconds>{0s, 0s, 0s, 11s});
}

TEST_CASE("Each call of a batch has its own attempts") {
  Setup s;
  s.bulk.max_in_flight = 1;
  s.options.retry.max_attempts = 2;
  s.meanwhile = {
      [&] { s.transport->Refuse("a"); }, [] {},
      [&] { s.transport->Refuse("a"); },  // Its second, and last.
      [&] { s.transport->Refuse("b"); }, [] {},
      [&] { s.transport->Create("b"); },
  };
  const auto accounts = s.CreateAll("ab");
  REQUIRE(accounts.size() == 2);
  CheckError(accounts[0], Kind::kConnection, Outcome::kNotSent, 2);
  REQUIRE(accounts[1]);
  CHECK(accounts[1].metadata().attempts.size() == 2);
  CHECK(s.transport->names() == Letters("aabb"));
}

TEST_CASE("The policy of the bulk call takes the place of the client's") {
  Setup s;
  s.bulk.call.retry.emplace().max_attempts = 1;
  s.meanwhile = {[&] { s.transport->Refuse("a"); }};
  CheckError(s.CreateAll("a").front(), Kind::kConnection, Outcome::kNotSent, 1);
}

TEST_CASE("Each call's time begins with its own first attempt") {
  Setup s;
  s.bulk.max_in_flight = 1;
  s.options.timeout = 10s;
  const auto slowly = [&] { s.clock.Advance(8s), s.transport->CreateAll(); };
  s.meanwhile = {slowly, slowly, slowly};
  const auto accounts = s.CreateAll("abc");
  CHECK(Ends(accounts) == Letters("abc"));
  REQUIRE(s.transport->sent.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(s.times()[i] == 8s * i);
    CHECK(s.transport->sent[i].deadline == s.transport->sent[i].time + 10s);
    CHECK(accounts[i].metadata().elapsed == 8s);
  }
}

TEST_CASE("Each request has the key of its index, the same one with each attempt") {
  Setup s;
  s.bulk.max_in_flight = 2;
  std::vector<std::size_t> asked;
  s.bulk.idempotency_key = [&](std::size_t index) {
    asked.push_back(index);
    return "key-" + std::to_string(index) + "-" + std::to_string(asked.size());
  };
  s.meanwhile = {[&] { s.transport->Refuse("b"), s.transport->Create("a"); }};
  CHECK(Ends(s.CreateAll("abc")) == Letters("abc"));
  CHECK(asked == std::vector<std::size_t>{0, 1, 2});
  std::vector<std::pair<std::string, std::string>> keys;
  for (const Sent& each : s.transport->sent) {
    for (const Header& header : each.headers) {
      if (header.name == "Idempotency-Key") keys.emplace_back(each.name, header.value);
    }
  }
  std::sort(keys.begin(), keys.end());
  CHECK(keys == std::vector<std::pair<std::string, std::string>>{
                    {"a", "key-0-1"}, {"b", "key-1-2"}, {"b", "key-1-2"}, {"c", "key-2-3"}});
}

#if defined(__cpp_exceptions)
TEST_CASE("A request whose key cannot be had, or not be sent, fails alone, saying why") {
  struct Case {
    std::function<std::string()> key;
    std::string words;
  };
  const Case cases[] = {
      {[]() -> std::string { throw std::runtime_error("no key today"); }, "no key today"},
      // NOLINTNEXTLINE(hicpp-exception-baseclass): anything may be thrown.
      {[]() -> std::string { throw 7; }, "idempotency_key: "},
      {[] { return std::string("a\r\nX: 1"); }, "idempotency_key: "},
  };
  for (const Case& c : cases) {
    Setup s;
    s.bulk.idempotency_key = [&](std::size_t index) { return index == 1 ? c.key() : "key"; };
    const auto accounts = s.CreateAll("abc");
    REQUIRE(accounts.size() == 3);
    CheckError(accounts[1], Kind::kInvalidArgument, Outcome::kNotSent, 0);
    CHECK(accounts[1].error().message.find("idempotency_key: ") == 0);
    CHECK(accounts[1].error().message.find(c.words) != std::string::npos);
    CHECK(s.transport->names() == Letters("ac"));
  }
}
#endif

TEST_CASE("An empty key from the function is none") {
  Setup s;
  s.bulk.idempotency_key = [](std::size_t) { return std::string(); };
  CHECK(Ends(s.CreateAll("a")) == Letters("a"));
  for (const Header& header : s.transport->sent.front().headers) {
    CHECK(header.name != "Idempotency-Key");
  }
}

TEST_CASE("Credentials that fail fail each call of the batch") {
  Setup s;
  s.bulk.max_in_flight = 2;
  s.clock.waits_for_threads = true;  // The token is fetched on one.
  s.options.credentials = TokenFromCallback([]() -> Result<AccessToken> {
    Error error;
    error.kind = Kind::kConnection;
    error.message = "identity service down";
    return error;
  });
  const auto accounts = s.CreateAll("abcde");
  REQUIRE(accounts.size() == 5);
  for (const auto& account : accounts) {
    CheckError(account, Kind::kConnection, Outcome::kNotSent, 0);
    CHECK(account.error().message == "credentials: identity service down");
  }
  CHECK(s.transport->sent.empty());
}

TEST_CASE("The calls of a batch share one token, and fetch another one when it is rejected") {
  Setup s;
  int fetched = 0;
  s.clock.waits_for_threads = true;  // The token is fetched on one.
  std::promise<void> waited_for;
  s.options.credentials = TokenFromCallback([&]() -> Result<AccessToken> {
    if (++fetched == 1) waited_for.get_future().wait();
    return AccessToken{"token-" + std::to_string(fetched), {}};
  });
  s.meanwhile = {
      [&] { waited_for.set_value(); },  // Nothing is sent without a token.
      [&] { s.transport->Reply("a", 401), s.transport->Reply("b", 401); },
  };
  CHECK(Ends(s.CreateAll("ab")) == Letters("ab"));
  CHECK(fetched == 2);
  Names tokens;
  for (const Sent& each : s.transport->sent) tokens.push_back(each.headers.back().value);
  CHECK(tokens == Names{"Bearer token-1", "Bearer token-1", "Bearer token-2", "Bearer token-2"});
}

}  // namespace
}  // namespace service_accounts::v0::internal
