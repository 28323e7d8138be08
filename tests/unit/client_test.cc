// The client over the fake transport: what it sends, what it refuses, what it gives out.
#include <service_accounts/service_accounts.h>
#include <service_accounts/testing/fake_transport.h>

#include <functional>
#include <memory>

#include "tests/support/catch.h"

namespace service_accounts::v0 {
namespace {

using namespace std::chrono_literals;

constexpr const char* kAccount =
    R"({"code":200,"data":{"id":"sa_1","name":"x"},"message":"success","requestId":"req_1"})";

struct Setup {
  std::shared_ptr<testing::FakeTransport> fake = std::make_shared<testing::FakeTransport>();
  ClientOptions options;
  CreateServiceAccountRequest request;

  Setup() {
    options.base_url = "https://accounts.test/prefix/";
    options.credentials = BearerToken("TOPSECRET-0123456789");
    options.transport = fake;
    request.name = "x";
  }

  Result<ServiceAccount> Create(const CallOptions& call = {}) const {
    return ServiceAccountsClient(options).CreateServiceAccount(request, call);
  }
};

/// Keeps what a transport is told.
class ContextTransport final : public HttpTransport {
 public:
  TransportResult Send(const HttpRequest&, const SendContext& context) override {
    seen = context;
    return HttpResponse{200, "HTTP/1.1", {}, kAccount, {}};
  }
  SendContext seen;
};

TEST_CASE("A call sends one POST to the endpoint with token, type and body") {
  Setup setup;
  setup.fake->Reply(200, kAccount);
  setup.options.user_agent = "app/1.0";
  setup.options.headers = {{"X-Organization", "org_1"}, {"X-Trace", "client"}};
  CallOptions call;
  call.headers = {{"x-trace", "call"}};
  const auto account = setup.Create(call);
  REQUIRE(account);
  CHECK(account->id == "sa_1");
  REQUIRE(setup.fake->requests().size() == 1);
  const HttpRequest& sent = setup.fake->requests().front();
  CHECK(sent.method == "POST");
  CHECK(sent.url == "https://accounts.test/prefix/v1/service-accounts");
  CHECK(sent.body == R"({"name":"x","permissions":[]})");
  CHECK(
      sent.headers ==
      std::vector<Header>{{"Accept", "application/json"},
                          {"Content-Type", "application/json"},
                          {"User-Agent", std::string("app/1.0 service-accounts-cpp/") + Version()},
                          {"X-Organization", "org_1"},
                          {"x-trace", "call"},
                          {"Authorization", "Bearer TOPSECRET-0123456789"}});
}

TEST_CASE("A call's metadata tells of the reply, for success and error alike") {
  Setup setup;
  setup.fake->Reply(200, kAccount, {{"X-Served-By", "a"}});
  setup.fake->Reply(409, R"({"code":409,"message":"taken","requestId":"req_2"})");
  setup.fake->Fail(ErrorKind::kTimeout, RequestOutcome::kUnknown);
  const ServiceAccountsClient client(setup.options);
  const auto created = client.CreateServiceAccount(setup.request);
  CHECK(created.metadata().http_status == 200);
  CHECK(created.metadata().request_id == "req_1");
  CHECK(created.metadata().headers.find("x-served-by") == "a");
  CHECK(created.metadata().elapsed > 0ns);
  const auto taken = client.CreateServiceAccount(setup.request);
  CHECK(taken.metadata().http_status == 409);
  CHECK(taken.error().kind == ErrorKind::kConflict);
  CHECK(taken.error().attempts == 1);
  const auto lost = client.CreateServiceAccount(setup.request);
  CHECK(lost.metadata().http_status == 0);
  CHECK(lost.error().kind == ErrorKind::kTimeout);
  CHECK(lost.error().outcome == RequestOutcome::kUnknown);
  CHECK(lost.error().attempts == 1);
}

TEST_CASE("What cannot be sent is refused before the transport sees it") {
  struct Case {
    const char* expected;
    std::function<void(Setup&, CallOptions&)> change;
  };
  const Case cases[] = {
      {"base_url:", [](Setup& s, CallOptions&) { s.options.base_url = "http://accounts.test"; }},
      {"credentials:",
       [](Setup& s, CallOptions&) { s.options.credentials = BearerToken("TOP SECRET"); }},
      {"credentials:", [](Setup& s, CallOptions&) { s.options.credentials = {}; }},
      {"timeout:", [](Setup&, CallOptions& call) { call.timeout = 0ms; }},
      {"timeout:", [](Setup&, CallOptions& call) { call.timeout = -1ms; }},
      {"headers[0]:",
       [](Setup&, CallOptions& call) {
         call.headers = {{"Authorization", "Bearer x"}};
       }},
      {"headers[0]:",
       [](Setup&, CallOptions& call) {
         call.headers = {{"X", "a\r\nAuthorization: b"}};
       }},
      {"name:", [](Setup& s, CallOptions&) { s.request.name.clear(); }},
      {"permissions[0]:", [](Setup& s, CallOptions&) { s.request.permissions = {"\xFF"}; }},
      {"extra_fields:", [](Setup& s, CallOptions&) { s.request.extra_fields["a"] = "{"; }},
  };
  for (const Case& c : cases) {
    INFO(c.expected);
    Setup setup;
    CallOptions call;
    c.change(setup, call);
    const auto refused = setup.Create(call);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::kInvalidArgument);
    CHECK(refused.error().outcome == RequestOutcome::kNotSent);
    CHECK(refused.error().attempts == 0);
    CHECK(refused.error().message.find(c.expected) == 0);
    CHECK(refused.error().message.find("SECRET") == std::string::npos);
    CHECK(setup.fake->requests().empty());
  }
}

TEST_CASE("The transport is told the call's bounds") {
  Setup setup;
  const auto transport = std::make_shared<ContextTransport>();
  setup.options.transport = transport;
  setup.options.connect_timeout = 3s;
  setup.options.max_response_bytes = 1234;
  CallOptions call;
  const auto before = std::chrono::steady_clock::now();
  call.timeout = 2s;
  REQUIRE(setup.Create(call));
  const auto after = std::chrono::steady_clock::now();
  CHECK(transport->seen.deadline >= before + 2s);
  CHECK(transport->seen.deadline <= after + 2s);
  CHECK(transport->seen.connect_timeout == 3s);
  CHECK(transport->seen.max_response_bytes == 1234);
  call.timeout = std::chrono::milliseconds::max();
  REQUIRE(setup.Create(call));
  CHECK(transport->seen.deadline > after + 1000h);
}

TEST_CASE("The token is in nothing that a call gives out, however the service echoes it") {
  const std::string token = "TOPSECRET-0123456789";
  const HeaderList echo = {{"X-Echo", "Bearer " + token}, {"X-Request-Id", token}};
  const std::pair<int, std::string> replies[] = {
      {400, "you sent Bearer " + token},
      {400, R"({"code":")" + token + R"(","message":"bad )" + token + R"(","requestId":")" + token +
                R"(","authorization":")" + token + R"("})"},
      {400, R"({"message":"\u0054OPSECRET-0123456789"})"},
      {401,
       R"({"success":false,"error":{"code":"X","message":"token )" + token + R"( is wrong"}})"},
      {502, "<html>" + token + "</html>"},
      {200, R"({"code":200,"message":")" + token + R"(","requestId":")" + token + R"("})"},
      {200, R"({"code":200,"data":{"id":"sa_1"},"message":")" + token + R"("})"},
      {200, token},
  };
  for (const auto& [status, body] : replies) {
    CAPTURE(status, body);
    Setup setup;
    setup.fake->Reply(status, body, echo);
    const auto result = setup.Create();
    const ResponseMetadata& m = result.metadata();
    std::string all = m.request_id + m.message + m.http_version + m.body + m.headers.text();
    if (!result) {
      const Error& e = result.error();
      all += e.code + e.message + e.request_id + e.details + e.body + e.ToString();
    }
    CHECK(all.find(token) == std::string::npos);
    CHECK(all.find("[redacted]") != std::string::npos);
  }
}

TEST_CASE("Copies of a client share it, and one that was moved from says so") {
  Setup setup;
  setup.fake->Reply(200, kAccount);
  ServiceAccountsClient client(setup.options);
  const ServiceAccountsClient copy = client;
  const ServiceAccountsClient moved = std::move(client);
  CHECK(copy.CreateServiceAccount(setup.request));
  const auto refused =
      client.CreateServiceAccount(setup.request);  // NOLINT(bugprone-use-after-move): the point.
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "client: it was moved from");
}

}  // namespace
}  // namespace service_accounts::v0
