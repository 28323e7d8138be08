// The library's requests and the mock server's replies, judged by an implementation of OpenAPI that
// knows neither: Stoplight Prism, as a proxy between the two, with docs/openapi.yaml to go by. See
// ./scripts/contract.
#include <service_accounts/testing/mock_server.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/client.h"
#include "tests/support/raw_client.h"

namespace service_accounts::tests {
namespace {

using namespace std::string_literals;
using testing::MockServer;
using Kind = ErrorKind;
using Outcome = RequestOutcome;

std::string Setting(const char* name) { return Environment(name, "run ./scripts/contract"); }

/// The mock server behind Prism.
class JudgedServer {
 public:
  JudgedServer()
      : prism_({Setting("CONTRACT_PRISM"), "proxy", "--errors", "--port", std::to_string(port_),
                Setting("CONTRACT_DOCUMENT"), mock_.base_url()},
               Setting("CONTRACT_LOG")) {
    prism_.AwaitListening(port_);
  }

  [[nodiscard]] MockServer& mock() { return mock_; }
  [[nodiscard]] int port() const { return port_; }

  /// Of a client that tries once: a repetition would hide what was answered to the first attempt.
  [[nodiscard]] ClientOptions Options() const {
    ClientOptions options =
        tests::Options("http://127.0.0.1:" + std::to_string(port_), mock_.token());
    options.retry.max_attempts = 1;
    return options;
  }

