// At most one POST for each attempt over HTTP/2 too, where a server has ways to ask for another one
// and libcurl by itself obeys.
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/fault.h"
#include "tests/support/http2_server.h"
#include "tests/support/raw_server.h"
#include "tests/support/test_authority.h"
#include "tests/support/tls_server.h"

namespace service_accounts::tests {
namespace {

ClientOptions Http2Options(const std::string& base_url) {
  ClientOptions options = Trusting(base_url);
  options.http_version = HttpVersion::kHttp2;
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

void AnswerStreams(Http2Connection& connection) {
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

TEST_CASE("Over HTTP/2 a request that was read and not answered is not sent again") {
  for (const Act& act : kActs) {
    for (const int n : {1, 2}) {
      INFO(act.name << ", on request " << n << " of a connection");
      Http2Server server(TestAuthority().Issue(), {ActOnRequest(n, act), AnswerStreams}, kAccount);
      const WatchedClient client(Http2Options(server.base_url()));
      if (n == 2) REQUIRE(client.Call(Request("first")));
      const WatchedCall lost = client.Call(Request("lost"));
      CHECK(server.connections() == 1);
      // Nothing of it sticks to the client, HTTP/1.1 neither.
      const WatchedCall next = client.Call(Request("next"));
      REQUIRE(next);
      CHECK(next.result.metadata().http_version == "HTTP/2");
      CheckFault(lost, Lost(), server.Finish() - n);
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
    CheckFault(options, server, Lost().Repeated(3));
  }
}

TEST_CASE("Over HTTP/2 a request that is refused before it is whole is not sent again") {
  for (const Act& act : {kRefused, kHttp11Required}) {
    INFO(act.name);
    Http2Server server(TestAuthority().Issue(),
                       {[&](Http2Connection& connection) {
                          act.on(connection, connection.ReadHead());
                          AnswerStreams(connection);
                        },
                        AnswerStreams},
                       kAccount);
    // More than the server's windows let through.
    CreateServiceAccountRequest request = Request("x");
    request.description = std::string(1 << 20, 'x');
    CheckFault(Http2Options(server.base_url()), server, Lost(), request);
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
                          AnswerStreams(connection);
                        },
                        AnswerStreams},
                       kAccount);
    const WatchedCall call = WatchedClient(Http2Options(server.base_url())).Call();
    REQUIRE_FALSE(call);
    // Some of these are a good end to libcurl, one version or the other, and the body is empty.
    const bool ended_well = call.result.error().kind == Kind::kMalformedResponse;
    CheckFault(call, Accepted(ended_well ? Kind::kMalformedResponse : Kind::kConnection),
               server.Finish());
  }
}

TEST_CASE("HTTP/2 is spoken where it was asked for, over one connection") {
  Http2Server server(TestAuthority().Issue(), {AnswerStreams});
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
                       AnswerStreams(connection);
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
    TlsServerOptions tls = Showing(TestAuthority().Issue());
    tls.protocols = c.server;
    TlsServer server(tls, {AnswerAll});
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
  constexpr std::size_t kThreads = 16;
  constexpr int kCalls = 3;
  Http2Server server(TestAuthority().Issue(), {ActOnRequest(2, kRefused)}, kAccount);
  const WatchedClient client(Http2Options(server.base_url()));
  std::vector<std::vector<WatchedCall>> calls(kThreads);
  std::vector<std::thread> threads;
  for (std::vector<WatchedCall>& own : calls) {
    threads.emplace_back([&] {
      for (int i = 0; i < kCalls; ++i) own.push_back(client.Call());
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(server.Finish() == kThreads * kCalls);
  for (const std::vector<WatchedCall>& own : calls) {
    for (const WatchedCall& call : own) {
      if (!call) CheckFault(call, Lost(), 1);
    }
  }
}

}  // namespace
}  // namespace service_accounts::tests
