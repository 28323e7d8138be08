// The library against the mock server: what arrives, and what comes back.
#include <service_accounts/testing/mock_server.h>

#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/http_text.h"

namespace service_accounts::tests {
namespace {

using namespace std::string_literals;
using testing::MockServer;

TEST_CASE("An account is created, and comes back with all that the service says of it") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  CreateServiceAccountRequest request = Request("deploy-bot");
  request.permissions = {"org:read", "workflow:create"};
  request.description = "Rolls out the web site";
  const auto account = client.CreateServiceAccount(request);
  REQUIRE(account);
  CHECK_FALSE(account->id.empty());
  CHECK(account->name == request.name);
  CHECK(account->permissions == request.permissions);
  CHECK(account->description == request.description);
  CHECK(account->status == ServiceAccountStatus::kActive);
  CHECK_FALSE(account->organization_id.empty());
  CHECK_FALSE(account->created_by.empty());
  REQUIRE(account->created_at);
  CHECK(account->created_at->time());
  REQUIRE(server.accounts().size() == 1);
  CHECK(server.accounts().front() == *account);
  CHECK(account.metadata().http_status == 200);
  CHECK(account.metadata().code == 200);
  CHECK(account.metadata().message == "success");
  CHECK(account.metadata().http_version == "HTTP/1.1");
  CHECK_FALSE(account.metadata().request_id.empty());
}

TEST_CASE("Texts arrive byte for byte, whatever characters they hold") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  for (const std::string& text :
       {"\"quotes\" and \\backslashes\\"s, "line\r\nbreaks\tand \x01\x1F\x7F"s, "</script><!--"s,
        "a\0b"s, "caf\xC3\xA9 \xF0\x9F\x9A\x80 \xE2\x80\xA8"s, std::string(100'000, 'x')}) {
    CAPTURE(text.substr(0, 40));
    CreateServiceAccountRequest request = Request(text);
    request.permissions = {text};
    request.description = text;
    const auto account = client.CreateServiceAccount(request);
    REQUIRE(account);
    CHECK(account->name == text);
    CHECK(account->permissions == std::vector<std::string>{text});
    CHECK(account->description == text);
    CHECK(server.accounts().back().name == text);
  }
}

TEST_CASE("Extra fields and extra headers arrive as they were given") {
  const MockServer server;
  ClientOptions options = Options(server.base_url(), server.token());
  options.headers = {{"X-Organization", "org_1"}, {"X-Empty", ""}};
  CreateServiceAccountRequest request = Request("deploy-bot");
  request.extra_fields["labels"] = R"({"team": "web"})";
  CallOptions call;
  call.headers = {{"X-Trace", "a b\tc"}};
  REQUIRE(ServiceAccountsClient(options).CreateServiceAccount(request, call));
  const HttpRequest sent = server.requests().front();
  CHECK(sent.body ==
        R"({"name":"deploy-bot","permissions":["org:read"],"labels":{"team": "web"}})");
  const HeaderList headers = [&] {
    HeaderList list;
    for (const Header& header : sent.headers) list.push_back(header);
    return list;
  }();
  CHECK(headers.find("X-Organization") == "org_1");
  CHECK(headers.find("X-Empty") == "");
  CHECK(headers.find("X-Trace") == "a b\tc");
  CHECK(headers.find("Accept") == "application/json");
  CHECK(headers.find("Content-Type") == "application/json");
  CHECK(headers.find("Expect") == std::nullopt);
  CHECK(headers.find("Accept-Encoding") == std::nullopt);
  CHECK(headers.find("Content-Length") == std::to_string(sent.body.size()));
}

TEST_CASE("A prefix in the base URL stands before the endpoint's path, with one slash between") {
  MockServer server;
  for (const std::string prefix : {"", "/", "/api", "/api/", "/api//"}) {
    server.Reply(200, {}, kAccount);
    REQUIRE(ServiceAccountsClient(Options(server.base_url() + prefix))
                .CreateServiceAccount(Request("x")));
    CHECK(server.requests().back().url ==
          (prefix.size() > 1 ? "/api" : ""s) + "/v1/service-accounts");
  }
}

TEST_CASE("The service's refusals come back as what they are") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  REQUIRE(client.CreateServiceAccount(Request("taken")));

  const auto conflict = client.CreateServiceAccount(Request("taken"));
  REQUIRE_FALSE(conflict);
  CHECK(conflict.error().kind == ErrorKind::kConflict);
  CHECK(conflict.error().outcome == RequestOutcome::kRejected);
  CHECK(conflict.error().http_status == 409);
  CHECK(conflict.error().code == "409");

  CreateServiceAccountRequest request = Request("other");
  request.permissions = {"org:read", ""};
  const auto bad = client.CreateServiceAccount(request);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().kind == ErrorKind::kBadRequest);
  CHECK(bad.error().outcome == RequestOutcome::kRejected);
  CHECK(bad.error().message.find("permissions[1]") != std::string::npos);
  CHECK(bad.error().details == R"({"data":{"field":"permissions[1]"}})");
  CHECK(bad.error().request_id == bad.metadata().request_id);

  const auto stranger =
      ServiceAccountsClient(Options(server.base_url())).CreateServiceAccount(Request("x"));
  REQUIRE_FALSE(stranger);
  CHECK(stranger.error().kind == ErrorKind::kUnauthenticated);
  CHECK(stranger.error().outcome == RequestOutcome::kRejected);

  const auto lost = ServiceAccountsClient(Options(server.base_url() + "/wrong", server.token()))
                        .CreateServiceAccount(Request("x"));
  REQUIRE_FALSE(lost);
  CHECK(lost.error().kind == ErrorKind::kNotFound);
  CHECK(server.accounts().size() == 1);
}

TEST_CASE("A body longer than a megabyte is sent at once, without asking first") {
  const MockServer server;
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  CreateServiceAccountRequest request = Request("large");
  request.description = std::string(3 << 20, 'x');
  const auto account = client.CreateServiceAccount(request);
  // The account comes back with its description, and that is more than a reply may hold.
  REQUIRE_FALSE(account);
  CHECK(account.error().kind == ErrorKind::kResponseTooLarge);
  CHECK(account.error().outcome == RequestOutcome::kAccepted);
  REQUIRE(server.accounts().size() == 1);
  CHECK(server.accounts().front().description == request.description);
}

}  // namespace
}  // namespace service_accounts::tests
