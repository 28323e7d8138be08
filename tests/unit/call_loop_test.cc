// Many calls on one loop, by a fake clock, and what they send answered as a test says: nothing but
// a fetch of a token is waited for.
#include "call_loop.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "call.h"
#include "client_core.h"
#include "service_account_json.h"
#include "tests/support/async.h"
#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/fake_clock.h"
#include "token_source.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::chrono_literals;
using Kind = ErrorKind;
using Outcome = RequestOutcome;
using Names = std::vector<std::string>;
using tests::Event;
using tests::FakeClock;

constexpr const char* kAccount = R"({"data":{"id":"sa_1"}})";
constexpr Operation<CreateServiceAccountRequest, ServiceAccount> kCreate = {
    "CreateServiceAccount", "POST", "/v1/service-accounts", WriteJson, DecodeServiceAccountReply};
constexpr std::uint64_t kSeed = 7;

TransportResult Reply(int status, std::string body, HeaderList headers = {}) {
  HttpResponse reply;
  reply.status = status;
  reply.headers = std::move(headers);
  reply.body = std::move(body);
  return reply;
}

TransportResult Created() { return Reply(200, kAccount); }

TransportResult SlowDown(int seconds) {
  return Reply(429, "slow down", {{"Retry-After", std::to_string(seconds)}});
}

TransportResult Failure(Kind kind, Outcome outcome) {
  return TransportFailure{kind, outcome, "", {}};
}

/// A request that was begun.
struct Sent {
  std::string name;   ///< Of the account.
  std::string token;  ///< As the header has it.
  SteadyTime at;
};

/// Answers each request by its account's name, as scripted; one without an answer stays under way.
/// Its waits take no time, and are over when there is something to do: an answer, then the next of
/// the `events`, then the time that is waited for.
class ScriptedSends final : public SendLoop {
 public:
  explicit ScriptedSends(FakeClock& clock) : clock_(clock) {}

  void Begin(Send* send) override {
    const HttpRequest& request = send->request();
    const std::size_t begin = request.body.find(kNameBegin) + kNameBegin.size();
    const std::string name = request.body.substr(begin, request.body.find('"', begin) - begin);
    begun.push_back({name, request.headers.back().value, clock_.Now()});
    const bool at_once = refused_at_once.count(name) != 0;
    if (at_once) return send->OnSent(Failure(Kind::kConnection, Outcome::kNotSent));
    under_way_.push_back({name, send});
  }

  void Cancel(Send* send) override {
    const auto it = std::find_if(under_way_.begin(), under_way_.end(),
                                 [send](const UnderWay& each) { return each.send == send; });
    REQUIRE(it != under_way_.end());
    cancelled.push_back(it->name);
    // One that has an answer was too late to be stopped.
    if (answers[it->name].empty()) End(it, Failure(Kind::kCancelled, Outcome::kUnknown));
  }

  void Run(SteadyTime until) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (std::exchange(woken_, false)) return;
    }
    if (AnswerOne()) return;
    if (!events.empty()) {
      const auto event = std::move(events.front());
      events.pop_front();
      return event();
    }
    if (until != SteadyTime::max() && !stands_still) {
      if (until > clock_.Now()) clock_.Advance(until - clock_.Now());
      return;
    }
    std::unique_lock<std::mutex> lock(mutex_);
    // Only where the loop is broken, and would wait for ever.
    const bool woken = changed_.wait_for(lock, 10s, [&] { return woken_; });
    if (!woken) FAIL("the loop waits, and nothing is there to wake it");
    woken_ = false;
  }

  void Wake() noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }

  /// Until somebody has woken the loop, which does not run meanwhile.
  void AwaitWake() {
    std::unique_lock<std::mutex> lock(mutex_);
    CHECK(changed_.wait_for(lock, 10s, [&] { return woken_; }));
  }
  void ForgetWake() {
    const std::lock_guard<std::mutex> lock(mutex_);
    woken_ = false;
  }

  [[nodiscard]] bool usable() const noexcept override { return true; }

  [[nodiscard]] Names begun_names() const {
    Names names;
    for (const Sent& sent : begun) names.push_back(sent.name);
    return names;
  }

  std::map<std::string, std::deque<TransportResult>> answers;
  std::map<std::string, bool> refused_at_once;
  std::deque<std::function<void()>> events;
  bool stands_still = false;  ///< Time passes only where an event says so.
  std::vector<Sent> begun;
  Names cancelled;

 private:
  static constexpr std::string_view kNameBegin = R"("name":")";

  struct UnderWay {
    std::string name;
    Send* send;
  };

  bool AnswerOne() {
    const auto it =
        std::find_if(under_way_.begin(), under_way_.end(),
                     [this](const UnderWay& each) { return !answers[each.name].empty(); });
    if (it == under_way_.end()) return false;
    TransportResult answer = std::move(answers[it->name].front());
    answers[it->name].pop_front();
    End(it, std::move(answer));
    return true;
  }

  void End(std::vector<UnderWay>::iterator it, TransportResult result) {
    Send* const send = it->send;
    under_way_.erase(it);
    send->OnSent(std::move(result));
  }

  FakeClock& clock_;
  std::vector<UnderWay> under_way_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

