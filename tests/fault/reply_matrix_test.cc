// What the server's reply makes of a call: the fault matrix as tables, through real sockets.
#include <service_accounts/testing/mock_server.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pthread.h>

#include "tests/support/catch.h"
#include "tests/support/fault.h"
#include "tests/support/raw_server.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

/// A server that reads the request, writes these bytes and closes makes this of a call.
struct ReplyCase {
  std::string what;
  std::string bytes;
  Expected expected;
};

void CheckReplies(const std::vector<ReplyCase>& cases) {
  for (const ReplyCase& c : cases) {
    INFO(c.what);
    RawServer server({Answer(c.bytes)});
    CheckFault(Options(server.base_url()), server, c.expected);
  }
}

/// With the sizes in hexadecimal.
std::string Chunked(const std::string& body) {
  char size[16];
  const int digits = std::snprintf(size, sizeof size, "%zx", body.size());
  return std::string(size, static_cast<std::size_t>(digits)) + "\r\n" + body + "\r\n0\r\n\r\n";
}

TEST_CASE("A reply without a final status leaves the outcome open") {
  const std::pair<const char*, std::string> cases[] = {
      {"nothing", ""},
      {"half a status line", "HTTP/1.1 20"},
      {"100 and nothing more", "HTTP/1.1 100 Continue\r\n\r\n"},
      {"103 and nothing more", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"},
      {"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n"},
      {"HTTP/0.9", "hello"},
      {"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"},
      {"a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"},
      {"a status of letters", "HTTP/1.1 abc OK\r\n\r\n"},
      {"a status of zero", "HTTP/1.1 000 OK\r\n\r\n"},
      {"a version from the future", "HTTP/7.0 200 OK\r\n\r\n"},
      {"no version", "HTTP/*****1.1 404 x\r\n\r\n"},
      {"a word for a version", "HTTP/foo 200\r\n\r\n"},
  };
  for (const auto& [what, bytes] : cases) {
    CheckReplies({{what, bytes, Unknown(Kind::kConnection)}});
  }
}

TEST_CASE("A success whose reply is cut short or garbled was accepted") {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string body = kAccount;
  const std::string half = body.substr(0, 10);
  const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n";
  const Expected lost = Accepted(Kind::kConnection);
  const Expected unreadable = Accepted(Kind::kMalformedResponse);
  CheckReplies({
      {"status line only", ok, unreadable},
      {"headers only", ok + length, lost},
      {"cut short by length", ok + length + half, lost},
      {"cut short without length", ok + "\r\n" + half, unreadable},
      {"cut short in a chunk", ok + chunked + "17\r\n" + half, lost},
      {"cut short before the last chunk", ok + chunked + "a\r\n" + half + "\r\n", lost},
      {"bad chunk size", ok + chunked + "xyz\r\n" + body + "\r\n0\r\n\r\n", lost},
      {"unknown transfer coding", ok + "Transfer-Encoding: rot13\r\n\r\n" + body, lost},
      {"compressed", HttpReply(200, "\x1F\x8B\x08\0\0\0\0\0"s, "Content-Encoding: gzip\r\n"),
       unreadable},
      {"lengths that disagree", ok + "Content-Length: 5\r\nContent-Length: 500\r\n\r\n" + body,
       lost},
      {"negative length", ok + "Content-Length: -5\r\n\r\n" + body, lost},
      {"NUL in a header", ok + "X: a\0b\r\n\r\n"s + body, lost},
      {"a second status line among the headers", ok + "HTTP/1.1 20C\r\n" + length + body, lost},
      {"204", "HTTP/1.1 204 No Content\r\n\r\n", Accepted(Kind::kMalformedResponse, 204)},
      {"202 without an account", HttpReply(202, "{}"), Accepted(Kind::kMalformedResponse, 202)},
      {"nothing at all", HttpReply(200, ""), unreadable},
  });
}

TEST_CASE("An error whose reply is cut short is still what its status says") {
  const std::string cut = "Content-Length: 100\r\n\r\n{\"mess";
  CheckReplies({
      {"400", "HTTP/1.1 400 Bad Request\r\n" + cut, Rejected(Kind::kBadRequest, 400)},
      {"409", "HTTP/1.1 409 Conflict\r\n" + cut, Rejected(Kind::kConflict, 409)},
      {"408", "HTTP/1.1 408 Request Timeout\r\n" + cut, Unknown(Kind::kUnexpectedStatus, 408)},
      {"503", "HTTP/1.1 503 Unavailable\r\n" + cut, Unknown(Kind::kServerError, 503)},
      {"302", "HTTP/1.1 302 Found\r\n" + cut, Rejected(Kind::kUnexpectedStatus, 302)},
      {"400 with a bad chunk", "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n!",
       Rejected(Kind::kBadRequest, 400)},
  });
}

TEST_CASE("An error is what its status says, whatever its body is") {
  const Expected statuses[] = {
      Rejected(Kind::kBadRequest, 400),       Rejected(Kind::kUnauthenticated, 401),
      Rejected(Kind::kPermissionDenied, 403), Rejected(Kind::kNotFound, 404),
      Rejected(Kind::kConflict, 409),         Rejected(Kind::kUnexpectedStatus, 422),
      Unknown(Kind::kServerError, 500),       Unknown(Kind::kServerError, 502),
      Unknown(Kind::kServerError, 503),       Unknown(Kind::kServerError, 504),
  };
  const std::pair<std::string, std::string> bodies[] = {
      {R"({"code":4711,"message":"refused","requestId":"r_1"})", "refused"},
      {R"({"error":{"code":"X","message":"refused","hint":1}})", ""},
      {"<html><body>Bad Gateway</body></html>", ""},
      {"", ""},
      {std::string(1'000'000, 'x'), ""},
      {std::string(256, '\0') + "\xFF", ""},
      {std::string(100'000, '['), ""},
      {R"({"message":"\udc00"})", ""},
      {"{\"message\":\"\xC0\x80\"}", ""},
  };
  for (const Expected& expected : statuses) {
    for (const auto& [body, words] : bodies) {
      CAPTURE(expected.status, body.substr(0, 50));
      RawServer server({Answer(HttpReply(expected.status, body))});
      const auto result =
          CheckFault(Options(server.base_url()), server, expected.Saying(words)).result;
      CHECK(result.error().body.size() <= 65536);
      CHECK(result.error().message.size() <= 500);
    }
  }
}

TEST_CASE("A success whose envelope is that of an error is what that error's code stands for") {
  CheckReplies({
      {"409", HttpReply(200, R"({"code":409,"message":"taken"})"),
       Rejected(Kind::kConflict, 200).Saying("taken")},
      {"503", HttpReply(200, R"({"code":503,"message":"busy"})"),
       Unknown(Kind::kServerError, 200).Saying("busy")},
  });
}

TEST_CASE("A 429 is repeated as its Retry-After asks, as far as the deadline allows") {
  struct Case {
    const char* header = "";
    int attempts = 0;
    std::optional<std::chrono::milliseconds> retry_after;
  };
  const Case cases[] = {
      {"", 3, std::nullopt},
      {"Retry-After: 0\r\n", 3, 0s},
      {"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", 3, 0s},
      {"Retry-After: -5\r\n", 3, std::nullopt},
      {"Retry-After: soon\r\n", 3, std::nullopt},
      {"Retry-After: 3600\r\n", 1, 3600s},
      {"Retry-After: 9999999999\r\n", 1, 24h},
      {"Retry-After: Wed, 21 Oct 2099 07:28:00 GMT\r\n", 1, 24h},
      {"Date: Wed, 21 Oct 2015 07:28:00 GMT\r\nRetry-After: Wed, 21 Oct 2015 08:28:00 GMT\r\n", 1,
       3600s},
  };
  for (const Case& c : cases) {
    INFO(c.header);
    const std::string reply = HttpReply(429, "", c.header);
    RawServer server({[&](RawConnection& connection) {
      while (!connection.ReadRequest().empty()) connection.Write(reply);
    }});
    ClientOptions options = Options(server.base_url());
    options.retry.initial_backoff = 0ms;
    const auto result =
        CheckFault(options, server, Rejected(Kind::kRateLimited, 429).Repeated(c.attempts)).result;
    CHECK(result.error().retry_after == c.retry_after);
  }
}

TEST_CASE("Retry-After is waited for, and what comes then is the call's") {
  RawServer server({[](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(HttpReply(429, "", "Retry-After: 1\r\n"));
    connection.ReadRequest();
    connection.Write(HttpReply(400, ""));
  }});
  Expected expected = Rejected(Kind::kBadRequest, 400).Repeated(2);
  expected.at_least = 990ms;
  CheckFault(Options(server.base_url()), server, expected);
}

TEST_CASE("A body that is not the documented envelope was accepted, or refused with its status") {
  const std::string bodies[] = {
      R"({"data":{"id":"sa_)", " \n", "[]", "\"sa_1\"", "null", "{}",
      // The id.
      R"({"data":{}})", R"({"data":{"id":null}})", R"({"data":{"id":""}})", R"({"data":{"id":1}})",
      R"({"data":{"id":"a\u0000b"}})", R"({"data":[{"id":"sa_1"}]})",
      // Its neighbours.
      R"({"data":{"id":"sa_1","name":7}})", R"({"data":{"id":"sa_1","permissions":"org:read"}})",
      R"({"data":{"id":"sa_1","id":"sa_2"}})", R"({"data":{"id":"sa_1"},"data":{"id":"sa_1"}})",
      // Not Unicode.
      "{\"data\":{\"id\":\"sa_\xFF\"}}", "{\"data\":{\"id\":\"sa_\xC0\xAF\"}}",
      "{\"data\":{\"id\":\"sa_\xED\xA0\x80\"}}", R"({"data":{"id":"sa_\ud800"}})",
      R"({"data":{"id":"sa_1","x":"\udc00"}})",
      // Not one JSON object.
      kAccount + "x"s, kAccount + "\0"s, kAccount + ""s + kAccount,
      R"({"data":{"id":"a","x":NaN}})", R"(/* ok */{"data":{"id":"sa_1"}})",
      R"({'data':{'id':'sa_1'}})", R"({"data":{"id":"sa_1",}})"};
  for (const std::string& body : bodies) {
    CheckReplies({{body, HttpReply(201, body), Accepted(Kind::kMalformedResponse, 201)},
                  {body, HttpReply(403, body), Rejected(Kind::kPermissionDenied, 403)}});
  }
}

TEST_CASE("A member of the wrong type is named") {
  CheckReplies({{"name", HttpReply(200, R"({"data":{"id":"sa_1","name":7}})"),
                 Accepted(Kind::kMalformedResponse)
                     .Saying("the service answered 200, so the account was created, but the reply "
                             "cannot be read: `data.name`")}});
}

TEST_CASE("Unusual replies that HTTP and JSON allow are read") {
  const std::string body = kAccount;
  const std::string length = "Content-Length: " + std::to_string(body.size());
  const std::pair<const char*, std::string> cases[] = {
      {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunked(body)},
      {"chunked beside a length",
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" +
           Chunked(body)},
      {"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n16\r\n" + body +
                       "\r\n0\r\nX-Request-Id: late\r\n\r\n"},
      {"until the end of the connection", "HTTP/1.1 200 OK\r\n\r\n" + body},
      {"HTTP/1.0", "HTTP/1.0 200 OK\r\n" + length + "\r\n\r\n" + body},
      {"100 before", "HTTP/1.1 100 Continue\r\nX-Request-Id: early\r\n\r\n" + HttpReply(200, body)},
      {"103 before", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + HttpReply(201, body)},
      {"no reason phrase", "HTTP/1.1 200\r\n" + length + "\r\n\r\n" + body},
      {"line feeds alone", "HTTP/1.1 200 OK\n" + length + "\n\n" + body},
      {"another type", HttpReply(200, body, "Content-Type: text/html\r\n")},
      {"a byte order mark", HttpReply(200, "\xEF\xBB\xBF" + body)},
      {"members that nobody knows",
       HttpReply(200, "{\"x\":" + std::string(20, '[') + std::string(20, ']') + ",\"y\":\"" +
                          std::string(100'000, 'y') + "\"," + body.substr(1))},
  };
  for (const auto& [what, bytes] : cases) {
    INFO(what);
    RawServer server({Answer(bytes)});
    const auto account =
        ServiceAccountsClient(Options(server.base_url())).CreateServiceAccount(Request("x"));
    REQUIRE(account);
    CHECK(account->id == "sa_1");
    CHECK(account.metadata().body.find(&kAccount[1]) != std::string::npos);
    CHECK(account.metadata().request_id.empty());
    CHECK(server.Finish() == 1);
  }
}

TEST_CASE("A reply that is longer than allowed is not read to its end") {
  struct Case {
    const char* what;
    std::string head;
    std::string repeated;
    Expected expected;
  };
  const std::string block(10'000, 'x');
  const Case cases[] = {
      {"endless body", "HTTP/1.1 200 OK\r\n\r\n", block, Accepted(Kind::kResponseTooLarge)},
      {"endless chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
       "a\r\n0123456789\r\n", Accepted(Kind::kResponseTooLarge)},
      {"endless headers", "HTTP/1.1 200 OK\r\n", "X-Fill: 0123456789012345678901234567890\r\n",
       Accepted(Kind::kResponseTooLarge)},
      {"endless interim replies", "", "HTTP/1.1 100 Continue\r\nX: 0123456789\r\n\r\n",
       Unknown(Kind::kResponseTooLarge)},
      {"one endless header line", "HTTP/1.1 200 OK\r\nX: ", block, Accepted(Kind::kConnection)},
      {"endless body of an error", "HTTP/1.1 400 No\r\n\r\n", block,
       Rejected(Kind::kBadRequest, 400)},
      {"endless body of a server error", "HTTP/1.1 500 No\r\n\r\n", block,
       Unknown(Kind::kServerError, 500)},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    RawServer server({[&](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write(c.head);
      while (connection.Write(c.repeated)) {
      }
    }});
    ClientOptions options = Options(server.base_url());
    options.max_response_bytes = 100'000;
    const auto result = CheckFault(options, server, c.expected).result;
    CHECK(result.error().body.size() <= 65536);
    CHECK(result.metadata().body.size() <= 100'000);
    CHECK(result.metadata().headers.text().size() <= 65536);
  }
}

TEST_CASE("A reply of exactly the length allowed is read") {
  RawServer server({AnswerAll});
  ClientOptions options = Options(server.base_url());
  options.max_response_bytes = std::strlen(kAccount);
  REQUIRE(ServiceAccountsClient(options).CreateServiceAccount(Request("x")));
  --options.max_response_bytes;
  const auto result = CheckFault(options, server, Accepted(Kind::kResponseTooLarge)).result;
  CHECK(result.error().message.find("max_response_bytes") != std::string::npos);
}

/// A call on a thread of its own.
struct ThreadCall {
  const WatchedClient& client;
  std::optional<WatchedCall> call;
};

extern "C" void* RunThreadCall(void* argument) {
  auto& run = *static_cast<ThreadCall*>(argument);
  run.call.emplace(run.client.Call());
  return nullptr;
}

TEST_CASE("A reply that is nested a million deep is refused, also on a small stack") {
  for (const std::size_t depth : {100U, 100'000U, 1'000'000U}) {
    CAPTURE(depth);
    const std::string deep = "{\"data\":{\"id\":\"sa_1\",\"x\":" + std::string(depth, '[') +
                             std::string(depth, ']') + "}}";
    RawServer server({Answer(HttpReply(200, deep.substr(0, 1'000'000)))});
    const WatchedClient client(Options(server.base_url()));
    ThreadCall run{client, std::nullopt};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    REQUIRE(pthread_attr_setstacksize(&attributes, 128 * 1024) == 0);
    pthread_t thread{};
    REQUIRE(pthread_create(&thread, &attributes, RunThreadCall, &run) == 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
    CheckFault(run.call.value(), Accepted(Kind::kMalformedResponse), server.Finish());
  }
}

}  // namespace
}  // namespace service_accounts::tests
