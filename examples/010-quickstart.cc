// Creates one service account at the service that SERVICE_ACCOUNTS_BASE_URL and
// SERVICE_ACCOUNTS_TOKEN name. Without one at hand: `mock-server 010-quickstart`.
#include <service_accounts/service_accounts.h>

#include <iostream>

int main() {
  service_accounts::ServiceAccountsClient client(
      service_accounts::ClientOptions::FromEnvironment());
  service_accounts::CreateServiceAccountRequest request;
  request.name = "deploy-bot";
  request.permissions = {"org:read"};
  auto account = client.CreateServiceAccount(request);
  if (!account) {
    std::cerr << account.error() << '\n';
    return 1;
  }
  std::cout << account->id << '\n';
}