/// A call that hands its result to a function.
class TestCall final : public LoopCall {
 public:
  using Done = std::function<void(Result<ServiceAccount>)>;
  TestCall(std::shared_ptr<const ClientCore> core, const std::string& name, CallOptions options,
           Done done)
      : LoopCall(options_.cancellation),
        core_(std::move(core)),
        options_(std::move(options)),
        call_(*core_, kCreate, tests::Request(name), options_),
        done_(std::move(done)) {}

  [[nodiscard]] CallState& state() override { return call_; }
  void OnEnded() noexcept override { done_(call_.Finish()); }

 private:
  const std::shared_ptr<const ClientCore> core_;
  const CallOptions options_;
  TypedCall<ServiceAccount> call_;
  const Done done_;
};

struct Setup {
  FakeClock clock;
  ClientOptions options = tests::Options("https://accounts.test");
  ScriptedSends* sends = new ScriptedSends(clock);
  std::unique_ptr<CallLoop> loop =
      std::make_unique<CallLoop>(std::unique_ptr<SendLoop>(sends), clock);
  std::map<std::string, Result<ServiceAccount>> results;
  Names ended;                                       ///< In that order.
  std::function<void(const std::string&)> on_ended;  ///< With the name.
  const SteadyTime begin = clock.Now();

  void Post(const std::string& name, CallOptions call = {}) {
    if (core_ == nullptr) core_ = std::make_shared<const ClientCore>(options, clock, kSeed);
    loop->Post(std::make_unique<TestCall>(core_, name, std::move(call), [this, name](auto result) {
      ended.push_back(name);
      results.emplace(name, std::move(result));
      if (on_ended) on_ended(name);
    }));
  }

  void PostCancellable(const std::string& name, const CancellationSource& source) {
    CallOptions call;
    call.cancellation = source.token();
    Post(name, std::move(call));
  }

  void Answer(const std::string& name, TransportResult answer) {
    sends->answers[name].push_back(std::move(answer));
  }

  /// "created", or how it failed.
  [[nodiscard]] std::string End(const std::string& name) const {
    const auto it = results.find(name);
    if (it == results.end()) return "none";
    if (it->second) return "created";
    const Error& error = it->second.error();
    return std::string(ToString(error.kind)) + ", " + std::string(ToString(error.outcome));
  }

  [[nodiscard]] SteadyTime::duration elapsed() const { return clock.Now() - begin; }

 private:
  std::shared_ptr<const ClientCore> core_;
};

