// A transport of one's own in the place of libcurl: here one that shows each request and sends
// nothing, as for a dry run. The client still checks, encodes and signs as always.
//
// What stands here for another HTTP stack has to keep four rules: send at most once, follow no
// redirect, return by `context.deadline`, and say `kNotSent` only if no byte left.
#include <service_accounts/service_accounts.h>

#include <iostream>
#include <memory>

namespace sa = service_accounts;

namespace {

class DryRun final : public sa::HttpTransport {
 public:
  [[nodiscard]] sa::TransportResult Send(const sa::HttpRequest& request,
                                         const sa::SendContext& /*context*/) override {
    std::cout << request.method << ' ' << request.url << '\n';
    for (const sa::Header& header : request.headers) {
      // A transport sees the token: it is the one place that has to take care of it.
      const bool secret = header.name == "Authorization";
      std::cout << header.name << ": " << (secret ? "Bearer [redacted]" : header.value) << '\n';
    }
    std::cout << '\n' << request.body << '\n';

    sa::TransportFailure failure;
    failure.kind = sa::ErrorKind::kConnection;
    failure.outcome = sa::RequestOutcome::kNotSent;
    failure.message = "a dry run sends nothing";
    return failure;
  }
};

}  // namespace

int main() {
  sa::ClientOptions options;
  options.base_url = "https://accounts.example.com";
  options.credentials = sa::BearerToken("secret-token");
  options.transport = std::make_shared<DryRun>();
  options.retry.max_attempts = 1;  // Else what was not sent would be tried again.
  const sa::ServiceAccountsClient client(options);

  sa::CreateServiceAccountRequest request;
  request.name = "deploy-bot";
  request.permissions = {"org:read"};
  request.extra_fields["labels"] = R"({"team": "web"})";
  const auto account = client.CreateServiceAccount(request);
  if (account) return 1;
  std::cout << '\n' << account.error() << '\n';
  return account.error().outcome == sa::RequestOutcome::kNotSent ? 0 : 1;
}
