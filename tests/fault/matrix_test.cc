// What comes back when the network or the server misbehaves: the fault matrix as tables, through
// real sockets. Every case counts the POSTs that the server was sent.
#include <service_accounts/testing/mock_server.h>

#include <chrono>
#include <cstring>
#include <thread>

#include <pthread.h>

#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/raw_server.h"

namespace service_accounts {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using tests::AllTextOf;
using tests::HttpReply;
using tests::kToken;
using tests::Options;
using tests::RawConnection;
using tests::RawServer;
using tests::Request;

using Kind = ErrorKind;
using Outcome = RequestOutcome;

constexpr const char* kAccount = R"({"data":{"id":"sa_1"}})";

/// What a server that reads the request and then writes these bytes, and closes, makes of a call.
struct ReplyCase {
  const char* what;
  std::string bytes;
  Kind kind;
  Outcome outcome;
};

void CheckReplies(const std::vector<ReplyCase>& cases) {
  for (const ReplyCase& c : cases) {
    INFO(c.what);
    RawServer server({[&](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write(c.bytes);
    }});
    const auto result =
        ServiceAccountsClient(Options(server.base_url())).CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(result);
    CAPTURE(result.error());
    CHECK(result.error().kind == c.kind);
    CHECK(result.error().outcome == c.outcome);
    CHECK_FALSE(result.error().message.empty());
    CHECK(AllTextOf(result).find(kToken) == std::string::npos);
    CHECK(server.Finish() == 1);
  }
}

std::string Chunked(const std::string& body) {
  char size[16];
  const int digits = std::snprintf(size, sizeof size, "%zx", body.size());
  return std::string(size, static_cast<std::size_t>(digits)) + "\r\n" + body + "\r\n0\r\n\r\n";
}

TEST_CASE("A reply without a final status leaves the outcome open") {
  CheckReplies({
      {"nothing", "", Kind::kConnection, Outcome::kUnknown},
      {"half a status line", "HTTP/1.1 20", Kind::kConnection, Outcome::kUnknown},
      {"100 and nothing more", "HTTP/1.1 100 Continue\r\n\r\n", Kind::kConnection,
       Outcome::kUnknown},
      {"103 and nothing more", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", Kind::kConnection,
       Outcome::kUnknown},
      {"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", Kind::kConnection, Outcome::kUnknown},
      {"HTTP/0.9", "hello", Kind::kConnection, Outcome::kUnknown},
      {"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", Kind::kConnection, Outcome::kUnknown},
      {"a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
       Kind::kConnection, Outcome::kUnknown},
      {"a status of letters", "HTTP/1.1 abc OK\r\n\r\n", Kind::kConnection, Outcome::kUnknown},
      {"a status of zero", "HTTP/1.1 000 OK\r\n\r\n", Kind::kConnection, Outcome::kUnknown},
      {"a version from the future", "HTTP/7.0 200 OK\r\n\r\n", Kind::kConnection,
       Outcome::kUnknown},
  });
}

TEST_CASE("A success whose reply is cut short or garbled was accepted") {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string body = kAccount;
  const std::string half = body.substr(0, 10);
  CheckReplies({
      {"status line only", ok, Kind::kMalformedResponse, Outcome::kAccepted},
      {"headers only", ok + "Content-Length: 10\r\n\r\n", Kind::kConnection, Outcome::kAccepted},
      {"cut short by length",
       ok + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + half, Kind::kConnection,
       Outcome::kAccepted},
      {"cut short without length", ok + "\r\n" + half, Kind::kMalformedResponse,
       Outcome::kAccepted},
      {"cut short in a chunk", ok + "Transfer-Encoding: chunked\r\n\r\n17\r\n" + half,
       Kind::kConnection, Outcome::kAccepted},
      {"cut short before the last chunk",
       ok + "Transfer-Encoding: chunked\r\n\r\na\r\n" + half + "\r\n", Kind::kConnection,
       Outcome::kAccepted},
      {"bad chunk size", ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + body + "\r\n0\r\n\r\n",
       Kind::kConnection, Outcome::kAccepted},
      {"unknown transfer coding", ok + "Transfer-Encoding: rot13\r\n\r\n" + body, Kind::kConnection,
       Outcome::kAccepted},
      {"compressed", HttpReply(200, "\x1F\x8B\x08\0\0\0\0\0"s, "Content-Encoding: gzip\r\n"),
       Kind::kMalformedResponse, Outcome::kAccepted},
      {"lengths that disagree", ok + "Content-Length: 5\r\nContent-Length: 500\r\n\r\n" + body,
       Kind::kConnection, Outcome::kAccepted},
      {"negative length", ok + "Content-Length: -5\r\n\r\n" + body, Kind::kConnection,
       Outcome::kAccepted},
      {"NUL in a header", ok + "X: a\0b\r\n\r\n"s + body, Kind::kConnection, Outcome::kAccepted},
      {"204", "HTTP/1.1 204 No Content\r\n\r\n", Kind::kMalformedResponse, Outcome::kAccepted},
      {"202 without an account", HttpReply(202, "{}"), Kind::kMalformedResponse,
       Outcome::kAccepted},
  });
}

TEST_CASE("An error whose reply is cut short is still what its status says") {
  const std::string cut = "Content-Length: 100\r\n\r\n{\"mess";
  CheckReplies({
      {"400", "HTTP/1.1 400 Bad Request\r\n" + cut, Kind::kBadRequest, Outcome::kRejected},
      {"409", "HTTP/1.1 409 Conflict\r\n" + cut, Kind::kConflict, Outcome::kRejected},
      {"408", "HTTP/1.1 408 Request Timeout\r\n" + cut, Kind::kUnexpectedStatus, Outcome::kUnknown},
      {"503", "HTTP/1.1 503 Unavailable\r\n" + cut, Kind::kServerError, Outcome::kUnknown},
      {"302", "HTTP/1.1 302 Found\r\n" + cut, Kind::kUnexpectedStatus, Outcome::kRejected},
      {"400 with a bad chunk", "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n!",
       Kind::kBadRequest, Outcome::kRejected},
      {"400 and binary", HttpReply(400, std::string(256, '\0') + "\xFF"), Kind::kBadRequest,
       Outcome::kRejected},
      {"400 and a deep body", HttpReply(400, std::string(100'000, '[')), Kind::kBadRequest,
       Outcome::kRejected},
      {"400 and lone surrogates", HttpReply(400, R"({"message":"\udc00"})"), Kind::kBadRequest,
       Outcome::kRejected},
  });
}

TEST_CASE("Unusual replies that HTTP allows are read") {
  const std::string body = kAccount;
  const std::pair<const char*, std::string> cases[] = {
      {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunked(body)},
      {"chunked beside a length",
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" +
           Chunked(body)},
      {"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n16\r\n" + body +
                       "\r\n0\r\nX-Request-Id: late\r\n\r\n"},
      {"until the end of the connection", "HTTP/1.1 200 OK\r\n\r\n" + body},
      {"HTTP/1.0",
       "HTTP/1.0 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body},
      {"100 before", "HTTP/1.1 100 Continue\r\nX-Request-Id: early\r\n\r\n" + HttpReply(200, body)},
      {"103 before", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + HttpReply(201, body)},
      {"no reason phrase",
       "HTTP/1.1 200\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body},
      {"line feeds alone",
       "HTTP/1.1 200 OK\nContent-Length: " + std::to_string(body.size()) + "\n\n" + body},
      {"another type", HttpReply(200, body, "Content-Type: text/html\r\n")},
      {"a byte order mark", HttpReply(200, "\xEF\xBB\xBF" + body)},
  };
  for (const auto& [what, bytes] : cases) {
    INFO(what);
    RawServer server({[&, reply = bytes](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write(reply);
    }});
    const auto account =
        ServiceAccountsClient(Options(server.base_url())).CreateServiceAccount(Request("x"));
    CHECK(account);
    CHECK(account.metadata().body.find(kAccount) != std::string::npos);
    CHECK(account.metadata().request_id.empty());
    CHECK(server.Finish() == 1);
  }
}

TEST_CASE("A connection that cannot be made sends nothing") {
  struct Case {
    const char* what;
    std::string base_url;
  };
  const Case cases[] = {
      {"refused", "http://127.0.0.1:" + std::to_string(tests::ClosedPort())},
      {"refused under TLS", "https://127.0.0.1:" + std::to_string(tests::ClosedPort())},
      {"no such name", "https://no-such-host.invalid"},
      {"not an address", "https://[1::2::3]"},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    ClientOptions options = Options(c.base_url);
    options.retry.initial_backoff = 0ms;
    const auto result = ServiceAccountsClient(options).CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(result);
    CAPTURE(result.error());
    CHECK(result.error().kind == Kind::kConnection);
    CHECK(result.error().outcome == Outcome::kNotSent);
    CHECK(result.error().http_status == 0);
    CHECK(result.error().attempts == 3);
    CHECK(AllTextOf(result).find(kToken) == std::string::npos);
  }
}

TEST_CASE("A connection that is accepted and closed at once may have carried the request") {
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    RawServer server(
        {[&](RawConnection& connection) { reset ? connection.Reset() : connection.Close(); }});
    const auto result =
        ServiceAccountsClient(Options(server.base_url())).CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == Kind::kConnection);
    // A reset may overtake the sending: then it is certain, and told, that nothing was sent.
    const int posts = server.Finish();
    CHECK(posts <= 1);
    CHECK((result.error().outcome == Outcome::kUnknown || (reset && posts == 0)));
  }
}

TEST_CASE(
    "A reset while a long body is being sent leaves the outcome open, and the process alive") {
  RawServer server({[](RawConnection& connection) {
    connection.ReadSome();
    connection.Reset();
  }});
  CreateServiceAccountRequest request = Request("x");
  request.description = std::string(30 << 20, 'x');
  const auto result =
      ServiceAccountsClient(Options(server.base_url())).CreateServiceAccount(request);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kConnection);
  CHECK(result.error().outcome == Outcome::kUnknown);
  CHECK(server.Finish() == 1);
}

TEST_CASE("The deadline holds in each phase after the connection is made") {
  struct Case {
    const char* what;
    std::string begin;
    std::string drip;
    Outcome outcome;
  };
  const Case cases[] = {
      {"no reply", "", "", Outcome::kUnknown},
      {"dripping header", "HTTP/1.1 200 OK\r\n", "X", Outcome::kAccepted},
      {"dripping status line", "HTTP/1.1 200 O", "K", Outcome::kUnknown},
      {"dripping body", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "x",
       Outcome::kAccepted},
      {"dripping error", "HTTP/1.1 400 No\r\nContent-Length: 1000000\r\n\r\n", "x",
       Outcome::kRejected},
      {"endless interim replies", "", "HTTP/1.1 100 Continue\r\n\r\n", Outcome::kUnknown},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    RawServer server({[&](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write(c.begin);
      while (!c.drip.empty() && connection.Pause(20ms) && connection.Write(c.drip)) {
      }
      connection.WaitForPeer();
    }});
    CallOptions call;
    call.timeout = 300ms;
    const ServiceAccountsClient client(Options(server.base_url()));
    const auto result = client.CreateServiceAccount(Request("x"), call);
    REQUIRE_FALSE(result);
    CAPTURE(result.error());
    CHECK(result.error().kind ==
          (c.outcome == Outcome::kRejected ? Kind::kBadRequest : Kind::kTimeout));
    CHECK(result.error().outcome == c.outcome);
    CHECK(result.metadata().elapsed >= 290ms);
    CHECK(result.metadata().elapsed < 2s);
    CHECK(server.Finish() == 1);
  }
}

TEST_CASE("A connection into a black hole ends at the connect timeout, with nothing sent") {
  // A listener whose backlog is full drops further connections in silence: one of its own is
  // enough.
  RawServer busy({[](RawConnection& connection) { connection.WaitForPeer(); }});
  ClientOptions options = Options(busy.base_url());
  options.base_url.replace(0, 4, "https");  // The handshake is never answered.
  options.connect_timeout = 200ms;
  const auto result = ServiceAccountsClient(options).CreateServiceAccount(Request("x"));
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kTimeout);
  CHECK(result.error().outcome == Outcome::kNotSent);
  CHECK(result.metadata().elapsed >= 190ms);
  CHECK(result.metadata().elapsed < 2s);
  CHECK(busy.Finish() == 0);
}

TEST_CASE("A reply that is longer than allowed is not read to its end") {
  struct Case {
    const char* what;
    std::string head;
    std::string repeated;
    Kind kind;
    Outcome outcome;
  };
  const Case cases[] = {
      {"endless body", "HTTP/1.1 200 OK\r\n\r\n", std::string(10'000, 'x'), Kind::kResponseTooLarge,
       Outcome::kAccepted},
      {"endless chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
       "a\r\n0123456789\r\n", Kind::kResponseTooLarge, Outcome::kAccepted},
      {"endless headers", "HTTP/1.1 200 OK\r\n", "X-Fill: 0123456789012345678901234567890\r\n",
       Kind::kResponseTooLarge, Outcome::kAccepted},
      {"endless interim replies", "", "HTTP/1.1 100 Continue\r\nX: 0123456789\r\n\r\n",
       Kind::kResponseTooLarge, Outcome::kUnknown},
      {"one endless header line", "HTTP/1.1 200 OK\r\nX: ", std::string(10'000, 'x'),
       Kind::kConnection, Outcome::kAccepted},
      {"endless body of an error", "HTTP/1.1 400 No\r\n\r\n", std::string(10'000, 'x'),
       Kind::kBadRequest, Outcome::kRejected},
      {"endless body of a server error", "HTTP/1.1 500 No\r\n\r\n", std::string(10'000, 'x'),
       Kind::kServerError, Outcome::kUnknown},
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
    const auto result = ServiceAccountsClient(options).CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(result);
    CAPTURE(result.error());
    CHECK(result.error().kind == c.kind);
    CHECK(result.error().outcome == c.outcome);
    CHECK(result.error().body.size() <= 65536);
    CHECK(result.metadata().body.size() <= 100'000);
    CHECK(result.metadata().headers.text().size() <= 65536);
    CHECK(server.Finish() == 1);
  }
}

TEST_CASE("A reply of exactly the length allowed is read") {
  testing::MockServer server;
  ClientOptions options = Options(server.base_url());
  options.max_response_bytes = std::strlen(kAccount);
  server.Reply(200, {}, kAccount);
  CHECK(ServiceAccountsClient(options).CreateServiceAccount(Request("x")));
  --options.max_response_bytes;
  server.Reply(200, {}, kAccount);
  const auto result = ServiceAccountsClient(options).CreateServiceAccount(Request("x"));
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kResponseTooLarge);
  CHECK(result.error().message.find("max_response_bytes") != std::string::npos);
}

extern "C" void* CallOnSmallStack(void* base_url) {
  const auto result = ServiceAccountsClient(Options(*static_cast<const std::string*>(base_url)))
                          .CreateServiceAccount(Request("x"));
  const bool as_expected = !result && result.error().outcome == Outcome::kAccepted;
  return as_expected ? base_url : nullptr;
}

TEST_CASE("A reply that is nested a million deep is refused, also on a small stack") {
  for (const std::size_t depth : {100U, 100'000U, 1'000'000U}) {
    CAPTURE(depth);
    testing::MockServer server;
    const std::string deep = "{\"data\":{\"id\":\"sa_1\",\"x\":" + std::string(depth, '[') +
                             std::string(depth, ']') + "}}";
    server.Reply(200, {}, deep.substr(0, 1'000'000));
    std::string base_url = server.base_url();
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    REQUIRE(pthread_attr_setstacksize(&attributes, 128 * 1024) == 0);
    pthread_t thread{};
    REQUIRE(pthread_create(&thread, &attributes, CallOnSmallStack, &base_url) == 0);
    void* as_expected = nullptr;
    pthread_join(thread, &as_expected);
    pthread_attr_destroy(&attributes);
    CHECK(as_expected != nullptr);
  }
}

}  // namespace
}  // namespace service_accounts