TEST_CASE("Calls of one loop are under way together, and each ends with its own reply") {
  Setup s;
  s.options.retry.max_attempts = 1;
  for (const char* name : {"a", "b", "c", "d"}) s.Post(name);
  CHECK(s.sends->begun.empty());  // Not before the loop runs.
  s.sends->events.push_back([&] {
    CHECK(s.sends->begun.size() == 4);
    s.Answer("c", Reply(409, "taken"));
    s.Answer("a", Created());
    s.Answer("d", Failure(Kind::kTls, Outcome::kNotSent));
  });
  s.sends->events.push_back([&] { s.Answer("b", Failure(Kind::kTimeout, Outcome::kUnknown)); });
  s.loop->Run();
  CHECK(s.sends->begun_names() == Names{"a", "b", "c", "d"});
  CHECK(s.End("a") == "created");
  CHECK(s.End("b") == "timeout, unknown");
  CHECK(s.End("c") == "conflict, rejected");
  CHECK(s.End("d") == "TLS, not sent");
  CHECK(s.ended.back() == "b");
}

TEST_CASE("Repetitions come when it is time for them, whichever call was first") {
  Setup s;
  for (const auto& [name, seconds] : std::map<std::string, int>{{"a", 3}, {"b", 1}, {"c", 2}}) {
    s.Answer(name, SlowDown(seconds));
    s.Answer(name, Created());
    s.Post(name);
  }
  s.Answer("quick", Created());
  s.Post("quick");
  s.loop->Run();
  CHECK(s.sends->begun_names() == Names{"a", "b", "c", "quick", "b", "c", "a"});
  CHECK(s.ended == Names{"quick", "b", "c", "a"});
  CHECK(s.sends->begun[4].at == s.begin + 1s);
  CHECK(s.sends->begun[5].at == s.begin + 2s);
  CHECK(s.sends->begun[6].at == s.begin + 3s);
  CHECK(s.elapsed() == 3s);  // They wait at the same time, not one after another.
  for (const auto& [name, result] : s.results) CHECK(result);
}

TEST_CASE("Records of a call on a loop are those of a blocking one") {
  Setup s;
  s.Answer("a", Failure(Kind::kConnection, Outcome::kNotSent));
  s.Answer("a", SlowDown(2));
  s.Answer("a", Created());
  s.Post("a");
  s.loop->Run();
  REQUIRE(s.End("a") == "created");
  const ResponseMetadata& metadata = s.results.at("a").metadata();
  REQUIRE(metadata.attempts.size() == 3);
  CHECK(metadata.attempts[0].outcome == Outcome::kNotSent);
  CHECK(metadata.attempts[1].outcome == Outcome::kRejected);
  CHECK(metadata.attempts[1].wait_before <= 200ms);
  CHECK(metadata.attempts[2].outcome == std::nullopt);
  CHECK(metadata.attempts[2].wait_before == 2s);
  CHECK(metadata.elapsed == 2s + metadata.attempts[1].wait_before);
}

TEST_CASE("What fails while it is begun is repeated by the policy, and then ends") {
  Setup s;
  s.sends->refused_at_once["a"] = true;
  s.Answer("b", Created());
  s.Post("a");
  s.Post("b");
  s.loop->Run();
  CHECK(s.End("a") == "connection, not sent");
  CHECK(s.results.at("a").error().attempts == 3);
  CHECK(s.End("b") == "created");
}

TEST_CASE("A call whose time has passed before the loop comes to it sends nothing") {
  Setup s;
  s.options.timeout = 10s;
  s.Post("a");
  s.clock.Advance(10s);
  s.loop->Run();
  CHECK(s.End("a") == "timeout, not sent");
  CHECK(s.sends->begun.empty());
}

TEST_CASE("A call that is cancelled before it begins sends nothing") {
  for (const bool before_posting : {true, false}) {
    CAPTURE(before_posting);
    Setup s;
    const CancellationSource source;
    if (before_posting) source.Cancel();
    s.PostCancellable("a", source);
    source.Cancel();
    s.Post("b");
    s.Answer("b", Created());
    s.loop->Run();
    CHECK(s.End("a") == "cancelled, not sent");
    CHECK(s.End("b") == "created");
    CHECK(s.sends->begun_names() == Names{"b"});
  }
}

