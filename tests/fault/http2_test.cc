// At most one POST for each attempt over HTTP/2 too, where a server has ways to ask for another one
// and libcurl by itself obeys.
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/certificates.h"
#include "tests/support/client.h"
#include "tests/support/http2_server.h"
#include "tests/support/raw_server.h"
#include "tests/support/temporary_file.h"
#include "tests/support/tls_server.h"

namespace service_accounts {
namespace {

using tests::AllTextOf;
using tests::Authority;
using tests::Http2Connection;
using tests::Http2Error;
using tests::Http2Server;
using tests::Http2Stream;
using tests::HttpReply;
using tests::kToken;
using tests::Options;
using tests::Request;
using tests::TemporaryFile;
using tests::TlsConnection;
using tests::TlsServer;
using tests::TlsServerOptions;

constexpr const char* kAccount = R"({"data":{"id":"sa_1"}})";

/// Who signs for all servers here, trusted by all clients here.
const Authority& TestAuthority() {
  static const Authority authority;
  return authority;
}

ClientOptions Http2Options(const std::string& base_url) {
  static const TemporaryFile trusted(TestAuthority().pem());
  ClientOptions options = Options(base_url);
  options.tls.ca_file = trusted.path();
  options.http_version = HttpVersion::kHttp2;
  options.retry.max_attempts = 1;
  return options;
}

/// What a server does to a request that it has read.
struct Act {
  const char* name;
  void (*on)(Http2Connection&, Http2Stream);
};

template <Http2Error kError>
void ResetWith(Http2Connection& connection, Http2Stream stream) {
  connection.ResetStream(stream, kError);
}

/// With the token in it: the server was sent that, and may say of its reasons what it likes.
template <Http2Error kError>
void NotServed(Http2Connection& connection, Http2Stream stream) {
  connection.GoAway(stream == 1 ? 0 : stream - 2, kError, kToken);
}

template <Http2Error kError>
void NotServedAndClosed(Http2Connection& connection, Http2Stream stream) {
  NotServed<kError>(connection, stream);
  connection.Close();
}

/// Takes back what was written before it and has not been read yet.
void Reset(Http2Connection& connection, Http2Stream) { connection.Reset(); }

constexpr Act kRefused{"REFUSED_STREAM", ResetWith<Http2Error::kRefusedStream>};
constexpr Act kHttp11Required{"HTTP_1_1_REQUIRED", ResetWith<Http2Error::kHttp11Required>};
constexpr Act kActs[] = {
    kRefused,
    kHttp11Required,
    {"INTERNAL_ERROR", ResetWith<Http2Error::kInternalError>},
    {"CANCEL", ResetWith<Http2Error::kCancel>},
    {"NO_ERROR", ResetWith<Http2Error::kNoError>},
    {"GOAWAY, not served", NotServed<Http2Error::kNoError>},
    {"GOAWAY, not served, and closed", NotServedAndClosed<Http2Error::kNoError>},
    {"GOAWAY, HTTP_1_1_REQUIRED, and closed", NotServedAndClosed<Http2Error::kHttp11Required>},
    {"GOAWAY, perhaps served, and closed",
     [](Http2Connection& c, Http2Stream s) {
       c.GoAway(s, Http2Error::kNoError, kToken);
       c.Close();
     }},
    {"GOAWAY with a stream that cannot be",
     [](Http2Connection& c, Http2Stream) { c.GoAway(2, Http2Error::kNoError, kToken); }},
    {"closed", [](Http2Connection& c, Http2Stream) { c.Close(); }},
    {"cut", [](Http2Connection& c, Http2Stream) { c.CloseWithoutNotify(); }},
    {"reset", Reset},
};

void AnswerAll(Http2Connection& connection) {
  while (const Http2Stream stream = connection.ReadRequest()) connection.Reply(stream, kAccount);
}

/// The act is for the n-th request of the connection. All others are answered: a repetition would
/// look like a success.
Http2Server::Behaviour ActOnRequest(int n, const Act& act) {
  return [n, act](Http2Connection& connection) {
    int number = 0;
    while (const Http2Stream stream = connection.ReadRequest()) {
      if (++number == n) {
        act.on(connection, stream);
      } else {
        connection.Reply(stream, kAccount);
      }
    }
  };
}

Http2Server::Behaviour ActOnAll(const Act& act) {
  return [act](Http2Connection& connection) {
    while (const Http2Stream stream = connection.ReadRequest()) act.on(connection, stream);
  };
}

void CheckLost(const Result<ServiceAccount>& result, int attempts) {
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::kConnection);
  CHECK(result.error().outcome == RequestOutcome::kUnknown);
  CHECK(result.error().http_status == 0);
  CHECK(result.error().attempts == attempts);
  CHECK(result.error().message.find("the connection was lost after the request had been sent") ==
        0);
  CHECK(AllTextOf(result).find(kToken) == std::string::npos);
}

TEST_CASE("Over HTTP/2 a request that was read and not answered is not sent again") {
  for (const Act& act : kActs) {
    for (const int n : {1, 2}) {
      INFO(act.name << ", on request " << n << " of a connection");
      Http2Server server(TestAuthority().Issue(), {ActOnRequest(n, act), AnswerAll}, kAccount);
      const ServiceAccountsClient client(Http2Options(server.base_url()));
      if (n == 2) REQUIRE(client.CreateServiceAccount(Request("first")));
      CheckLost(client.CreateServiceAccount(Request("lost")), 1);
      CHECK(server.connections() == 1);
      // Nothing of it sticks to the client, HTTP/1.1 neither.
      const auto next = client.CreateServiceAccount(Request("next"));
      REQUIRE(next);
      CHECK(next.metadata().http_version == "HTTP/2");
      CHECK(server.Finish() == n + 1);
    }
  }
}

TEST_CASE("Over HTTP/2 a policy that repeats unknown outcomes sends one POST for each attempt") {
  for (const Act& act : kActs) {
    INFO(act.name);
    Http2Server server(TestAuthority().Issue(), {ActOnAll(act)}, kAccount);
    ClientOptions options = Http2Options(server.base_url());
    options.retry.max_attempts = 3;
    options.retry.repeat_unknown_outcomes = true;
    options.retry.initial_backoff = std::chrono::milliseconds(0);
    const auto lost = ServiceAccountsClient(options).CreateServiceAccount(Request("x"));
    CheckLost(lost, 3);
    CHECK(lost.metadata().attempts.size() == 3);
    CHECK(server.Finish() == 3);
  }
}

TEST_CASE("Over HTTP/2 a request that is refused before it is whole is not sent again") {
  for (const Act& act : {kRefused, kHttp11Required}) {
    INFO(act.name);
    Http2Server server(TestAuthority().Issue(),
                       {[&](Http2Connection& connection) {
                          act.on(connection, connection.ReadHead());
                          AnswerAll(connection);
                        },
                        AnswerAll},
                       kAccount);
    // More than the server's windows let through.
    CreateServiceAccountRequest request = Request("x");
    request.description = std::string(1 << 20, 'x');
    const ServiceAccountsClient client(Http2Options(server.base_url()));
    CheckLost(client.CreateServiceAccount(request), 1);
    CHECK(server.Finish() == 1);
  }
}

TEST_CASE("Over HTTP/2 a reply that breaks off behind its status says that the account exists") {
  for (const Act& act : kActs) {
    if (act.on == Reset) continue;  // Whether the status was read before it is luck.
    INFO(act.name);
    Http2Server server(TestAuthority().Issue(),
                       {[&](Http2Connection& connection) {
                          const Http2Stream stream = connection.ReadRequest();
                          connection.BeginReply(stream);
                          act.on(connection, stream);
                          AnswerAll(connection);
                        },
                        AnswerAll},
                       kAccount);
    const ServiceAccountsClient client(Http2Options(server.base_url()));
    const auto broken = client.CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(broken);
    CHECK(broken.error().outcome == RequestOutcome::kAccepted);
    CHECK(broken.error().http_status == 200);
    CHECK(AllTextOf(broken).find(kToken) == std::string::npos);
    CHECK(server.Finish() == 1);
  }
}

TEST_CASE("HTTP/2 is spoken where it was asked for, over one connection") {
  Http2Server server(TestAuthority().Issue(), {AnswerAll});
  const ServiceAccountsClient client(Http2Options(server.base_url()));
  for (const bool reused : {false, true, true}) {
    const auto account = client.CreateServiceAccount(Request("x"));
    REQUIRE(account);
    CHECK(account->id == "sa_1");
    CHECK(account.metadata().http_version == "HTTP/2");
    CHECK(account.metadata().attempts.at(0).times.connection_reused == reused);
    CHECK(AllTextOf(account).find(kToken) == std::string::npos);
  }
  CHECK(server.Finish() == 3);
  CHECK(server.connections() == 1);
}

TEST_CASE("An HTTP/2 connection whose end was announced is not used again") {
  Http2Server server(TestAuthority().Issue(), {[](Http2Connection& connection) {
                       connection.ReplyAndGoAway(connection.ReadRequest(), kAccount);
                       AnswerAll(connection);
                     }});
  const ServiceAccountsClient client(Http2Options(server.base_url()));
  for (int i = 0; i < 3; ++i) REQUIRE(client.CreateServiceAccount(Request("x")));
  CHECK(server.Finish() == 3);
  CHECK(server.connections() == 3);
}

TEST_CASE("HTTP/1.1 is spoken where one of the two does not want HTTP/2") {
  struct Case {
    std::vector<std::string> server;  // What it offers in ALPN.
    HttpVersion client;
  };
  const Case cases[] = {{{"http/1.1"}, HttpVersion::kHttp2},
                        {{}, HttpVersion::kHttp2},
                        {{"h2", "http/1.1"}, ClientOptions().http_version}};
  for (const Case& c : cases) {
    CAPTURE(c.server);
    TlsServerOptions tls;
    tls.certificate = TestAuthority().Issue();
    tls.protocols = c.server;
    TlsServer server(tls, {[](TlsConnection& connection) {
                       while (!connection.ReadRequest().empty()) {
                         connection.Write(HttpReply(200, kAccount));
                       }
                     }});
    ClientOptions options = Http2Options(server.base_url());
    options.http_version = c.client;
    const ServiceAccountsClient client(options);
    for (const bool reused : {false, true}) {
      const auto account = client.CreateServiceAccount(Request("x"));
      REQUIRE(account);
      CHECK(account.metadata().http_version == "HTTP/1.1");
      CHECK(account.metadata().attempts.at(0).times.connection_reused == reused);
    }
    CHECK(server.Finish() == 2);
  }
}

TEST_CASE("Threads share a client over HTTP/2, each with one POST for each call") {
  constexpr int kThreads = 16;
  Http2Server server(TestAuthority().Issue(), {ActOnRequest(2, kRefused)}, kAccount);
  const ServiceAccountsClient client(Http2Options(server.base_url()));
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&client] {
      for (int call = 0; call < 3; ++call) (void)client.CreateServiceAccount(Request("x"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(server.Finish() == 3 * kThreads);
}

}  // namespace
}  // namespace service_accounts
