// Creating many accounts with one call: so many at a time, with progress, and a summary by what
// came of them. Some of the requests here cannot succeed, so that there is something to sum up.
//
// At the service that SERVICE_ACCOUNTS_BASE_URL and SERVICE_ACCOUNTS_TOKEN name. Without one at
// hand: `mock-server 040-bulk`.
#include <service_accounts/service_accounts.h>

#include <cstddef>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace sa = service_accounts;

namespace {

std::vector<sa::CreateServiceAccountRequest> Requests() {
  std::vector<sa::CreateServiceAccountRequest> requests(100);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].name = "worker-" + std::to_string(i);
    requests[i].permissions = {"org:read"};
  }
  requests[20].name = "";           // Refused here, before anything is sent.
  requests[40].permissions = {""};  // Refused by the service.
  return requests;
}

}  // namespace

int main() {
  const sa::ServiceAccountsClient client(sa::ClientOptions::FromEnvironment());
  const auto requests = Requests();

  sa::BulkOptions bulk;
  bulk.max_in_flight = 10;
  bulk.on_progress = [](const sa::BulkProgress& progress) {
    if (progress.done % 10 != 0) return;
    std::cerr << progress.done << " of " << progress.total << ", " << progress.failed
              << " failed\n";
  };
  const auto accounts = client.CreateServiceAccounts(requests, bulk);

  // The n-th result is the n-th request's.
  int created = 0;
  std::map<sa::RequestOutcome, int> failed;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (accounts[i]) {
      ++created;
    } else {
      ++failed[accounts[i].error().outcome];
      std::cout << "request " << i << ": " << accounts[i].error() << '\n';
    }
  }
  std::cout << created << " created\n";
  for (const auto& [outcome, count] : failed) std::cout << count << ' ' << outcome << '\n';
  return created > 0 ? 0 : 1;
}