 private:
  MockServer mock_;
  int port_ = FreePorts(1).front();
  ChildProcess prism_;
};

/// Whether Prism said something of its own: in a reply's place, or in a field that it added.
bool Objected(const Result<ServiceAccount>& result) {
  return result.metadata().body.find("stoplight.io/prism/errors") != std::string::npos ||
         result.metadata().headers.find("sl-violations").has_value();
}

TEST_CASE("Every kind of request is as the document says, and so is the success that it meets") {
  JudgedServer server;
  const ServiceAccountsClient client(server.Options());
  std::vector<CreateServiceAccountRequest> requests;
  const auto add = [&](const std::string& name) -> CreateServiceAccountRequest& {
    return requests.emplace_back(Request(name));
  };
  add("plain");
  add("without permissions").permissions.clear();
  add("with many").permissions.assign(500, "workflow:create");
  add("described").description = "Rolls out the web site";
  add("described with nothing").description = "";
  add("caf\xC3\xA9 \xF0\x9F\x9A\x80 \xE2\x80\xA8").description = "\xE6\x97\xA5\xE6\x9C\xAC";
  add("\"quotes\" \\ and \x01\x1F\x7F\r\n\t").permissions = {"</script>", "a\0b"s};
  add("long").description = std::string(50'000, 'x');
  add("with more").extra_fields = {
      {"labels", R"({"team": "web"})"}, {"size", "1e3"}, {"none", "null"}, {"list", "[[], {}]"}};
  for (const CreateServiceAccountRequest& request : requests) {
    CAPTURE(request.name);
    const auto account = client.CreateServiceAccount(request);
    CHECK_FALSE(Objected(account));
    REQUIRE(account);
    CHECK(account->name == request.name);
    CHECK(account->permissions == request.permissions);
    CHECK(account->description == request.description);
  }
  CHECK(server.mock().accounts().size() == requests.size());
}

TEST_CASE("Every header field that a caller may add is as the document says") {
  JudgedServer server;
  ClientOptions options = server.Options();
  options.headers = {{"X-Organization", "org_1"}, {"X-Request-Id", "req_mine"}};
  options.user_agent = "my-tool/1.2";
  const ServiceAccountsClient client(options);
  for (const std::string& key : {"k"s, "deploy bot ~ 1"s, std::string(255, 'k')}) {
    CAPTURE(key);
    CallOptions call;
    call.idempotency_key = key;
    const auto account = client.CreateServiceAccount(Request("with " + key), call);
    CHECK_FALSE(Objected(account));
    REQUIRE(account);
    const HttpRequest request = server.mock().requests().back();
    HeaderList sent;
    for (const Header& header : request.headers) sent.push_back(header);
    CHECK(sent.find("Idempotency-Key") == key);
    CHECK(sent.find("X-Request-Id") == "req_mine");
  }
}

TEST_CASE("Asynchronous calls and a bulk call are as the document says too") {
  JudgedServer server;
  const ServiceAccountsClient client(server.Options());
  std::vector<CreateServiceAccountRequest> requests;
  for (int i = 0; i < 50; ++i) requests.push_back(Request("bot-" + std::to_string(i)));
  for (const auto& account : client.CreateServiceAccounts(requests)) {
    CHECK_FALSE(Objected(account));
    CHECK(account);
  }
  const auto account = client.CreateServiceAccountAsync(Request("alone")).get();
  CHECK_FALSE(Objected(account));
  CHECK(account);
  CHECK(server.mock().accounts().size() == 51);
}

TEST_CASE("What the mock server refuses by itself, it refuses as the document says") {
  JudgedServer server;
  const ServiceAccountsClient client(server.Options());
  REQUIRE(client.CreateServiceAccount(Request("taken")));

  const auto conflict = client.CreateServiceAccount(Request("taken"));
  REQUIRE_FALSE(conflict);
  CHECK_FALSE(Objected(conflict));
  CHECK(conflict.error().kind == Kind::kConflict);

  CreateServiceAccountRequest request = Request("other");
  request.permissions = {""};
  const auto bad = client.CreateServiceAccount(request);
  REQUIRE_FALSE(bad);
  CHECK_FALSE(Objected(bad));
  CHECK(bad.error().kind == Kind::kBadRequest);
  CHECK(bad.error().details == R"({"data":{"field":"permissions[0]"}})");

  ClientOptions options = server.Options();
  options.credentials = BearerToken(kToken);
  const auto stranger = ServiceAccountsClient(options).CreateServiceAccount(Request("x"));
  REQUIRE_FALSE(stranger);
  CHECK_FALSE(Objected(stranger));
  CHECK(stranger.error().kind == Kind::kUnauthenticated);
  CHECK(server.mock().requests().size() == 4);
}

TEST_CASE("Every reply that the document allows is taken for what it means") {
  struct Reply {
    int status;
    std::vector<Header> headers;
    std::string body;
    Kind kind;
    Outcome outcome;
  };
  const std::vector<Header> json = {{"Content-Type", "application/json"}};
  const auto with = [&](const Header& header) { return std::vector<Header>{json.front(), header}; };
  const std::string envelope = R"({"code": 7, "message": "no", "requestId": "req_1"})";
  const std::string wrapped = R"({"success": false, "error": {"code": "NO", "message": "no"}})";
  const std::vector<Reply> replies = {
      {400, json, envelope, Kind::kBadRequest, Outcome::kRejected},
      {400, json, wrapped, Kind::kBadRequest, Outcome::kRejected},
      {401, with({"WWW-Authenticate", "Bearer"}), wrapped, Kind::kUnauthenticated,
       Outcome::kRejected},
      {403, json, envelope, Kind::kPermissionDenied, Outcome::kRejected},
      {403, json, wrapped, Kind::kPermissionDenied, Outcome::kRejected},
      {404, with({"X-Request-Id", "req_1"}), wrapped, Kind::kNotFound, Outcome::kRejected},
      {408, json, envelope, Kind::kUnexpectedStatus, Outcome::kUnknown},
      {409, json, wrapped, Kind::kConflict, Outcome::kRejected},
      {413,
       {{"Content-Type", "text/html"}},
       "<html></html>",
       Kind::kUnexpectedStatus,
       Outcome::kRejected},
      {429, with({"Retry-After", "2"}), envelope, Kind::kRateLimited, Outcome::kRejected},
      {429, with({"Retry-After", "Sat, 31 Jan 2026 12:00:00 GMT"}), envelope, Kind::kRateLimited,
       Outcome::kRejected},
      {500, json, envelope, Kind::kServerError, Outcome::kUnknown},
      {502,
       {{"Content-Type", "text/html"}},
       "<html></html>",
       Kind::kServerError,
       Outcome::kUnknown},
      {503, with({"Retry-After", "2"}), wrapped, Kind::kServerError, Outcome::kUnknown},
      {504, {{"Content-Type", "text/plain"}}, "too late", Kind::kServerError, Outcome::kUnknown},
  };
  JudgedServer server;
  const ServiceAccountsClient client(server.Options());
  for (const Reply& reply : replies) {
    CAPTURE(reply.status, reply.body);
    server.mock().Reply(reply.status, reply.headers, reply.body);
    const auto result = client.CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(result);
    CHECK_FALSE(Objected(result));
    CHECK(result.error().http_status == reply.status);
    CHECK(result.error().kind == reply.kind);
    CHECK(result.error().outcome == reply.outcome);
    CHECK(result.error().retry_after.has_value() ==
          result.metadata().headers.find("Retry-After").has_value());
  }
  // What deployments were seen to answer: another status, and members that are null or not there.
  for (const std::string& body :
       {R"({"data": {"id": "sa_1"}})"s,
        R"({"data": {"id": "sa_1", "description": null, "disabledAt": null, "new": 1}})"s}) {
    CAPTURE(body);
    server.mock().Reply(201, json, body);
    const auto account = client.CreateServiceAccount(Request("x"));
    CHECK_FALSE(Objected(account));
    REQUIRE(account);
    CHECK(account->id == "sa_1");
  }
  CHECK(server.mock().requests().size() == replies.size() + 2);
}

// That all of the above means something: Prism does object.
TEST_CASE("A request that is not as the document says is refused, and goes no further") {
  JudgedServer server;
  const std::string token = "Authorization: Bearer " + server.mock().token() + "\r\n";
  const std::string type = "Content-Type: application/json\r\n";
  struct Wrong {
    const char* what;
    std::string headers;
    std::string body;
    std::string complaint;
  };
  for (const Wrong& wrong : std::vector<Wrong>{
           {"no token", type, R"({"name":"a","permissions":[]})", "#UNAUTHORIZED"},
           {"no body", token + type, "", "Body parameter is required"},
           {"no name", token + type, R"({"permissions":[]})", "name"},
           {"empty name", token + type, R"({"name":"","permissions":[]})", "minLength"},
           {"no permissions", token + type, R"({"name":"a"})", "permissions"},
           {"a number as a name", token + type, R"({"name":5,"permissions":[]})", "string"},
           {"a text as permissions", token + type, R"({"name":"a","permissions":"b"})", "array"},
           {"a number as a permission", token + type, R"({"name":"a","permissions":[1]})",
            "string"},
           {"a description that is null", token + type,
            R"({"name":"a","permissions":[],"description":null})", "description"},
           {"a list", token + type, "[]", "object"},
           {"a key that is too long",
            token + type + "Idempotency-Key: " + std::string(256, 'k') + "\r\n",
            R"({"name":"a","permissions":[]})", "maxLength"},
           {"another type of body", token + "Content-Type: text/csv\r\n", "name,permissions",
            "Supported content types"},
       }) {
    CAPTURE(wrong.what);
    RawClient client(server.port());
    client.Send("POST /v1/service-accounts HTTP/1.1\r\nHost: localhost\r\n" + wrong.headers +
                "Content-Length: " + std::to_string(wrong.body.size()) + "\r\n\r\n" + wrong.body);
    const std::string reply = client.ReadReply();
    CAPTURE(reply);
    CHECK(StatusOf(reply) >= 400);
    CHECK(BodyOf(reply).find("stoplight.io/prism/errors") != std::string::npos);
    CHECK(BodyOf(reply).find(wrong.complaint) != std::string::npos);
  }
  CHECK(server.mock().requests().empty());
}

TEST_CASE("A reply that is not as the document says is objected to") {
  JudgedServer server;
  const ServiceAccountsClient client(server.Options());
  const std::vector<Header> json = {{"Content-Type", "application/json"}};
  struct Wrong {
    const char* what;
    int status;
    std::vector<Header> headers;
    std::string body;
  };
  for (const Wrong& wrong : std::vector<Wrong>{
           {"no data", 200, json, R"({"code":200})"},
           {"a list as data", 200, json, R"({"data":[]})"},
           {"a text as the code", 200, json, R"({"code":"200","data":{"id":"a"}})"},
           {"a number as the id", 200, json, R"({"data":{"id":1}})"},
           {"another status of the account", 200, json, R"({"data":{"status":"gone"}})"},
           {"a name that is null", 200, json, R"({"data":{"name":null}})"},
           {"a number as a permission", 200, json, R"({"data":{"permissions":[1]}})"},
           {"text in place of JSON", 200, {{"Content-Type", "text/plain"}}, "created"},
           {"a status that is not there", 302, json, "{}"},
           {"a refusal without a message", 400, json, R"({"code":400})"},
           {"a refusal that says success", 403, json,
            R"({"success":true,"error":{"code":"A","message":"b"}})"},
           {"a wait in words",
            429,
            {json.front(), {"Retry-After", "soon"}},
            R"({"code":429,"message":"b"})"},
       }) {
    CAPTURE(wrong.what);
    server.mock().Reply(wrong.status, wrong.headers, wrong.body);
    const auto result = client.CreateServiceAccount(Request("x"));
    CAPTURE(result.metadata().headers.text(), result.metadata().body);
    CHECK(Objected(result));
  }
}

}  // namespace
}  // namespace service_accounts::tests
