// This library's CreateServiceAccounts, against a server that takes a while for each reply. The
// connections are there before: a first, shorter list of creates is not measured.
#include <service_accounts/service_accounts.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "harness.h"

namespace sa = service_accounts;

namespace {

long Create(const sa::ServiceAccountsClient& client, std::size_t in_flight, long first,
            long count) {
  std::vector<sa::CreateServiceAccountRequest> requests(static_cast<std::size_t>(count));
  for (long i = 0; i < count; ++i) {
    sa::CreateServiceAccountRequest& request = requests[static_cast<std::size_t>(i)];
    request.name = benchmark::Name(first + i);
    request.permissions = benchmark::Permissions();
    request.description = benchmark::Description();
  }
  sa::BulkOptions bulk;
  bulk.max_in_flight = in_flight;
  const auto results = client.CreateServiceAccounts(requests, bulk);
  return std::count_if(results.begin(), results.end(),
                       [](const sa::Result<sa::ServiceAccount>& r) { return r.has_value(); });
}

benchmark::Run Make(const benchmark::Options& options) {
  sa::ClientOptions client;
  client.base_url = options.url;
  client.credentials = sa::BearerToken(options.token);
  return [client = sa::ServiceAccountsClient(client), in_flight = options.in_flight](long first,
                                                                                     long count) {
    return Create(client, static_cast<std::size_t>(in_flight), first, count);
  };
}

}  // namespace

int main(int argc, char** argv) { return benchmark::Main(argc, argv, Make); }
