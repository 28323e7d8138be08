// The library against nginx and Tinyproxy, as they stand before services: what the mock server
// behind them shows is what really arrived.
#include "tests/real/servers.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/fault.h"
#include "tests/support/temporary_file.h"
#include "tests/support/test_authority.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using Accounts = std::vector<Result<ServiceAccount>>;

ClientOptions Behind(ClientOptions options, const char* path) {
  options.base_url += path;
  return options;
}

std::vector<CreateServiceAccountRequest> Requests(int count) {
  std::vector<CreateServiceAccountRequest> requests;
  for (int i = 0; i < count; ++i) requests.push_back(Request("bot-" + std::to_string(i)));
  return requests;
}

/// For a failed test to show.
std::string Why(const Result<ServiceAccount>& result) {
  return result ? "" : result.error().ToString();
}

bool Reused(const Result<ServiceAccount>& result) {
  return result.metadata().attempts.back().times.connection_reused;
}

void CheckFailure(const Result<ServiceAccount>& result, int status, Kind kind, Outcome outcome) {
  REQUIRE_FALSE(result);
  CAPTURE(result.error());
  CHECK(result.error().http_status == status);
  CHECK(result.error().kind == kind);
  CHECK(result.error().outcome == outcome);
}

/// What the calls say, held against what the service did.
struct Books {
  std::size_t created = 0;
  std::size_t not_sent = 0;
  std::size_t rejected = 0;
  std::size_t unknown = 0;
  std::size_t accepted = 0;
};

/// Balanced: each call has its end, no request arrived twice, and as many accounts exist as the
/// calls say, beside those that were there `before`.
Books CheckBooks(const Accounts& accounts, const testing::MockServer& mock, std::size_t asked,
                 std::size_t before = 0) {
  Books books;
  for (const auto& account : accounts) {
    if (account) {
      ++books.created;
      continue;
    }
    switch (account.error().outcome) {
      case Outcome::kNotSent: ++books.not_sent; break;
      case Outcome::kRejected: ++books.rejected; break;
      case Outcome::kUnknown: ++books.unknown; break;
      case Outcome::kAccepted: ++books.accepted; break;
    }
  }
  UNSCOPED_INFO("created " << books.created << ", not sent " << books.not_sent << ", rejected "
                           << books.rejected << ", unknown " << books.unknown << ", accepted "
                           << books.accepted);
  CHECK(accounts.size() == asked);
  const std::size_t exist = mock.accounts().size() - before;
  CHECK(exist >= books.created + books.accepted);
  CHECK(exist <= books.created + books.accepted + books.unknown);
  std::set<std::string> bodies;
  const auto arrived = mock.requests();
  for (const HttpRequest& request : arrived) bodies.insert(request.body);
  CHECK(bodies.size() == arrived.size());
  return books;
}

TEST_CASE("By every way an account comes back as the service made it") {
  RealServers servers;
  for (const Route& route : servers.routes()) {
    CAPTURE(route.name);
    CreateServiceAccountRequest request = Request("bot, "s + route.name);
    request.permissions = {"org:read", "caf\xC3\xA9 \xF0\x9F\x9A\x80"};
    request.description = "\"quotes\" \\ \x01\x1F\r\n\t a\0b"s;
    request.extra_fields["labels"] = R"({"team": "web"})";
    CallOptions call;
    call.idempotency_key = "key, "s + route.name;
    const auto account = ServiceAccountsClient(route.options).CreateServiceAccount(request, call);
    INFO(Why(account));
    REQUIRE(account);
    CHECK(*account == servers.mock().accounts().back());
    CHECK(account->name == request.name);
    CHECK(account->permissions == request.permissions);
    CHECK(account->description == request.description);
    CHECK(account.metadata().http_version == route.http_version);
    const auto server = account.metadata().headers.find("Server");
    REQUIRE(server);
    CHECK(server->substr(0, 5) == "nginx");
    const HttpRequest sent = servers.mock().requests().back();
    CHECK(sent.body.find(R"("labels":{"team": "web"})") != std::string::npos);
    HeaderList headers;
    for (const Header& header : sent.headers) headers.push_back(header);
    CHECK(headers.find("Idempotency-Key") == call.idempotency_key);
    CHECK(headers.find("Proxy-Authorization") == std::nullopt);
  }
  CHECK(servers.mock().requests().size() == servers.routes().size());
}

