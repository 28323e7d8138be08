// What a program does about each way a creation can end. The question to ask is not "what was the
// status?" but "may the account exist?": that is Error::outcome.
//
// Runs against a mock server that is made to fail in each way; or, when SERVICE_ACCOUNTS_BASE_URL
// and SERVICE_ACCOUNTS_TOKEN are set, creates one account (its name as argument) at that service.
#include <service_accounts/service_accounts.h>
#include <service_accounts/testing/mock_server.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace sa = service_accounts;

namespace {

void Explain(const sa::Error& error) {
  switch (error.outcome) {
    case sa::RequestOutcome::kNotSent:
      std::cout << "  not sent, so it is safe to try again later\n";
      return;
    case sa::RequestOutcome::kRejected:
      if (error.kind == sa::ErrorKind::kConflict) {
        std::cout << "  exists already: look it up and use it\n";
      } else if (error.kind == sa::ErrorKind::kRateLimited && error.retry_after) {
        std::cout << "  too fast: wait " << error.retry_after->count() << " ms, then repeat\n";
      } else {
        std::cout << "  not created: correct the request. The service says: " << error.details
                  << '\n';
      }
      return;
    case sa::RequestOutcome::kUnknown:
      std::cout << "  may exist: look for it by name before repeating\n";
      return;
    case sa::RequestOutcome::kAccepted:
      std::cout << "  exists, but the reply was unreadable: look it up by name\n";
      return;
  }
}

void Create(const sa::ServiceAccountsClient& client, const std::string& name,
            const std::vector<std::string>& permissions) {
  sa::CreateServiceAccountRequest request;
  request.name = name;
  request.permissions = permissions;
  const auto account = client.CreateServiceAccount(request);
  if (account) {
    std::cout << "created " << account->id << '\n';
  } else {
    std::cout << account.error() << '\n';
    Explain(account.error());
  }
}

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

void ShowEachEnd() {
  sa::testing::MockServer server;
  sa::ClientOptions options;
  options.base_url = server.base_url();
  options.credentials = sa::BearerToken(server.token());
  const sa::ServiceAccountsClient client(options);

  Create(client, "deploy-bot", {"org:read"});
  Create(client, "report-bot", {"org:read", ""});  // 400: a permission may not be empty.
  Create(client, "deploy-bot", {"org:read"});      // 409: the name exists.
  server.Reply(429, {{"Retry-After", "2"}}, "slow down");
  Create(client, "build-bot", {"org:read"});
  server.Reply(502, {}, "<html>Bad Gateway</html>");
  Create(client, "build-bot", {"org:read"});
  server.Reply(200, {}, "OK");
  Create(client, "build-bot", {"org:read"});
}

}  // namespace

int main(int argc, char** argv) {
  if (!IsSet("SERVICE_ACCOUNTS_BASE_URL") || !IsSet("SERVICE_ACCOUNTS_TOKEN")) {
    ShowEachEnd();
    return 0;
  }
  const sa::ServiceAccountsClient client(sa::ClientOptions::FromEnvironment());
  Create(client, argc > 1 ? argv[1] : "example-bot", {"org:read"});
  return 0;
}
