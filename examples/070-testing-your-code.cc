// Testing code that creates accounts, without a network: a `FakeTransport` answers what the test
// says, refusals and lost connections included, and keeps what it was sent. Link
// `service_accounts::testing`.
#include <service_accounts/service_accounts.h>
#include <service_accounts/testing/fake_transport.h>

#include <iostream>
#include <memory>
#include <string>

namespace sa = service_accounts;

namespace {

/// The code under test: what a person is told. It takes a client, so that a test can bring one.
std::string CreateBot(const sa::ServiceAccountsClient& client, const std::string& team) {
  sa::CreateServiceAccountRequest request;
  request.name = team + "-bot";
  request.permissions = {"org:read"};
  const auto account = client.CreateServiceAccount(request);
  if (account) return "created " + account->id;
  if (account.error().kind == sa::ErrorKind::kConflict) return "exists already";
  const bool open = account.error().outcome == sa::RequestOutcome::kUnknown;
  return open ? "may exist: look for it" : "not created";
}

int failures = 0;  // NOLINT(*-avoid-non-const-global-variables): your test framework counts them.

void Expect(const std::string& what, const std::string& actual, const std::string& expected) {
  const bool good = actual == expected;
  std::cout << (good ? "ok      " : "FAILED  ") << what << '\n';
  if (!good) std::cout << "        \"" << actual << "\", not \"" << expected << "\"\n";
  failures += good ? 0 : 1;
}

}  // namespace

int main() {
  const auto fake = std::make_shared<sa::testing::FakeTransport>();
  fake->Reply(200, R"({"code": 200, "data": {"id": "sa_1"}, "message": "success"})");
  fake->Reply(409, R"({"code": 409, "message": "exists"})");
  fake->Fail(sa::ErrorKind::kTimeout, sa::RequestOutcome::kUnknown);

  sa::ClientOptions options;
  options.base_url = "https://accounts.example.com";
  options.credentials = sa::BearerToken("any-token");
  options.transport = fake;
  const sa::ServiceAccountsClient client(options);

  Expect("a new bot has an id", CreateBot(client, "web"), "created sa_1");
  Expect("a bot that exists is no failure", CreateBot(client, "web"), "exists already");
  Expect("a lost reply is not taken for a no", CreateBot(client, "web"), "may exist: look for it");
  Expect("the name is the team's", fake->requests().front().body,
         R"({"name":"web-bot","permissions":["org:read"]})");
  return failures;
}