TEST_CASE("By every way a long request and its long reply pass") {
  RealServers servers;
  for (const Route& route : servers.routes()) {
    CAPTURE(route.name);
    CreateServiceAccountRequest request = Request("bot, "s + route.name);
    request.description = std::string(900'000, 'x');
    const auto account = ServiceAccountsClient(route.options).CreateServiceAccount(request);
    INFO(Why(account));
    REQUIRE(account);
    CHECK(account->description == request.description);
  }
}

TEST_CASE("By every way the service's errors come back as what they are") {
  struct Reply {
    int status;
    Kind kind;
    Outcome outcome;
  };
  RealServers servers;
  for (const Route& route : servers.lasting_routes()) {
    const ServiceAccountsClient client(route.options);
    for (const Reply& reply : std::vector<Reply>{
             {400, Kind::kBadRequest, Outcome::kRejected},
             {401, Kind::kUnauthenticated, Outcome::kRejected},
             {403, Kind::kPermissionDenied, Outcome::kRejected},
             {404, Kind::kNotFound, Outcome::kRejected},
             {408, Kind::kUnexpectedStatus, Outcome::kUnknown},
             {409, Kind::kConflict, Outcome::kRejected},
             {422, Kind::kUnexpectedStatus, Outcome::kRejected},
             {429, Kind::kRateLimited, Outcome::kRejected},
             {500, Kind::kServerError, Outcome::kUnknown},
             {503, Kind::kServerError, Outcome::kUnknown},
             {307, Kind::kUnexpectedStatus, Outcome::kRejected},
         }) {
      CAPTURE(route.name, reply.status);
      servers.mock().Reply(reply.status,
                           {{"Content-Type", "application/json"},
                            {"Retry-After", "2"},
                            {"Location", servers.nginx().plain() + "/v1/service-accounts"}},
                           R"({"code": "NO", "message": "no", "requestId": "req_1"})");
      const auto result = client.CreateServiceAccount(Request("x"));
      CheckFailure(result, reply.status, reply.kind, reply.outcome);
      CHECK(result.error().code == "NO");
      CHECK(result.error().message == "no");
      CHECK(result.error().request_id == "req_1");
      CHECK(result.error().retry_after == 2s);
    }
  }
  CHECK(servers.mock().requests().size() == 11 * servers.lasting_routes().size());
}

TEST_CASE("A connection is used again as long as it is kept") {
  RealServers servers;
  for (const Route& route : servers.lasting_routes()) {
    CAPTURE(route.name);
    const ServiceAccountsClient client(route.options);
    for (int i = 0; i < 10; ++i) {
      const auto account =
          client.CreateServiceAccount(Request(route.name + " "s + std::to_string(i)));
      INFO(Why(account));
      REQUIRE(account);
      CHECK(Reused(account) == (i > 0));
    }
  }
}

TEST_CASE("An nginx that closes connections makes no call fail") {
  RealServers servers;
  std::size_t asked = 0;
  for (const Route& route : servers.lasting_routes()) {
    // Over HTTP/2 they are the server's settings: see below.
    if (route.http_version == "HTTP/2"s) continue;
    for (const auto& [path, lives] : {std::pair("/once", 1), std::pair("/thrice", 3)}) {
      CAPTURE(route.name, path);
      const ServiceAccountsClient client(Behind(route.options, path));
      for (int i = 0; i < 9; ++i) {
        CAPTURE(i);
        const auto account = client.CreateServiceAccount(Request("bot-" + std::to_string(++asked)));
        INFO(Why(account));
        REQUIRE(account);
        CHECK(Reused(account) == (i % lives > 0));
      }
    }
  }
  CHECK(servers.mock().accounts().size() == asked);
  CHECK(servers.mock().requests().size() == asked);
}

TEST_CASE("A connection that nginx has closed meanwhile is not used again") {
  RealServers servers;
  for (const Route& route : servers.lasting_routes()) {
    CAPTURE(route.name);
    const ServiceAccountsClient client(route.options);
    REQUIRE(client.CreateServiceAccount(Request(route.name + " before"s)));
    servers.nginx().ReloadAndWait();
    const auto account = client.CreateServiceAccount(Request(route.name + " behind"s));
    INFO(Why(account));
    CHECK(account);
    CHECK_FALSE(Reused(account));
  }
}

TEST_CASE("Threads create at the same time, each account once") {
  RealServers servers;
  std::size_t asked = 0;
  for (const Route& route : servers.lasting_routes()) {
    CAPTURE(route.name);
    const ServiceAccountsClient client(route.options);
    std::atomic<int> created{0};
    std::mutex mutex;
    std::set<std::string> errors;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 20; ++i) {
          const std::string name = route.name + "-"s + std::to_string(t) + "-" + std::to_string(i);
          const auto account = client.CreateServiceAccount(Request(name));
          created += account ? 1 : 0;
          const std::lock_guard<std::mutex> lock(mutex);
          errors.insert(Why(account));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(errors == std::set<std::string>{""});
    CHECK(created == 160);
    asked += 160;
  }
  CHECK(servers.mock().accounts().size() == asked);
  CHECK(servers.mock().requests().size() == asked);
}

TEST_CASE("A bulk call creates each account once, in order") {
  RealServers servers;
  for (const Route& route : servers.lasting_routes()) {
    CAPTURE(route.name);
    std::vector<CreateServiceAccountRequest> requests = Requests(300);
    for (auto& request : requests) request.name += route.name;
    const Accounts accounts = ServiceAccountsClient(route.options).CreateServiceAccounts(requests);
    REQUIRE(accounts.size() == requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      INFO(Why(accounts[i]));
      REQUIRE(accounts[i]);
      CHECK(accounts[i]->name == requests[i].name);
    }
  }
  CHECK(servers.mock().requests().size() == 300 * servers.lasting_routes().size());
}

TEST_CASE("A thousand asynchronous calls are in flight at a time, over HTTP/2 and over HTTP/1.1") {
  for (const int way : {2, 1}) {
    RealServers servers;
    const Route route = servers.routes().at(static_cast<std::size_t>(way));
    CAPTURE(route.name);
    const ServiceAccountsClient client(route.options);
    const auto requests = Requests(1000);
    // Nobody is answered before all have been asked for.
    for (int i = 0; i < 1000; ++i) servers.mock().Delay(1s);
    std::vector<std::future<Result<ServiceAccount>>> futures;
    for (const auto& request : requests)
      futures.push_back(client.CreateServiceAccountAsync(request));
    CHECK(futures.front().wait_for(0s) == std::future_status::timeout);
    Accounts accounts;
    for (auto& future : futures) accounts.push_back(future.get());
    const Books books = CheckBooks(accounts, servers.mock(), 1000);
    CHECK(books.created == 1000);
    CHECK(accounts.back().metadata().http_version == route.http_version);
  }
}

TEST_CASE("The books balance when nginx ends each connection of HTTP/2 after three requests") {
  RealServers servers;
  ClientOptions options = servers.Options(servers.nginx().fickle());
  options.http_version = HttpVersion::kHttp2;
  const ServiceAccountsClient client(options);
  for (int i = 0; i < 9; ++i) {
    CAPTURE(i);
    const auto account = client.CreateServiceAccount(Request("one-" + std::to_string(i)));
    INFO(Why(account));
    REQUIRE(account);
    CHECK(Reused(account) == (i % 3 > 0));
  }
  // Many at a time on one connection: of what nginx turns away, libcurl does not tell why.
  options.retry = RetryPolicy();
  const Accounts accounts = ServiceAccountsClient(options).CreateServiceAccounts(Requests(200));
  CHECK(CheckBooks(accounts, servers.mock(), 200, 9).created > 0);
}

TEST_CASE("The books balance when a proxy closes connections without a word") {
  RealServers servers;
  for (const Route& route : servers.routes()) {
    if (route.keeps_connections) continue;
    CAPTURE(route.name);
    const Accounts accounts =
        ServiceAccountsClient(route.options).CreateServiceAccounts(Requests(300));
    const Books books = CheckBooks(accounts, servers.mock(), 300);
    CHECK(books.created + books.unknown == 300);
    CHECK(books.created >= 150);
  }
}

TEST_CASE("When nginx asks for fewer requests, a bulk call slows down and creates all") {
  for (const int way : {0, 2}) {
    RealServers servers;
    const Route route = servers.routes().at(static_cast<std::size_t>(way));
    CAPTURE(route.name);
    ClientOptions options = Behind(route.options, "/limited");
    options.retry.max_attempts = 20;
    options.retry.initial_backoff = 20ms;
    const auto requests = Requests(100);
    const Accounts accounts = ServiceAccountsClient(options).CreateServiceAccounts(requests);
    CHECK(CheckBooks(accounts, servers.mock(), 100).created == 100);
    CHECK(std::any_of(accounts.begin(), accounts.end(), [](const auto& account) {
      return account.metadata().attempts.front().http_status == 429;
    }));
  }
}

/// By each way but the one on which HTTP/2 is refused, a bulk call in the middle of which something
/// happens to nginx, three times. How many are unknown in the end, over all ways.
std::size_t CreateAmid(void (Nginx::*event)() const, std::size_t least_created) {
  std::size_t unknown = 0;
  for (const std::size_t way : std::vector<std::size_t>{0, 1, 2, 4, 5, 6}) {
    RealServers servers;
    const Route route = servers.routes().at(way);
    CAPTURE(route.name);
    ClientOptions options = route.options;
    options.retry = RetryPolicy();
    BulkOptions bulk;
    bulk.max_in_flight = 32;
    bulk.on_progress = [&](const BulkProgress& progress) {
      if (progress.done % 100 == 0 && progress.done < 400) (servers.nginx().*event)();
    };
    const Accounts accounts =
        ServiceAccountsClient(options).CreateServiceAccounts(Requests(400), bulk);
    const Books books = CheckBooks(accounts, servers.mock(), 400);
    CHECK(books.rejected == 0);
    CHECK(books.created > least_created);
    unknown += books.unknown;
  }
  return unknown;
}

TEST_CASE("The books balance when nginx is reloaded in the middle of many calls") {
  CreateAmid(&Nginx::Reload, 300);
}

TEST_CASE("The books balance when nginx's workers are killed in the middle of many calls") {
  CHECK(CreateAmid(&Nginx::KillWorkers, 200) > 0);
}

TEST_CASE("A request that nginx finds too large is rejected") {
  RealServers servers;
  CreateServiceAccountRequest request = Request("large");
  for (const Route& route : servers.routes()) {
    for (const int size : {2'000, 200'000, 3'000'000}) {
      CAPTURE(route.name, size);
      request.description = std::string(static_cast<std::size_t>(size), 'x');
      const auto result =
          ServiceAccountsClient(Behind(route.options, "/small")).CreateServiceAccount(request);
      CheckFailure(result, 413, Kind::kUnexpectedStatus, Outcome::kRejected);
    }
  }
  CHECK(servers.mock().requests().empty());
}

TEST_CASE("When nginx finds no service, or loses patience with it, the outcome is unknown") {
  RealServers servers;
  const std::vector<Route> routes = servers.routes();
  for (const Route& route : routes) {
    CAPTURE(route.name);
    const auto down =
        ServiceAccountsClient(Behind(route.options, "/down")).CreateServiceAccount(Request("x"));
    CheckFailure(down, 502, Kind::kServerError, Outcome::kUnknown);
    servers.mock().Delay(1s);
    const auto late = ServiceAccountsClient(Behind(route.options, "/impatient"))
                          .CreateServiceAccount(Request(route.name));
    CheckFailure(late, 504, Kind::kServerError, Outcome::kUnknown);
    CHECK(late.error().message.find("web page") != std::string::npos);
  }
  // And rightly so.
  CHECK(servers.mock().accounts().size() == routes.size());
}

TEST_CASE("A call that nginx holds up ends at its deadline, and the next one is none the worse") {
  RealServers servers;
  for (const Route& route : servers.lasting_routes()) {
    CAPTURE(route.name);
    const ServiceAccountsClient client(route.options);
    servers.mock().Delay(2s);
    CallOptions call;
    call.timeout = 300ms;
    const auto late = client.CreateServiceAccount(Request(route.name + " late"s), call);
    CheckFailure(late, 0, Kind::kTimeout, Outcome::kUnknown);
    CHECK(late.metadata().elapsed >= 290ms);  // libcurl counts in whole milliseconds.
    CHECK(late.metadata().elapsed < 1500ms);
    CHECK(client.CreateServiceAccount(Request(route.name + " next"s)));
  }
}

TEST_CASE("An nginx whose authority is not trusted gets nothing") {
  RealServers servers;
  const TemporaryFile other(Authority().pem());
  for (const Route& route : servers.routes()) {
    if (route.options.base_url.find("https") != 0) continue;
    CAPTURE(route.name);
    ClientOptions options = route.options;
    options.tls.ca_file = other.path();
    const auto result = ServiceAccountsClient(options).CreateServiceAccount(Request("x"));
    CheckFailure(result, 0, Kind::kTls, Outcome::kNotSent);
  }
  CHECK(servers.mock().requests().empty());
}

TEST_CASE("An nginx that asks for a certificate takes the client's, and refuses one without") {
  RealServers servers;
  CertificateOptions certificate_options;
  certificate_options.purpose = CertificatePurpose::kClient;
  const Certificate certificate = TestAuthority().Issue(certificate_options);
  const TemporaryFile chain(certificate.chain);
  const TemporaryFile key(certificate.key);
  ClientOptions options = servers.Options(servers.nginx().members());
  const auto stranger = ServiceAccountsClient(options).CreateServiceAccount(Request("x"));
  CheckFailure(stranger, 400, Kind::kBadRequest, Outcome::kRejected);
  CHECK(servers.mock().requests().empty());
  options.tls.client_certificate_file = chain.path();
  options.tls.client_key_file = key.path();
  CHECK(ServiceAccountsClient(options).CreateServiceAccount(Request("x")));
}

TEST_CASE("A proxy that does not let the client through is said to be it") {
  RealServers servers;
  const ProxyOptions wrong = ProxyOptions::Url(servers.proxy().url("wrong-password"));
  for (const Route& route : servers.routes()) {
    if (route.options.proxy.source() != ProxyOptions::Source::kUrl) continue;
    CAPTURE(route.name);
    ClientOptions options = route.options;
    options.proxy = wrong;
    const auto result = ServiceAccountsClient(options).CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(result);
    CAPTURE(result.error());
    // A tunnel is refused before the request; without one the request itself is, by Tinyproxy with
    // a 401 in place of the 407 that RFC 9110 has for it.
    const bool tunnel = options.base_url.find("https") == 0;
    CHECK(result.error().outcome == (tunnel ? Outcome::kNotSent : Outcome::kRejected));
    CHECK(result.error().kind == (tunnel ? Kind::kConnection : Kind::kUnauthenticated));
    CheckSecrecy(AllTextOf(result), {servers.mock().token(), "wrong-password"});
  }
  CHECK(servers.mock().requests().empty());
}

TEST_CASE("A proxy that does not reach the service leaves the call not sent") {
  RealServers servers;
  ClientOptions options = servers.Options(servers.nginx().nowhere());
  options.proxy = ProxyOptions::Url(servers.proxy().url());
  const auto result = ServiceAccountsClient(options).CreateServiceAccount(Request("x"));
  CheckFailure(result, 0, Kind::kConnection, Outcome::kNotSent);
}

}  // namespace
}  // namespace service_accounts::tests
