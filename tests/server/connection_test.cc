// Connections: kept alive, used again, and closed in the end.
#include <service_accounts/testing/mock_server.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/support/async.h"
#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/process.h"
#include "tests/support/raw_server.h"
#include "tests/support/test_authority.h"
#include "tests/support/tls_server.h"

namespace service_accounts::tests {
namespace {

using testing::MockServer;

TEST_CASE("Sequential calls on one client and its copies use one connection") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  const ServiceAccountsClient copy = client;
  for (int i = 0; i < 20; ++i) {
    REQUIRE((i % 2 == 0 ? client : copy).CreateServiceAccount(Request("bot-" + std::to_string(i))));
  }
  CHECK(server.accounts().size() == 20);
  CHECK(server.connections() == 1);
}

TEST_CASE("A connection is used again after a reply that was an error") {
  MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  for (const int status : {400, 503, 302}) {
    server.Reply(status, {}, "no");
    CHECK_FALSE(client.CreateServiceAccount(Request("x")));
  }
  REQUIRE(client.CreateServiceAccount(Request("x")));
  CHECK(server.connections() == 1);
}

TEST_CASE("Threads that call at the same time have a connection each, and use it again") {
  constexpr int kThreads = 8;
  // Every connection's first request is answered only when all threads have sent theirs.
  std::mutex mutex;
  std::condition_variable all_here;
  int waiting = 0;
  RawServer server({[&](RawConnection& connection) {
    if (connection.ReadRequest().empty()) return;
    {
      std::unique_lock<std::mutex> lock(mutex);
      if (++waiting == kThreads) all_here.notify_all();
      all_here.wait(lock, [&] { return waiting >= kThreads; });
    }
    do connection.Write(HttpReply(200, kAccount));
    while (!connection.ReadRequest().empty());
  }});
  const ServiceAccountsClient client(Options(server.base_url()));
  std::vector<std::thread> threads;
  std::vector<int> created(kThreads);
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) created[t] += client.CreateServiceAccount(Request("x")) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(created == std::vector<int>(kThreads, 5));
  CHECK(server.connections() == kThreads);
  CHECK(server.Finish() == kThreads * 5);
}

TEST_CASE("Many threads on one client get the answer to their own request") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  constexpr int kThreads = 16;
  constexpr int kCalls = 10;
  std::vector<std::thread> threads;
  std::vector<int> right(kThreads);
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) {
        const std::string name = "bot-" + std::to_string(t) + "-" + std::to_string(i);
        const auto account = client.CreateServiceAccount(Request(name));
        right[t] += account && account->name == name ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == std::vector<int>(kThreads, kCalls));
  CHECK(server.accounts().size() == kThreads * kCalls);
  CHECK(server.requests().size() == kThreads * kCalls);
}

TEST_CASE(
    "A connection that the server closed while it was idle is replaced, and the call succeeds") {
  RawServer server({[](RawConnection& connection) {
    connection.ReadRequest();
    connection.WriteAndClose(HttpReply(200, kAccount));
  }});
  const ServiceAccountsClient client(Options(server.base_url()));
  REQUIRE(client.CreateServiceAccount(Request("x")));
  REQUIRE(client.CreateServiceAccount(Request("x")));
  CHECK(server.connections() == 2);
  CHECK(server.Finish() == 2);
}

