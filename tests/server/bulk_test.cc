// Bulk calls through real sockets, against the mock server.
#include <service_accounts/testing/mock_server.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/process.h"
#include "tests/support/raw_server.h"

namespace service_accounts::tests {
namespace {

using testing::MockServer;
using Accounts = std::vector<Result<ServiceAccount>>;

std::vector<CreateServiceAccountRequest> Requests(const std::string& name, int count) {
  std::vector<CreateServiceAccountRequest> requests;
  for (int i = 0; i < count; ++i) requests.push_back(Request(name + "-" + std::to_string(i)));
  return requests;
}

BulkOptions InFlight(std::size_t most) {
  BulkOptions bulk;
  bulk.max_in_flight = most;
  return bulk;
}

/// How many are the account that was asked for in their place.
int CountRight(const std::vector<CreateServiceAccountRequest>& requests, const Accounts& accounts) {
  int right = 0;
  for (std::size_t i = 0; i < std::min(requests.size(), accounts.size()); ++i) {
    right += accounts[i] && accounts[i]->name == requests[i].name ? 1 : 0;
  }
  return right;
}

TEST_CASE("Three hundred accounts are created in order over twenty connections, which are kept") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  std::size_t told = 0;
  BulkOptions bulk = InFlight(20);
  bulk.on_progress = [&](const BulkProgress& progress) {
    CHECK(progress.done == ++told);
    CHECK(progress.failed == 0);
    CHECK(progress.total == 300);
  };
  const auto requests = Requests("bot", 300);
  CHECK(CountRight(requests, client.CreateServiceAccounts(requests, bulk)) == 300);
  CHECK(told == 300);
  CHECK(server.accounts().size() == 300);
  CHECK(server.requests().size() == 300);
  const std::size_t connections = server.connections();
  CHECK(connections > 1);
  CHECK(connections <= 20);
  const auto more = Requests("more", 100);
  CHECK(CountRight(more, client.CreateServiceAccounts(more, InFlight(connections))) == 100);
  CHECK(server.connections() == connections);
}

TEST_CASE("As many requests of a batch are on their way at a time as are allowed, and no more") {
  // Nobody is answered before all that are allowed are here.
  constexpr int kMost = 8;
  std::mutex mutex;
  std::condition_variable all_here;
  int here = 0;
  RawServer server({[&](RawConnection& connection) {
    while (!connection.ReadRequest().empty()) {
      {
        std::unique_lock<std::mutex> lock(mutex);
        if (++here == kMost) all_here.notify_all();
        all_here.wait(lock, [&] { return here >= kMost; });
      }
      connection.Write(HttpReply(200, kAccount));
    }
  }});
  const ServiceAccountsClient client(Options(server.base_url()));
  for (const auto& account : client.CreateServiceAccounts(Requests("x", 24), InFlight(kMost))) {
    CHECK(account);
  }
  CHECK(server.connections() == kMost);
  CHECK(server.Finish() == 24);
}

TEST_CASE("A batch that is cancelled by its progress loses track of no account") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  const CancellationSource source;
  BulkOptions bulk = InFlight(20);
  bulk.call.cancellation = source.token();
  bulk.on_progress = [&](const BulkProgress& progress) {
    if (progress.done == 50) source.Cancel();
  };
  const auto requests = Requests("bot", 200);
  const auto accounts = client.CreateServiceAccounts(requests, bulk);
  REQUIRE(accounts.size() == 200);
  std::set<std::string> created;
  std::set<std::string> unknown;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (accounts[i]) {
      created.insert(requests[i].name);
      continue;
    }
    CHECK(accounts[i].error().kind == ErrorKind::kCancelled);
    if (accounts[i].error().outcome == RequestOutcome::kUnknown) {
      unknown.insert(requests[i].name);
    } else {
      CHECK(accounts[i].error().outcome == RequestOutcome::kNotSent);
    }
  }
  CHECK(created.size() >= 50);
  CHECK(created.size() + unknown.size() < 200);
  std::set<std::string> there;
  for (const ServiceAccount& account : server.accounts()) there.insert(account.name);
  for (const std::string& name : created) CHECK(there.count(name) == 1);
  for (const std::string& name : there) CHECK(created.count(name) + unknown.count(name) == 1);
  // The client is as good as new.
  const auto more = Requests("more", 40);
  CHECK(CountRight(more, client.CreateServiceAccounts(more, InFlight(20))) == 40);
}

