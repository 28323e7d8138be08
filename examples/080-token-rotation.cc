// A token that changes while the program runs: a function fetches it when it is needed, before it
// expires, and once more when the service rejects it with a 401.
//
// The service is the test kit's mock server, and so is what stands for an identity service: its
// first token was withdrawn before its time, which the client finds out.
#include <service_accounts/service_accounts.h>
#include <service_accounts/testing/mock_server.h>

#include <chrono>
#include <iostream>
#include <string>
#include <utility>

namespace sa = service_accounts;

namespace {

/// Hands tokens out. It is asked by one call at a time, whatever the number of threads.
class IdentityService {
 public:
  explicit IdentityService(std::string good_token) : good_token_(std::move(good_token)) {}

  sa::Result<sa::AccessToken> Fetch() {
    ++fetched_;
    std::cout << "token " << fetched_ << " fetched\n";
    sa::AccessToken token;
    token.token = fetched_ == 1 ? "withdrawn-token" : good_token_;
    token.expiry = std::chrono::system_clock::now() + std::chrono::minutes(10);
    return token;
  }

 private:
  std::string good_token_;
  int fetched_ = 0;
};

}  // namespace

int main() {
  const sa::testing::MockServer server;
  IdentityService identity(server.token());

  sa::ClientOptions options;
  options.base_url = server.base_url();
  options.credentials = sa::TokenFromCallback([&identity] { return identity.Fetch(); });
  const sa::ServiceAccountsClient client(options);

  for (const char* name : {"deploy-bot", "report-bot"}) {
    sa::CreateServiceAccountRequest request;
    request.name = name;
    request.permissions = {"org:read"};
    const auto account = client.CreateServiceAccount(request);
    if (!account) {
      std::cerr << account.error() << '\n';
      return 1;
    }
    std::cout << account->name << " created, attempts: " << account.metadata().attempts.size()
              << '\n';
  }
}
