// Creating accounts without waiting for each: a future, several futures, and a function that is
// called in the end. All of them are driven by one background thread of the client.
//
// At the service that SERVICE_ACCOUNTS_BASE_URL and SERVICE_ACCOUNTS_TOKEN name. Without one at
// hand: `mock-server 030-async`.
#include <service_accounts/service_accounts.h>

#include <future>
#include <iostream>
#include <string>
#include <vector>

namespace sa = service_accounts;

namespace {

sa::CreateServiceAccountRequest Named(const std::string& name) {
  sa::CreateServiceAccountRequest request;
  request.name = name;
  request.permissions = {"org:read"};
  return request;
}

bool Print(const sa::Result<sa::ServiceAccount>& account) {
  if (account) {
    std::cout << "created " << account->name << " as " << account->id << '\n';
  } else {
    std::cerr << account.error() << '\n';
  }
  return account.has_value();
}

}  // namespace

int main() {
  const sa::ServiceAccountsClient client(sa::ClientOptions::FromEnvironment());
  bool good = true;

  // A future, to be looked at when the result is needed.
  std::future<sa::Result<sa::ServiceAccount>> deploy =
      client.CreateServiceAccountAsync(Named("deploy-bot"));
  std::cout << "deploy-bot is on its way\n";
  good = Print(deploy.get()) && good;

  // Several at a time: the program waits as long as for the slowest one, not for their sum.
  std::vector<std::future<sa::Result<sa::ServiceAccount>>> builders;
  for (int i = 1; i <= 3; ++i) {
    builders.push_back(client.CreateServiceAccountAsync(Named("build-bot-" + std::to_string(i))));
  }
  for (auto& builder : builders) good = Print(builder.get()) && good;

  // A function, called on the client's thread, where it should be quick. What it refers to has to
  // be there until then: here `main` waits for it.
  std::promise<bool> told;
  client.CreateServiceAccountAsync(
      Named("report-bot"), {},
      [&told](const sa::Result<sa::ServiceAccount>& account) { told.set_value(Print(account)); });
  good = told.get_future().get() && good;

  return good ? 0 : 1;
}