TEST_CASE("A call that is cancelled while it waits to be repeated ends at once, others go on") {
  Setup s;
  const CancellationSource source;
  s.PostCancellable("a", source);
  s.Post("b");
  s.Answer("a", SlowDown(20));
  s.Answer("b", SlowDown(10));
  s.Answer("b", Created());
  s.sends->events.push_back([&] { source.Cancel(); });
  s.on_ended = [&](const std::string& name) { CHECK(s.elapsed() == (name == "a" ? 0s : 10s)); };
  s.loop->Run();
  CHECK(s.ended == Names{"a", "b"});
  CHECK(s.End("a") == "cancelled, rejected");
  CHECK(s.results.at("a").error().attempts == 1);
  CHECK(s.End("b") == "created");
  CHECK(s.sends->cancelled.empty());
}

TEST_CASE("A call that is cancelled while it is sent has its request stopped, others go on") {
  Setup s;
  const CancellationSource source;
  s.PostCancellable("a", source);
  s.Post("b");
  s.sends->events.push_back([&] { source.Cancel(); });
  s.sends->events.push_back([&] { s.Answer("b", Created()); });
  s.loop->Run();
  CHECK(s.sends->cancelled == Names{"a"});
  CHECK(s.ended == Names{"a", "b"});
  CHECK(s.End("a") == "cancelled, unknown");
  CHECK(s.End("b") == "created");
}

TEST_CASE("One token may cancel many calls, at whatever place each of them is") {
  Setup s;
  const CancellationSource source;
  for (const char* name : {"sent", "waits", "sent too"}) s.PostCancellable(name, source);
  s.Answer("waits", SlowDown(20));
  s.sends->events.push_back([&] {
    s.PostCancellable("posted", source);
    source.Cancel();
  });
  s.loop->Run();
  CHECK(s.End("sent") == "cancelled, unknown");
  CHECK(s.End("sent too") == "cancelled, unknown");
  CHECK(s.End("waits") == "cancelled, rejected");
  CHECK(s.End("posted") == "cancelled, not sent");
  CHECK(s.elapsed() == 0s);
}

TEST_CASE("A call that was cancelled does not wait to be repeated, whatever its request came to") {
  for (const bool stop : {true, false}) {
    INFO((stop ? "the loop was stopped" : "the call was cancelled"));
    Setup s;
    const CancellationSource source;
    s.PostCancellable("a", source);
    // The reply is on its way already: it comes, and asks for another attempt much later.
    s.sends->events.push_back([&] {
      s.Answer("a", SlowDown(30));
      stop ? s.loop->Stop() : source.Cancel();
    });
    s.loop->Run();
    CHECK(s.sends->cancelled == Names{"a"});
    CHECK(s.End("a") == "cancelled, rejected");
    CHECK(s.sends->begun.size() == 1);
    CHECK(s.elapsed() == 0s);
  }
}

TEST_CASE("A loop that is stopped cancels all of its calls, and those that are posted later") {
  Setup s;
  s.Post("sent");
  s.Post("waits");
  s.Answer("waits", SlowDown(20));
  s.sends->events.push_back([&] {
    s.Post("posted before");
    s.loop->Stop();
    s.Post("posted behind");
  });
  s.loop->Run(true);
  CHECK(s.End("sent") == "cancelled, unknown");
  CHECK(s.End("waits") == "cancelled, rejected");
  CHECK(s.End("posted before") == "cancelled, not sent");
  CHECK(s.End("posted behind") == "cancelled, not sent");
  CHECK(s.sends->begun.size() == 2);
  CHECK(s.elapsed() == 0s);
}

TEST_CASE("What is posted by the end of a cancelled call is cancelled when the loop is stopped") {
  Setup s;
  s.Post("a");
  s.on_ended = [&](const std::string& name) {
    if (name.size() < 5) s.Post(name + "a");
  };
  s.sends->events.push_back([&] { s.loop->Stop(); });
  s.loop->Run(true);
  CHECK(s.ended == Names{"a", "aa", "aaa", "aaaa", "aaaaa"});
  CHECK(s.End("aaaaa") == "cancelled, not sent");
}

