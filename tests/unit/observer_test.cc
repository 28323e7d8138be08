#include <service_accounts/observer.h>

#include <service_accounts/testing/fake_transport.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "call.h"
#include "service_account_json.h"
#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/fake_clock.h"

namespace service_accounts::v0 {
namespace {

using tests::kToken;

constexpr internal::Operation<CreateServiceAccountRequest, ServiceAccount> kCreate = {
    "CreateServiceAccount", "POST", "/v1/service-accounts", internal::WriteJson,
    internal::DecodeServiceAccountReply};

/// Writes down what it is told.
class Recorder final : public Observer {
 public:
  void OnAttemptBegun(const AttemptBegun& e) override { Add("begun", e.call, e.attempt); }
  void OnAttemptEnded(const AttemptEnded& e) override {
    Add(e.error != nullptr ? "failed" : "succeeded", e.call, e.attempt);
    CHECK(e.record->outcome.has_value() == (e.error != nullptr));
  }
  void OnRetryScheduled(const RetryScheduled& e) override { Add("retry", e.call, e.attempt); }
  void OnCallEnded(const CallEnded& e) override {
    Add(e.error != nullptr ? "error" : "account", e.call, e.attempts);
    request_id = e.request_id;
  }
  std::string seen;
  std::string request_id;

 private:
  void Add(const std::string& what, const ObservedCall& call, int number) {
    seen += std::to_string(call.number) + ":" + what + std::to_string(number) + " ";
    CHECK(call.operation == "CreateServiceAccount");
    CHECK(call.method == "POST");
  }
};

#if defined(__cpp_exceptions)
class Thrower final : public Observer {
 public:
  void OnAttemptBegun(const AttemptBegun&) override { throw std::runtime_error("begun"); }
  void OnAttemptEnded(const AttemptEnded&) override { throw std::runtime_error("ended"); }
  void OnRetryScheduled(const RetryScheduled&) override { throw 7; }
  void OnCallEnded(const CallEnded&) override { throw std::string("call"); }
};
#endif

/// A client that is turned away, is not sent, and succeeds; then fails; then refuses.
std::string ThreeCalls(std::shared_ptr<Observer> observer) {
  const tests::FakeClock clock;
  const auto fake = std::make_shared<testing::FakeTransport>();
  fake->Reply(429, "slow");
  fake->Fail(ErrorKind::kConnection, RequestOutcome::kNotSent);
  fake->Reply(200, R"({"data":{"id":"sa_1"},"requestId":"req_1"})");
  fake->Reply(400, std::string(R"({"message":"no )") + kToken + R"(","requestId":"req_2"})");
  ClientOptions options = tests::Options("https://accounts.test");
  options.transport = fake;
  options.observer = std::move(observer);
  const internal::ClientCore core(options, clock, 1);
  std::string results;
  for (const char* name : {"one", "two", ""}) {
    const auto result = internal::Call(core, kCreate, tests::Request(name), {});
    results += result ? "account " : std::string(ToString(result.error().kind)) + " ";
  }
  return results;
}

TEST_CASE("An observer is told of every attempt, repetition and call, in order") {
  const auto recorder = std::make_shared<Recorder>();
  CHECK(ThreeCalls(recorder) == "account bad request invalid argument ");
  CHECK(recorder->seen ==
        "1:begun1 1:failed1 1:retry2 1:begun2 1:failed2 1:retry3 1:begun3 1:succeeded3 1:account3 "
        "2:begun1 2:failed1 2:error1 3:error0 ");
}

TEST_CASE("An observer may leave out any of its functions") {
  CHECK(ThreeCalls(std::make_shared<Observer>()) == "account bad request invalid argument ");
}

#if defined(__cpp_exceptions)
TEST_CASE("An observer that throws does not break a call") {
  CHECK(ThreeCalls(std::make_shared<Thrower>()) == "account bad request invalid argument ");
}
#endif

TEST_CASE("A log observer writes one line for each event, and what is on its list alone") {
  std::ostringstream out;
  ThreeCalls(std::make_shared<LogObserver>(out));
  const std::string log = out.str();
  CAPTURE(log);
  CHECK(std::count(log.begin(), log.end(), '\n') == 13);
  const std::string first =
      "service_accounts event=attempt_begun call=1 operation=CreateServiceAccount attempt=1 "
      "method=POST url=https://accounts.test/v1/service-accounts\n";
  CHECK(log.find(first) == 0);
  CHECK(log.find("event=attempt_ended call=1 operation=CreateServiceAccount attempt=1 "
                 "outcome=\"rejected\" "
                 "kind=\"rate limited\" status=429 reused=false") != std::string::npos);
  CHECK(
      log.find("event=retry_scheduled call=1 operation=CreateServiceAccount attempt=2 wait_us=") !=
      std::string::npos);
  CHECK(log.find("event=call_ended call=1 operation=CreateServiceAccount attempts=3 "
                 "outcome=\"created\" status=200 "
                 "request=\"req_1\"") != std::string::npos);
  CHECK(
      log.find(
          "event=call_ended call=3 operation=CreateServiceAccount attempts=0 outcome=\"not sent\" "
          "kind=\"invalid argument\"") != std::string::npos);
  for (const char* hidden : {kToken, "Bearer", "slow", "no ", "one", "two", "name:"}) {
    CHECK(log.find(hidden) == std::string::npos);
  }
}

TEST_CASE("A log observer writes to std::clog where it is not told where to") {
  std::ostringstream out;
  std::streambuf* const before = std::clog.rdbuf(out.rdbuf());
  LogObserver().OnCallEnded(CallEnded());
  std::clog.rdbuf(before);
  CHECK(out.str().find("service_accounts event=call_ended ") == 0);
  CHECK(out.str().back() == '\n');
}

TEST_CASE("A log whose disk is full changes nothing for the calls") {
  std::ofstream out;
  out.rdbuf()->pubsetbuf(nullptr, 0);
  out.open("/dev/full");
  REQUIRE(out.is_open());
#if defined(__cpp_exceptions)
  SECTION("and the stream throws") { out.exceptions(std::ios::badbit | std::ios::failbit); }
#endif
  CHECK(ThreeCalls(std::make_shared<LogObserver>(out)) == "account bad request invalid argument ");
  CHECK_FALSE(out.good());
}

TEST_CASE("A log line cannot be broken by what the service sends") {
  std::string line;
  LogObserver observer([&](std::string_view text) { line = text; });
  CallEnded event;
  event.request_id = "a\nb \"c\" \x1B";
  observer.OnCallEnded(event);
  CHECK(line.find("request=\"a\\nb 'c' \\x1b\" ") != std::string::npos);
}

}  // namespace
}  // namespace service_accounts::v0
