// Clients that are static objects: made before `main`, destroyed behind it with connections idle,
// and called by destructors of other static objects. Prints nothing, unless something is wrong.
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "tests/footprint/server_process.h"
#include "tests/support/client.h"

namespace service_accounts::v0 {
namespace {

using tests::Options;
using tests::Request;

ClientOptions TrustingOptions(const tests::ServerProcess& server) {
  ClientOptions options = Options(server.https_url());
  options.tls.ca_file = server.ca_file();
  return options;
}

void Call(const ServiceAccountsClient& client, const char* when) {
  const auto account = client.CreateServiceAccount(Request("x"));
  if (account) return;
  std::fprintf(stderr, "%s: %s\n", when, account.error().ToString().c_str());
  std::_Exit(1);
}

/// Makes its calls when it is destroyed, with the clients that it was given by then.
struct LastWords {
  explicit LastWords(const char* text) : when(text) {}
  ~LastWords() {
    if (plain) Call(*plain, when);
    if (tls) Call(*tls, when);
  }
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;

  const char* when;
  std::optional<ServiceAccountsClient> plain;
  std::optional<ServiceAccountsClient> tls;
};

// Destroyed from the last to the first.
const tests::ServerProcess server;
LastWords after_clients("from a destructor, with copies that outlive the static clients");
const ServiceAccountsClient plain(Options(server.http_url()));
const ServiceAccountsClient tls(TrustingOptions(server));
LastWords before_clients("from a destructor, before the static clients go");

}  // namespace
}  // namespace service_accounts::v0

int main(int argc, char**) {
  using namespace service_accounts;
  Call(plain, "from main");
  Call(tls, "from main");
  if (argc > 1) {
    after_clients.plain = before_clients.plain = plain;
    after_clients.tls = before_clients.tls = tls;
  }
  return 0;
}