TEST_CASE("A call that ends without being sent may stop the loop and post another one") {
  Setup s;
  const CancellationSource source;
  s.PostCancellable("a", source);
  s.Answer("a", SlowDown(20));
  s.sends->events.push_back([&] { source.Cancel(); });
  s.on_ended = [&](const std::string& name) {
    if (name != "a") return;
    s.Post("last");
    s.loop->Stop();
  };
  s.loop->Run(true);
  CHECK(s.ended == Names{"a", "last"});
  CHECK(s.End("last") == "cancelled, not sent");
}

TEST_CASE("What is posted by the end of a call that was refused is driven to its end as well") {
  Setup s;
  s.Post("");
  s.on_ended = [&](const std::string& name) {
    if (name.empty()) s.Post("next");
  };
  s.Answer("next", Created());
  s.loop->Run();
  CHECK(s.End("") == "invalid argument, not sent");
  CHECK(s.End("next") == "created");
}

TEST_CASE("What is posted by the end of a call begins without another's end") {
  Setup s;
  s.Post("slow");
  s.Post("a");
  s.Answer("a", Created());
  s.Answer("next", Created());
  s.on_ended = [&](const std::string& name) {
    if (name == "a") s.Post("next");
    if (name == "next") s.Answer("slow", Created());
  };
  s.loop->Run();
  CHECK(s.ended == Names{"a", "next", "slow"});
}

TEST_CASE("A loop that runs for ever sleeps until somebody posts, and ends when it is stopped") {
  Setup s;
  Event asleep;
  s.sends->events.push_back([&] { asleep.Happen(); });
  s.Answer("a", Created());
  s.Answer("b", Created());
  Event both;
  s.on_ended = [&](const std::string&) {
    if (s.ended.size() == 2) both.Happen();
  };
  std::thread thread([&] { s.loop->Run(true); });
  asleep.Await();
  s.Post("a");
  s.Post("b");
  both.Await();
  s.loop->Stop();
  thread.join();
  CHECK(s.End("a") == "created");
  CHECK(s.End("b") == "created");
}

TEST_CASE("A loop can be run again, for other calls") {
  Setup s;
  for (const char* name : {"a", "b"}) {
    s.Post(name);
    s.Answer(name, Created());
    s.loop->Run();
    CHECK(s.ended.back() == name);
  }
  CHECK(s.loop->usable());
}

/// A setup whose tokens are fetched: "1", "2" and so on.
struct TokenSetup : Setup {
  TokenSetup() {
    sends->stands_still = true;  // A fetch takes real time, but none by this clock.
    options.credentials = TokenFromCallback([this]() -> Result<AccessToken> {
      const int number = ++fetched;
      fetcher = std::this_thread::get_id();
      if (during_fetch) during_fetch(number);
      if (number <= failing) return failure;
      AccessToken token{std::to_string(number), {}};
      if (life > 0s) token.expiry = clock.WallNow() + life;
      return token;
    });
    failure.kind = Kind::kTls;
    failure.message = "identity service down";
  }
  ~TokenSetup() { loop.reset(); }  // Waits for a fetch, which uses what is here.
  TokenSetup(const TokenSetup&) = delete;
  TokenSetup& operator=(const TokenSetup&) = delete;

  /// The first token is at hand from now on.
  void FetchFirst() {
    Post("first");
    Answer("first", Created());
    loop->Run();
    REQUIRE(End("first") == "created");
  }

  std::atomic<int> fetched{0};
  std::thread::id fetcher;                ///< Of the last one.
  std::function<void(int)> during_fetch;  ///< With its number, on the fetching thread.
  int failing = 0;                        ///< So many fetches fail.
  Error failure;
  std::chrono::seconds life{0};  ///< Of a token; 0: nobody knows.
};

TEST_CASE("A token is fetched once for all calls that wait for it, and not on the loop's thread") {
  TokenSetup s;
  for (const char* name : {"a", "b", "c"}) {
    s.Post(name);
    s.Answer(name, Created());
  }
  s.loop->Run();
  CHECK(s.fetched == 1);
  CHECK(s.fetcher != std::this_thread::get_id());
  REQUIRE(s.sends->begun.size() == 3);
  for (const Sent& sent : s.sends->begun) CHECK(sent.token == "Bearer 1");
  for (const auto& [name, result] : s.results) CHECK(result);
}