TEST_CASE("Every account of a batch is created, once, though the service asks it to slow down") {
  MockServer server;
  ClientOptions options = Options(server.base_url(), server.token());
  options.retry.initial_backoff = std::chrono::milliseconds(1);
  const ServiceAccountsClient client(options);
  for (int i = 0; i < 5; ++i) server.Reply(429, {{"Retry-After", "0"}}, "slow down");
  for (int i = 0; i < 5; ++i) server.Reply(429, {}, "slow down");
  const auto requests = Requests("bot", 60);
  const auto accounts = client.CreateServiceAccounts(requests, InFlight(20));
  CHECK(CountRight(requests, accounts) == 60);
  CHECK(server.accounts().size() == 60);
  CHECK(server.requests().size() == 70);
  std::size_t attempts = 0;
  for (const auto& account : accounts) attempts += account.metadata().attempts.size();
  CHECK(attempts == 70);
}

TEST_CASE("Refusals of a batch are told in the place of their requests") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  auto requests = Requests("bot", 30);
  requests[7].permissions = {""};
  requests[11].name.clear();
  REQUIRE(client.CreateServiceAccount(requests[19]));
  const auto accounts = client.CreateServiceAccounts(requests, InFlight(5));
  CHECK(CountRight(requests, accounts) == 27);
  REQUIRE_FALSE(accounts[7]);
  CHECK(accounts[7].error().kind == ErrorKind::kBadRequest);
  REQUIRE_FALSE(accounts[11]);
  CHECK(accounts[11].error().kind == ErrorKind::kInvalidArgument);
  REQUIRE_FALSE(accounts[19]);
  CHECK(accounts[19].error().kind == ErrorKind::kConflict);
}

TEST_CASE("Where nobody listens no request of a batch is sent") {
  ClientOptions options = Options("http://127.0.0.1:" + std::to_string(ClosedPort()));
  options.retry.max_attempts = 1;
  const auto accounts =
      ServiceAccountsClient(options).CreateServiceAccounts(Requests("bot", 40), InFlight(20));
  REQUIRE(accounts.size() == 40);
  for (const auto& account : accounts) {
    REQUIRE_FALSE(account);
    CHECK(account.error().kind == ErrorKind::kConnection);
    CHECK(account.error().outcome == RequestOutcome::kNotSent);
  }
}

TEST_CASE("A bulk call starts no thread") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  const std::size_t before = Threads();
  std::size_t most = 0;
  BulkOptions bulk = InFlight(20);
  bulk.on_progress = [&](const BulkProgress&) { most = std::max(most, Threads()); };
  const auto requests = Requests("bot", 60);
  CHECK(CountRight(requests, client.CreateServiceAccounts(requests, bulk)) == 60);
  CHECK(most == before);
  CHECK(Threads() == before);
}

TEST_CASE("What a bulk call holds is given back when the client goes, and does not pile up") {
  const std::size_t before = OpenDescriptors();
  {
    const MockServer server;
    const ServiceAccountsClient client(Options(server.base_url(), server.token()));
    const auto requests = Requests("first", 60);
    CHECK(CountRight(requests, client.CreateServiceAccounts(requests, InFlight(20))) == 60);
    const std::size_t with_client = OpenDescriptors();
    for (int i = 0; i < 5; ++i) {
      const auto more = Requests("more-" + std::to_string(i), 60);
      CHECK(CountRight(more, client.CreateServiceAccounts(more, InFlight(20))) == 60);
      CHECK(OpenDescriptors() == with_client);
    }
  }
  CHECK(OpenDescriptors() == before);
}

TEST_CASE("Threads that make bulk calls on one client at the same time get their own accounts") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  constexpr std::size_t kThreads = 4;
  std::vector<int> right(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const auto requests = Requests("bot-" + std::to_string(t), 40);
      right[t] = CountRight(requests, client.CreateServiceAccounts(requests, InFlight(8)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == std::vector<int>(kThreads, 40));
  CHECK(server.accounts().size() == kThreads * 40);
  CHECK(server.connections() <= kThreads * 8);
}

TEST_CASE("A forked child makes bulk calls over connections of its own") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  const auto before = Requests("before", 8);
  REQUIRE(CountRight(before, client.CreateServiceAccounts(before, InFlight(4))) == 8);
  const std::size_t of_parent = server.connections();
  const pid_t child = fork();
  if (child == 0) {
    const auto requests = Requests("child", 20);
    _exit(CountRight(requests, client.CreateServiceAccounts(requests, InFlight(4))) == 20 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  const std::size_t of_both = server.connections();
  CHECK(of_both > of_parent);
  const auto after = Requests("parent", 20);
  CHECK(CountRight(after, client.CreateServiceAccounts(after, InFlight(of_parent))) == 20);
  CHECK(server.connections() == of_both);
  CHECK(server.accounts().size() == 48);
}

}  // namespace
}  // namespace service_accounts::tests
