// What a program does when its account exists already, tested without a network and over a real
// one.
#include <service_accounts/service_accounts.h>
#include <service_accounts/testing/fake_transport.h>
#include <service_accounts/testing/mock_server.h>

#include <iostream>
#include <memory>
#include <string>
#include <utility>

namespace sa = service_accounts;

// The code under test: the account's id, or words for a person.
static std::string IdOrWords(sa::ClientOptions options) {
  sa::ServiceAccountsClient client(std::move(options));
  sa::CreateServiceAccountRequest request;
  request.name = "deploy-bot";
  request.permissions = {"org:read"};
  const auto account = client.CreateServiceAccount(request);
  if (account) return account->id;
  return account.error().http_status == 409 ? "exists already" : account.error().ToString();
}

static int failures = 0;

static void Expect(const std::string& what, const std::string& actual,
                   const std::string& expected) {
  if (actual == expected) return;
  std::cerr << what << ": \"" << actual << "\" instead of \"" << expected << "\"\n";
  ++failures;
}

int main() {
  const auto fake = std::make_shared<sa::testing::FakeTransport>();
  fake->Reply(409, R"({"code": 409, "message": "a service account of this name exists"})");
  sa::ClientOptions without_network;
  without_network.base_url = "https://accounts.example.com";
  without_network.credentials = sa::BearerToken("secret-token");
  without_network.transport = fake;
  Expect("fake transport", IdOrWords(without_network), "exists already");

  const sa::testing::MockServer server;
  sa::ClientOptions over_loopback;
  over_loopback.base_url = server.base_url();
  over_loopback.credentials = sa::BearerToken(server.token());
  const std::string id = IdOrWords(over_loopback);
  Expect("accounts", std::to_string(server.accounts().size()), "1");
  if (server.accounts().size() == 1) Expect("id", id, server.accounts().front().id);
  Expect("the second time", IdOrWords(over_loopback), "exists already");
  return failures == 0 ? 0 : 1;
}