TEST_CASE(
    "A token that could not be fetched fails the calls that waited for it, and no later one") {
  TokenSetup s;
  s.failing = 1;
  for (const char* name : {"a", "b", "c"}) s.Post(name);
  s.loop->Run();
  CHECK(s.fetched == 1);
  CHECK(s.sends->begun.empty());
  CHECK(s.results.size() == 3);
  for (const auto& [name, result] : s.results) {
    CAPTURE(name);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == Kind::kTls);
    CHECK(result.error().outcome == Outcome::kNotSent);
    CHECK(result.error().message == "credentials: identity service down");
    CHECK(result.error().attempts == 0);
  }
  s.Post("later");
  s.Answer("later", Created());
  s.loop->Run();
  CHECK(s.End("later") == "created");
  CHECK(s.sends->begun.front().token == "Bearer 2");
}

#if defined(__cpp_exceptions)
/// Has no token at hand, and no memory to get one.
class ThrowingSource final : public TokenSource {
 public:
  [[nodiscard]] std::optional<Error> Check() const override { return std::nullopt; }
  [[nodiscard]] Token TokenAtHand(const Clock&) const override { return nullptr; }
  [[nodiscard]] Result<Token> GetToken(const TokenContext&) const override {
    throw std::bad_alloc();
  }
  [[nodiscard]] std::string Description() const override { return "no token"; }
};

TEST_CASE("A fetch that breaks off fails the calls that waited for it, not sent") {
  Setup s;
  s.sends->stands_still = true;
  s.options.credentials = Credentials(std::make_shared<ThrowingSource>());
  for (const char* name : {"a", "b"}) s.Post(name);
  s.loop->Run();
  for (const char* name : {"a", "b"}) {
    CHECK(s.End(name) == "unauthenticated, not sent");
    CHECK(s.results.at(name).error().message == std::bad_alloc().what());
  }
  CHECK(s.sends->begun.empty());
}
#endif

TEST_CASE("A call waits for a token no longer than its deadline allows") {
  Event ended;
  TokenSetup s;
  s.during_fetch = [&](int) { ended.Await(); };
  s.sends->stands_still = false;
  CallOptions call;
  call.timeout = 5s;
  s.Post("a", call);
  s.loop->Run();
  CHECK(s.End("a") == "timeout, not sent");
  CHECK(s.elapsed() == 5s);
  CHECK(s.sends->begun.empty());
  ended.Happen();
}

TEST_CASE(
    "A call that is cancelled while it waits for a token ends at once, others go on waiting") {
  for (const bool stop : {true, false}) {
    CAPTURE(stop);
    Event ended;
    TokenSetup s;
    s.during_fetch = [&](int) { ended.Await(); };
    const CancellationSource source;
    s.PostCancellable("a", source);
    s.Post("b");
    s.Answer("b", Created());
    s.sends->events.push_back([&] { stop ? s.loop->Stop() : source.Cancel(); });
    s.on_ended = [&](const std::string& name) {
      if (name == "a") ended.Happen();
    };
    s.loop->Run();
    CHECK(s.End("a") == "cancelled, not sent");
    CHECK(s.End("b") == (stop ? "cancelled, not sent" : "created"));
    CHECK(s.elapsed() == 0s);
  }
}

TEST_CASE("A fetch that takes long holds up no call whose token is at hand") {
  Event fetching;
  Event go_on;
  TokenSetup s;
  s.life = 100s;
  s.FetchFirst();
  s.clock.Advance(95s);  // Still good, but it is time to fetch another one.
  s.during_fetch = [&](int) {
    fetching.Happen();
    go_on.Await();
  };
  s.Post("fetches");
  s.sends->events.push_back([&] {
    fetching.Await();
    s.Post("goes on");
  });
  s.Answer("goes on", Created());
  s.Answer("fetches", Created());
  s.on_ended = [&](const std::string& name) {
    if (name == "goes on") go_on.Happen();
  };
  s.loop->Run();
  CHECK(s.ended == Names{"first", "goes on", "fetches"});
  REQUIRE(s.sends->begun.size() == 3);
  CHECK(s.sends->begun[1].token == "Bearer 1");
  CHECK(s.sends->begun[2].token == "Bearer 2");
}