// What it says last lies unread in the socket, for which libcurl takes the connection for alive.
TEST_CASE("A TLS connection that the server closed in due form while it was idle is replaced") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const bool asynchronous : {false, true}) {
      CAPTURE(version, asynchronous);
      TlsServerOptions options = Showing(TestAuthority().Issue());
      options.minimum_version = options.maximum_version = version;
      std::promise<void> closed;
      TlsServer server(options, {[&](TlsConnection& connection) {
                                   connection.ReadRequest();
                                   connection.Write(HttpReply(200, kAccount));
                                   connection.Close();
                                   closed.set_value();
                                 },
                                 [](TlsConnection& connection) {
                                   while (!connection.ReadRequest().empty()) {
                                     connection.Write(HttpReply(200, kAccount));
                                   }
                                 }});
      const ServiceAccountsClient client(Trusting(server.base_url()));
      const auto create = [&] {
        return asynchronous ? Awaited(client.CreateServiceAccountAsync(Request("x")))
                            : client.CreateServiceAccount(Request("x"));
      };
      REQUIRE(create());
      closed.get_future().wait();
      const auto account = create();
      REQUIRE(account);
      CHECK(account.metadata().attempts.size() == 1);
      CHECK_FALSE(account.metadata().attempts.front().times.connection_reused);
      const auto next = create();
      REQUIRE(next);
      CHECK(next.metadata().attempts.front().times.connection_reused);
      CHECK(server.connections() == 2);
      CHECK(server.Finish() == 3);
    }
  }
}

TEST_CASE("Where a closed TLS connection cannot be replaced, the request is not sent") {
  std::promise<void> closed;
  auto server = std::make_unique<TlsServer>(
      Showing(TestAuthority().Issue()), std::vector<TlsServer::Behaviour>{[&](auto& connection) {
        connection.ReadRequest();
        connection.Write(HttpReply(200, kAccount));
        connection.Close();
        closed.set_value();
      }});
  const ServiceAccountsClient client(Trusting(server->base_url()));
  REQUIRE(client.CreateServiceAccount(Request("x")));
  closed.get_future().wait();
  server.reset();
  const auto account = client.CreateServiceAccount(Request("x"));
  REQUIRE_FALSE(account);
  CHECK(account.error().outcome == RequestOutcome::kNotSent);
  CHECK(account.error().kind == ErrorKind::kConnection);
  CHECK(account.error().message.find("could not connect") != std::string::npos);
}

TEST_CASE("Descriptors are given back when the client goes, and do not pile up before") {
  const std::size_t before = OpenDescriptors();
  {
    const MockServer server;
    const std::size_t with_server = OpenDescriptors();
    const ServiceAccountsClient client(Options(server.base_url(), server.token()));
    REQUIRE(client.CreateServiceAccount(Request("first")));
    const std::size_t with_client = OpenDescriptors();
    CHECK(with_client > with_server);
    for (int i = 0; i < 200; ++i)
      REQUIRE(client.CreateServiceAccount(Request("bot-" + std::to_string(i))));
    CHECK(OpenDescriptors() == with_client);
  }
  CHECK(OpenDescriptors() == before);
}

TEST_CASE("A program that the host starts does not inherit a connection") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  REQUIRE(client.CreateServiceAccount(Request("x")));
  const std::string port = server.base_url().substr(server.base_url().rfind(':') + 1);
  char hex[8];
  REQUIRE(std::snprintf(hex, sizeof hex, "%04X", static_cast<unsigned>(std::stoi(port))) == 4);
  // Lists the inodes of the sockets that are connected to the port, and looks for them in itself.
  const std::string command =
      "for i in $(awk '$3 ~ /:" + std::string(hex) +
      "$/ {print $10}' /proc/net/tcp); do [ \"$i\" != 0 ] && "
      "ls -l /proc/self/fd | grep -q \"socket:\\[$i\\]\" && exit 1; done; exit 0";
  // NOLINTNEXTLINE(cert-env33-c)
  CHECK(std::system(command.c_str()) == 0);
}

TEST_CASE("After a fork the child uses a connection of its own, and the parent keeps its one") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  REQUIRE(client.CreateServiceAccount(Request("before")));
  const pid_t child = fork();
  if (child == 0) {
    const auto account = client.CreateServiceAccount(Request("child"));
    _exit(account && account->name == "child" ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  const auto account = client.CreateServiceAccount(Request("parent"));
  REQUIRE(account);
  CHECK(account->name == "parent");
  CHECK(server.connections() == 2);
}

}  // namespace
}  // namespace service_accounts::tests
