// What `./scripts/demo` shows: a service account created over real HTTP, then a request that the
// service refuses. The service is the test kit's mock server, on loopback.
#include <service_accounts/service_accounts.h>
#include <service_accounts/testing/mock_server.h>

#include <iomanip>
#include <iostream>
#include <string>

namespace sa = service_accounts;

namespace {

void PrintField(const std::string& name, const std::string& value) {
  std::cout << "  " << std::left << std::setw(17) << name << value << '\n';
}

std::string TextOf(const std::optional<sa::Timestamp>& time) { return time ? time->text() : "-"; }

/// As the server read it, but for the token.
void PrintRequest(const sa::HttpRequest& request) {
  std::cout << "\nThe request, as the server read it:\n\n  " << request.method << ' ' << request.url
            << '\n';
  for (const sa::Header& header : request.headers) {
    const bool secret = header.name == "Authorization";
    std::cout << "  " << header.name << ": " << (secret ? "Bearer [redacted]" : header.value)
              << '\n';
  }
  std::cout << "\n  " << request.body << '\n';
}

void PrintAccount(const sa::ServiceAccount& account) {
  std::string permissions;
  for (const std::string& permission : account.permissions) permissions += permission + " ";
  std::cout << "\nThe account that came back:\n\n";
  PrintField("id", account.id);
  PrintField("name", account.name);
  PrintField("description", account.description.value_or("-"));
  PrintField("permissions", permissions);
  PrintField("status", account.status_text);
  PrintField("organization_id", account.organization_id);
  PrintField("created_by", account.created_by);
  PrintField("created_at", TextOf(account.created_at));
  PrintField("updated_at", TextOf(account.updated_at));
  PrintField("disabled_at", TextOf(account.disabled_at));
}

void PrintMetadata(const sa::ResponseMetadata& metadata) {
  PrintField("request id", metadata.request_id);
  PrintField("took", std::to_string(metadata.elapsed.count() / 1000) + " us");
}

void PrintError(const sa::Error& error) {
  std::cout << "\nThe error that came back:\n\n";
  PrintField("kind", std::string(ToString(error.kind)));
  PrintField("outcome", std::string(ToString(error.outcome)) + " (the account was not created)");
  PrintField("http_status", std::to_string(error.http_status));
  PrintField("code", error.code);
  PrintField("message", error.message);
  PrintField("details", error.details);
  PrintField("request_id", error.request_id);
  std::cout << "\nThe same as one line for a log:\n\n  " << error << '\n';
}

}  // namespace

int main() {
  const sa::testing::MockServer server;
  sa::ClientOptions options;
  options.base_url = server.base_url();
  options.credentials = sa::BearerToken(server.token());
  options.user_agent = "demo/1.0";
  const sa::ServiceAccountsClient client(options);
  std::cout << "A mock of the service listens on " << server.base_url() << ".\n\n"
            << "=== A service account is created ===\n";

  sa::CreateServiceAccountRequest request;
  request.name = "deploy-bot";
  request.permissions = {"org:read", "workflow:create"};
  request.description = "Rolls out the web site";
  const auto account = client.CreateServiceAccount(request);
  if (!account) {
    std::cerr << account.error() << '\n';
    return 1;
  }
  PrintRequest(server.requests().back());
  PrintAccount(*account);
  PrintMetadata(account.metadata());

  std::cout << "\n=== A request that the service refuses: its second permission is empty ===\n";
  request.name = "report-bot";
  request.permissions = {"org:read", ""};
  const auto refused = client.CreateServiceAccount(request);
  if (refused) {
    std::cerr << "the mock server accepted an empty permission\n";
    return 1;
  }
  PrintError(refused.error());
  return 0;
}
