#include <service_accounts/testing/fake_transport.h>

#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "tests/support/catch.h"

namespace service_accounts::testing {
namespace {

HttpRequest RequestTo(const std::string& url) {
  return {"POST", url, {{"Authorization", "Bearer t"}, {"X-Trace", "1"}}, "{\"name\": \"bot\"}"};
}

TransportResult SendTo(FakeTransport& fake, const std::string& url = "https://a.example") {
  return fake.Send(RequestTo(url), SendContext{});
}

HttpResponse ReplyOf(const TransportResult& result) {
  const auto* const reply = std::get_if<HttpResponse>(&result);
  REQUIRE(reply != nullptr);
  return *reply;
}

TransportFailure FailureOf(const TransportResult& result) {
  const auto* const failure = std::get_if<TransportFailure>(&result);
  REQUIRE(failure != nullptr);
  return *failure;
}

TEST_CASE("FakeTransport gives a scripted reply as it was scripted") {
  FakeTransport fake;
  const std::string body("a\0b", 3);
  fake.Reply(429, body, {{"Retry-After", "7"}});

  const HttpResponse reply = ReplyOf(SendTo(fake));
  CHECK(reply.status == 429);
  CHECK(reply.http_version == "HTTP/1.1");
  CHECK(reply.body == body);
  CHECK(reply.headers.size() == 1);
  CHECK(reply.headers.find("retry-after") == "7");
}

TEST_CASE("FakeTransport gives a scripted failure as it was scripted") {
  FakeTransport fake;
  fake.Fail(ErrorKind::kTls, RequestOutcome::kNotSent, "certificate has expired");

  const TransportFailure failure = FailureOf(SendTo(fake));
  CHECK(failure.kind == ErrorKind::kTls);
  CHECK(failure.outcome == RequestOutcome::kNotSent);
  CHECK(failure.message == "certificate has expired");
  CHECK(failure.partial.status == 0);
}

TEST_CASE("FakeTransport words a failure that was scripted without a message") {
  FakeTransport fake;
  fake.Fail(ErrorKind::kTimeout, RequestOutcome::kUnknown);
  CHECK(FailureOf(SendTo(fake)).message == "scripted failure");
}

TEST_CASE("FakeTransport gives an answer of any shape, such as a reply cut short") {
  FakeTransport fake;
  TransportFailure cut_short{ErrorKind::kConnection, RequestOutcome::kUnknown, "cut short", {}};
  cut_short.partial.status = 200;
  cut_short.partial.body = "{\"code\": 2";
  fake.Answer(cut_short);

  const TransportFailure failure = FailureOf(SendTo(fake));
  CHECK(failure.partial.status == 200);
  CHECK(failure.partial.body == "{\"code\": 2");
}

TEST_CASE("FakeTransport gives its answers in the order of the script, each of them once") {
  FakeTransport fake;
  fake.Reply(200, "first");
  fake.Fail(ErrorKind::kConnection, RequestOutcome::kUnknown, "second");
  fake.Reply(503, "third");

  CHECK(ReplyOf(SendTo(fake)).body == "first");
  CHECK(FailureOf(SendTo(fake)).message == "second");
  CHECK(ReplyOf(SendTo(fake)).body == "third");
}

TEST_CASE("FakeTransport fails a request beyond the script and says how to script one") {
  FakeTransport fake;
  fake.Reply(200, "");
  (void)SendTo(fake);

  const TransportFailure failure = FailureOf(SendTo(fake));
  CHECK(failure.kind == ErrorKind::kConnection);
  CHECK(failure.outcome == RequestOutcome::kNotSent);
  CHECK(failure.message ==
        "FakeTransport has no answer left: script one with Reply() or Fail() for each request");
  CHECK(fake.requests().size() == 2);
}

TEST_CASE("FakeTransport records what it was sent, in order, token and all") {
  FakeTransport fake;
  (void)SendTo(fake, "https://a.example");
  (void)SendTo(fake, "https://b.example");

  REQUIRE(fake.requests().size() == 2);
  CHECK(fake.requests()[1].url == "https://b.example");
  const HttpRequest& first = fake.requests()[0];
  CHECK(first.method == "POST");
  CHECK(first.url == "https://a.example");
  CHECK(first.headers == RequestTo("").headers);
  CHECK(first.body == "{\"name\": \"bot\"}");
}

TEST_CASE("FakeTransport answers many threads, each with one answer of the script") {
  constexpr int kThreads = 8;
  FakeTransport fake;
  std::set<int> scripted;
  for (int i = 0; i < kThreads; ++i) {
    fake.Reply(200 + i, "");
    scripted.insert(200 + i);
  }
  std::vector<TransportResult> results(kThreads);
  std::vector<std::thread> threads;
  for (TransportResult& result : results) {
    threads.emplace_back([&fake, &result] { result = SendTo(fake); });
  }
  for (std::thread& thread : threads) thread.join();

  std::set<int> received;
  for (const TransportResult& result : results) received.insert(ReplyOf(result).status);
  CHECK(received == scripted);
  CHECK(fake.requests().size() == kThreads);
}

}  // namespace
}  // namespace service_accounts::testing
