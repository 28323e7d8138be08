// The mock server as a server: its script, its record of requests, its connections and its end.
#include <service_accounts/testing/mock_server.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/mock_server_client.h"
#include "tests/support/catch.h"

namespace service_accounts::tests {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using testing::MockServer;

/// Whole ones, and a number: Catch cannot print a duration.
std::int64_t MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - start).count();
}

/// Waits without sleeping, for at most ten seconds.
template <class Condition>
bool Eventually(Condition condition) {
  const auto end = Clock::now() + std::chrono::seconds(10);
  while (!condition() && Clock::now() < end) std::this_thread::yield();
  return condition();
}

int CountOf(const std::string& text, const std::string& part) {
  int count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_CASE("MockServer keeps a connection alive and counts connections, not requests") {
  MockServer server;
  CHECK(server.connections() == 0);
  RawClient client(PortOf(server));
  for (const char* name : {"a", "b", "c"}) {
    client.Send(PostBytes(server, BodyNamed(name)));
    CHECK(StatusOf(client.ReadReply()) == 200);
  }
  CHECK(server.connections() == 1);
  CHECK(StatusOf(Post(server, BodyNamed("d"))) == 200);
  CHECK(server.connections() == 2);
  CHECK(server.requests().size() == 4);
}

TEST_CASE("MockServer answers requests that came together one after the other") {
  MockServer server;
  RawClient client(PortOf(server));
  client.Send(PostBytes(server, BodyNamed("a")) + PostBytes(server, BodyNamed("b")));
  CHECK(client.ReadReply().find(R"("name":"a")") != std::string::npos);
  CHECK(client.ReadReply().find(R"("name":"b")") != std::string::npos);
}

TEST_CASE("MockServer closes a connection that either side wants closed") {
  MockServer server;
  RawClient client(PortOf(server));
  SECTION("the client, by its header") {
    client.Send(
        RequestBytes("POST", kPath, BearerLine(server) + "Connection: close\r\n", kGoodBody));
  }
  SECTION("the client, by its version") { client.Send("GET / HTTP/1.0\r\n\r\n"); }
  SECTION("the script") {
    server.Reply(503, {{"Connection", "close"}}, "busy");
    client.Send(PostBytes(server, kGoodBody));
  }
  const std::string reply = client.ReadReply();
  CHECK(StatusOf(reply) != 0);
  CHECK(CountOf(reply, "Connection: close\r\n") == 1);
  CHECK(client.ReadToEnd().empty());
}

TEST_CASE("MockServer drops a client that does not speak HTTP, and only that one") {
  MockServer server;
  RawClient other(PortOf(server));
  CHECK(StatusOf(Exchange(PortOf(server), "\x16\x03\x01 this is TLS, or so\r\n\r\n")) == 0);
  CHECK(StatusOf(Exchange(PortOf(server), "POST /v1/service-accounts HTTP/1.1\r\nConte")) == 0);
  other.Send(PostBytes(server, kGoodBody));
  CHECK(StatusOf(other.ReadReply()) == 200);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("MockServer gives scripted replies in order, then its own again") {
  MockServer server;
  server.Reply(503, {{"Retry-After", "1"}, {"X-A", "1"}, {"X-A", "2"}}, "busy");
  server.Reply(299, {}, "odd");
  server.Reply(799, {}, std::string("a\0b", 3));
  RawClient client(PortOf(server));
  const auto next = [&] {
    client.Send(PostBytes(server, kGoodBody));
    return client.ReadReply();
  };
  CHECK(next() ==
        "HTTP/1.1 503 \r\nRetry-After: 1\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 4\r\n\r\nbusy");
  CHECK(next() == "HTTP/1.1 299 \r\nContent-Length: 3\r\n\r\nodd");
  CHECK(BodyOf(next()) == std::string("a\0b", 3));
  CHECK(server.accounts().empty());
  CHECK(StatusOf(next()) == 200);
  CHECK(server.accounts().size() == 1);
}

TEST_CASE("MockServer gives a scripted reply to whatever comes next, and records that") {
  MockServer server;
  server.Reply(418, {}, "teapot");
  CHECK(StatusOf(Exchange(PortOf(server), "BREW /pot HTTP/1.1\r\nHost: mock\r\n\r\n")) == 418);
  REQUIRE(server.requests().size() == 1);
  CHECK(server.requests()[0].method == "BREW");
  CHECK(server.requests()[0].url == "/pot");
}

TEST_CASE("MockServer sends no body with a scripted status that has none") {
  MockServer server;
  for (const int status : {204, 304}) {
    CAPTURE(status);
    server.Reply(status, {}, "left out");
    const std::string reply = Post(server, kGoodBody);
    CHECK(reply == "HTTP/1.1 " + std::to_string(status) + " \r\n\r\n");
  }
}

TEST_CASE("MockServer leaves a scripted reply alone that frames its body itself") {
  MockServer server;
  RawClient client(PortOf(server));
  SECTION("with the right length") {
    server.Reply(200, {{"content-length", "5"}}, "hello");
    client.Send(PostBytes(server, kGoodBody));
    CHECK(client.ReadReply() == "HTTP/1.1 200 \r\ncontent-length: 5\r\n\r\nhello");
    client.Send(PostBytes(server, kGoodBody));
    CHECK(StatusOf(client.ReadReply()) == 200);
  }
  SECTION("in chunks") {
    server.Reply(200, {{"Transfer-Encoding", "chunked"}}, "1\r\nx\r\n0\r\n\r\n");
    client.Send(PostBytes(server, kGoodBody));
    client.FinishSending();
    const std::string reply = client.ReadToEnd();
    CHECK(HeaderOf(reply, "Content-Length") == std::nullopt);
    CHECK(BodyOf(reply) == "1\r\nx\r\n0\r\n\r\n");
  }
  SECTION("with a wrong length: the body is cut short then, not awaited") {
    server.Reply(200, {{"Content-Length", "100"}}, "hello");
    client.Send(PostBytes(server, kGoodBody));
    const std::string reply = client.ReadToEnd();
    CHECK(CountOf(reply, "Content-Length") == 1);
    CHECK(BodyOf(reply) == "hello");
  }
}

TEST_CASE("MockServer sends large scripted replies") {
  MockServer server;
  const std::string field(100'000, 'f');
  const std::string body(10'000'000, 'b');
  server.Reply(200, {{"X-Large", field}}, body);
  const std::string reply = Post(server, kGoodBody);
  CHECK(HeaderOf(reply, "X-Large") == field);
  CHECK((BodyOf(reply) == body));
}

TEST_CASE("MockServer holds the next answer back for the scripted delay, and several queue up") {
  constexpr milliseconds kDelay(60);
  MockServer server;
  const auto time_of_post = [&](const std::string& name) {
    const auto start = Clock::now();
    CHECK(StatusOf(Post(server, BodyNamed(name))) == 200);
    return MillisecondsSince(start);
  };
  server.Delay(kDelay);
  server.Delay(2 * kDelay);
  CHECK(time_of_post("a") >= kDelay.count());
  CHECK(time_of_post("b") >= 2 * kDelay.count());
}

TEST_CASE("MockServer delays a scripted reply") {
  constexpr milliseconds kDelay(60);
  MockServer server;
  server.Delay(kDelay);
  server.Reply(503, {}, "busy");
  const auto start = Clock::now();
  CHECK(StatusOf(Post(server, kGoodBody)) == 503);
  CHECK(MillisecondsSince(start) >= kDelay.count());
}

TEST_CASE("MockServer takes a delay of zero or less for none") {
  MockServer server;
  server.Delay(milliseconds(0));
  server.Delay(milliseconds::min());
  CHECK(StatusOf(Post(server, BodyNamed("a"))) == 200);
  CHECK(StatusOf(Post(server, BodyNamed("b"))) == 200);
}

TEST_CASE("MockServer holds one answer back for one delay, and answers others meanwhile") {
  auto server = std::make_unique<MockServer>();
  server->Delay(milliseconds::max());
  RawClient held(PortOf(*server));
  held.Send(PostBytes(*server, BodyNamed("held")));
  REQUIRE(Eventually([&] { return server->requests().size() == 1; }));
  CHECK(StatusOf(Post(*server, BodyNamed("other"))) == 200);
  server.reset();
  CHECK(held.ReadToEnd().empty());
}

TEST_CASE("MockServer records requests as they were sent") {
  MockServer server;
  const std::string large(100'000, 'h');
  const std::string body = std::string("not\0json", 8) + std::string(5'000'000, 'b');
  (void)Exchange(PortOf(server),
                 "PUT /a?b=c%20d HTTP/1.1\r\nhOST: mock\r\nX-A: 1\r\nX-B: " + large +
                     "\r\nX-A:  2 \r\nX-Empty:\r\nContent-Length: " + std::to_string(body.size()) +
                     "\r\n\r\n" + body);
  REQUIRE(server.requests().size() == 1);
  const HttpRequest request = server.requests()[0];
  CHECK(request.method == "PUT");
  CHECK(request.url == "/a?b=c%20d");
  CHECK((request.body == body));
  REQUIRE(request.headers.size() == 6);
  CHECK(request.headers[0] == Header{"hOST", "mock"});
  CHECK(request.headers[1] == Header{"X-A", "1"});
  CHECK((request.headers[2] == Header{"X-B", large}));
  CHECK(request.headers[3] == Header{"X-A", "2"});
  CHECK(request.headers[4] == Header{"X-Empty", ""});
  CHECK(request.headers[5] == Header{"Content-Length", std::to_string(body.size())});
}

TEST_CASE("MockServer reads a body that comes in chunks") {
  MockServer server;
  const std::string reply =
      Exchange(PortOf(server), std::string("POST ") + kPath + " HTTP/1.1\r\nHost: mock\r\n" +
                                   BearerLine(server) +
                                   "Transfer-Encoding: chunked\r\n\r\n"
                                   "10\r\n{\"name\": \"bot\", \r\n11\r\n\"permissions\": []\r\n"
                                   "1\r\n}\r\n0\r\n\r\n");
  CHECK(StatusOf(reply) == 200);
  REQUIRE(server.requests().size() == 1);
  CHECK(server.requests()[0].body == R"({"name": "bot", "permissions": []})");
}

TEST_CASE("MockServer serves many threads at once") {
  constexpr int kThreads = 8;
  constexpr int kPosts = 25;
  MockServer server;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&server, thread] {
      RawClient client(PortOf(server));
      for (int post = 0; post < kPosts; ++post) {
        client.Send(PostBytes(server, BodyNamed(std::to_string(thread * kPosts + post))));
        (void)client.ReadReply();
        (void)server.accounts();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::set<std::string> names;
  std::set<std::string> ids;
  for (const ServiceAccount& account : server.accounts()) {
    names.insert(account.name);
    ids.insert(account.id);
  }
  CHECK(names.size() == kThreads * kPosts);
  CHECK(ids.size() == kThreads * kPosts);
  CHECK(server.connections() == kThreads);
}

TEST_CASE("MockServer holds many connections open") {
  constexpr std::size_t kConnections = 200;
  MockServer server;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t i = 0; i < kConnections; ++i) {
    clients.push_back(std::make_unique<RawClient>(PortOf(server)));
  }
  for (const auto& client : clients) client->Send(PostBytes(server, kGoodBody));
  for (const auto& client : clients) CHECK(StatusOf(client->ReadReply()) != 0);
  CHECK(server.connections() == kConnections);
  CHECK(server.accounts().size() == 1);
}

TEST_CASE("Several MockServers run side by side, each with a port of its own") {
  MockServer a;
  MockServer b;
  CHECK(a.base_url().rfind("http://127.0.0.1:", 0) == 0);
  CHECK(a.base_url() != b.base_url());
  CHECK(StatusOf(Post(a, kGoodBody)) == 200);
  CHECK(StatusOf(Post(b, kGoodBody)) == 200);
}

TEST_CASE("MockServer ends at once, whatever its connections are at") {
  auto server = std::make_unique<MockServer>();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(PortOf(*server)));
  }
  SECTION("never used") {}
  SECTION("idle after a reply") {
    for (const auto& client : clients) {
      client->Send(PostBytes(*server, kGoodBody));
      (void)client->ReadReply();
    }
  }
  SECTION("in the middle of a request") {
    for (const auto& client : clients)
      client->Send("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n1");
  }
  SECTION("waiting for a delayed answer") {
    for (const auto& client : clients) {
      server->Delay(std::chrono::hours(1));
      client->Send(PostBytes(*server, kGoodBody));
    }
    REQUIRE(Eventually([&] { return server->requests().size() == clients.size(); }));
  }
  SECTION("waiting for the client to take a large reply") {
    server->Reply(200, {}, std::string(50'000'000, 'x'));
    clients[0]->Send(PostBytes(*server, kGoodBody));
    REQUIRE(Eventually([&] { return server->requests().size() == 1; }));
  }
  const auto start = Clock::now();
  server.reset();
  CHECK(MillisecondsSince(start) < 5000);
  CHECK(clients[1]->ReadToEnd().empty());
}

}  // namespace
}  // namespace service_accounts::tests