TEST_CASE("A fetch that takes long holds up no reply, and no repetition") {
  Event go_on;
  TokenSetup s;
  s.FetchFirst();
  s.during_fetch = [&](int) { go_on.Await(); };
  s.Post("a");
  s.Post("b");
  s.sends->events.push_back([&] {
    s.options.credentials.source()->Reject(std::make_shared<const std::string>("1"));
    s.Post("fetches");
  });
  s.sends->events.push_back([&] {
    s.Answer("a", Created());
    s.Answer("b", SlowDown(3));
    s.Answer("b", Created());
    s.sends->stands_still = false;
  });
  s.on_ended = [&](const std::string& name) {
    if (name != "b") return;
    s.sends->stands_still = true;
    s.Answer("fetches", Created());
    go_on.Happen();
  };
  s.loop->Run();
  CHECK(s.ended == Names{"first", "a", "b", "fetches"});
  CHECK(s.End("b") == "created");
  CHECK(s.End("fetches") == "created");
  CHECK(s.elapsed() == 3s);
}

TEST_CASE("A call whose token is rejected is given another one, once") {
  TokenSetup s;
  s.Post("twice");
  s.Answer("twice", Reply(401, "no"));
  s.Answer("twice", Reply(401, "no"));
  s.Answer("twice", Created());
  s.loop->Run();
  CHECK(s.End("twice") == "unauthenticated, rejected");
  CHECK(s.results.at("twice").error().attempts == 2);
  REQUIRE(s.sends->begun.size() == 2);
  CHECK(s.sends->begun[0].token == "Bearer 1");
  CHECK(s.sends->begun[1].token == "Bearer 2");
}

TEST_CASE("Calls whose token is rejected at the same time fetch one other for all of them") {
  TokenSetup s;
  s.FetchFirst();
  for (const char* name : {"a", "b", "c"}) {
    s.Post(name);
    s.Answer(name, Reply(401, "no"));
    s.Answer(name, Created());
  }
  s.loop->Run();
  CHECK(s.fetched == 2);
  for (const char* name : {"a", "b", "c"}) {
    CHECK(s.End(name) == "created");
    CHECK(s.results.at(name).metadata().attempts.size() == 2);
  }
  for (std::size_t i = 4; i < s.sends->begun.size(); ++i) {
    CHECK(s.sends->begun[i].token == "Bearer 2");
  }
}

TEST_CASE("A call whose rejected token cannot be replaced ends with both causes") {
  TokenSetup s;
  s.FetchFirst();
  s.failing = 2;
  s.Post("a");
  s.Answer("a", Reply(401, "no"));
  s.loop->Run();
  CHECK(s.End("a") == "unauthenticated, rejected");
  CHECK(s.results.at("a").error().message ==
        "no; no new token: credentials: identity service down");
}

TEST_CASE("What was fetched for calls that have ended since is not given to later ones") {
  Event ended;
  TokenSetup s;
  s.failing = 1;
  s.during_fetch = [&](int number) {
    if (number == 1) ended.Await();
  };
  const CancellationSource source;
  s.PostCancellable("gives up", source);
  s.sends->events.push_back([&] { source.Cancel(); });
  s.loop->Run();
  CHECK(s.End("gives up") == "cancelled, not sent");
  // The fetch fails, and nobody is there to be told. Later on the identity service is well again.
  s.sends->ForgetWake();
  ended.Happen();
  s.sends->AwaitWake();
  s.clock.Advance(1h);
  s.Post("later");
  s.Answer("later", Created());
  s.loop->Run();
  CHECK(s.End("later") == "created");
}

}  // namespace
}  // namespace service_accounts::v0::internal
