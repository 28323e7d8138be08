#include "service_account_json.h"

#include <service_accounts/json.h>

#include <functional>
#include <map>

#include "tests/support/catch.h"

namespace service_accounts::v0 {
namespace {

using namespace std::string_literals;

constexpr const char* kDocumented = R"({
  "code": 200,
  "data": {
    "createdAt": "2026-01-31T12:00:00Z",
    "createdBy": "usr_1",
    "description": "a description",
    "disabledAt": "2026-03-31T12:00:00Z",
    "id": "sa_1",
    "name": "deploy-bot",
    "organizationId": "org_1",
    "permissions": ["org:read", "workflow:create"],
    "status": "active",
    "updatedAt": "2026-02-28T12:00:00Z"
  },
  "message": "success",
  "requestId": "req_123"
})";

ServiceAccount DocumentedAccount() {
  ServiceAccount account;
  account.id = "sa_1";
  account.name = "deploy-bot";
  account.organization_id = "org_1";
  account.created_by = "usr_1";
  account.description = "a description";
  account.permissions = {"org:read", "workflow:create"};
  account.status = ServiceAccountStatus::kActive;
  account.status_text = "active";
  account.created_at = Timestamp("2026-01-31T12:00:00Z");
  account.updated_at = Timestamp("2026-02-28T12:00:00Z");
  account.disabled_at = Timestamp("2026-03-31T12:00:00Z");
  return account;
}

CreateServiceAccountRequest Request(const std::string& name) {
  CreateServiceAccountRequest request;
  request.name = name;
  return request;
}

struct Decoded : internal::DecodedReply {
  std::optional<ServiceAccount> value;
};

Decoded Decode(std::string_view body) {
  Decoded decoded;
  static_cast<internal::DecodedReply&>(decoded) =
      internal::DecodeServiceAccountReply(body, &decoded.value);
  return decoded;
}

TEST_CASE("The documented reply is read, every member of it") {
  const auto reply = Decode(kDocumented);
  REQUIRE(reply.value);
  CHECK(*reply.value == DocumentedAccount());
  CHECK(reply.envelope.code == 200);
  CHECK(reply.envelope.message == "success");
  CHECK(reply.envelope.request_id == "req_123");
}

TEST_CASE("A reply with an id alone is an account") {
  const auto reply = Decode(R"({"data":{"id":"sa_1","description":null,"disabledAt":null}})");
  REQUIRE(reply.value);
  CHECK(reply.value->id == "sa_1");
  CHECK(reply.value->description == std::nullopt);
  CHECK(reply.value->disabled_at == std::nullopt);
  CHECK(reply.value->status == ServiceAccountStatus::kUnspecified);
}

TEST_CASE("A status is recognized, or kept as the word that it is") {
  const std::pair<std::string, ServiceAccountStatus> cases[] = {
      {"active", ServiceAccountStatus::kActive},
      {"disabled", ServiceAccountStatus::kDisabled},
      {"suspended", ServiceAccountStatus::kUnrecognized},
      {"ACTIVE", ServiceAccountStatus::kUnrecognized},
      {"", ServiceAccountStatus::kUnspecified}};
  for (const auto& [word, status] : cases) {
    CAPTURE(word);
    const auto account = ServiceAccountFromJson(R"({"id":"sa_1","status":")" + word + "\"}");
    REQUIRE(account);
    CHECK(account->status == status);
    CHECK(account->status_text == word);
  }
}

TEST_CASE("A reply without an account that can be read says why") {
  struct Case {
    std::string body;
    std::string problem;
    bool lacks_value;
  };
  const Case cases[] = {
      {"{}", "`data.id` is missing or empty", true},
      {R"({"data":null})", "`data.id` is missing or empty", true},
      {R"({"data":{}})", "`data.id` is missing or empty", true},
      {R"({"data":{"id":null}})", "`data.id` is missing or empty", true},
      {R"({"data":{"id":""}})", "`data.id` is missing or empty", true},
      {R"({"data":{"id":7}})", "`data.id` is not a string", false},
      {R"({"data":{"id":"a\u0000b"}})", "`data.id` holds a NUL", false},
      {R"({"data":[]})", "`data` is not an object", false},
      {R"({"data":"sa_1"})", "`data` is not an object", false},
      {R"({"code":"200","data":{"id":"a"}})", "`code` is not an integer", false},
      {R"({"data":{"id":"a","permissions":"org:read"}})",
       "`data.permissions` is not an array of strings", false},
      {R"({"data":{"id":"a","permissions":["a",2]}})", "`data.permissions[1]` is not a string",
       false},
      {R"({"data":{"id":"a","createdAt":1700000000}})", "`data.createdAt` is not a string", false},
      {R"({"data":{"id":"a","status":true}})", "`data.status` is not a string", false},
      {R"({"data":{"id":"a","id":"b"}})", "`data.id` stands there twice", false},
      {R"({"data":{"id":"a"},"data":{"id":"b"}})", "`data` stands there twice", false},
      {R"([{"id":"a"}])", "the JSON is not an object", false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.body);
    const auto reply = Decode(c.body);
    CHECK_FALSE(reply.value);
    CHECK(reply.problem == c.problem);
    CHECK(reply.lacks_value == c.lacks_value);
  }
}

TEST_CASE("An account is the same after it was written and read") {
  const auto json = ToJson(DocumentedAccount());
  REQUIRE(json);
  const auto account = ServiceAccountFromJson(*json);
  REQUIRE(account);
  CHECK(*account == DocumentedAccount());
}

TEST_CASE("An account is written with the members that it has") {
  ServiceAccount account;
  account.id = "sa_1";
  CHECK(*ToJson(account) == R"({"id":"sa_1","permissions":[]})");
  account.status = ServiceAccountStatus::kDisabled;
  account.description = "";
  CHECK(*ToJson(account) ==
        R"({"description":"","id":"sa_1","permissions":[],"status":"disabled"})");
  account.status = ServiceAccountStatus::kActive;
  CHECK(ToJson(account)->find(R"("status":"active")") != std::string::npos);
  account.status_text = "suspended";
  CHECK(ToJson(account)->find(R"("status":"suspended")") != std::string::npos);
}

TEST_CASE("An account with text that is not UTF-8 cannot be written, and the member is named") {
  ServiceAccount account;
  account.id = "sa_1";
  account.created_by = "\xFF";
  CHECK(ToJson(account).error().message == "created_by: is not valid UTF-8");
  account.created_by.clear();
  account.permissions = {"a", "\xC0\x80"};
  CHECK(ToJson(account).error().message == "permissions[1]: is not valid UTF-8");
  const std::pair<const char*, std::function<void(ServiceAccount&)>> members[] = {
      {"id", [](auto& a) { a.id = "\xFF"; }},
      {"name", [](auto& a) { a.name = "\xFF"; }},
      {"organization_id", [](auto& a) { a.organization_id = "\xFF"; }},
      {"description", [](auto& a) { a.description = "\xFF"; }},
      {"status_text", [](auto& a) { a.status_text = "\xFF"; }},
      {"created_at", [](auto& a) { a.created_at = Timestamp("\xFF"); }},
      {"updated_at", [](auto& a) { a.updated_at = Timestamp("\xFF"); }},
      {"disabled_at", [](auto& a) { a.disabled_at = Timestamp("\xFF"); }}};
  for (const auto& [name, spoil] : members) {
    ServiceAccount spoilt = DocumentedAccount();
    spoil(spoilt);
    REQUIRE_FALSE(ToJson(spoilt));
    CHECK(ToJson(spoilt).error().message == name + ": is not valid UTF-8"s);
  }
}

TEST_CASE("A member without a name is unknown in an account, and an extra field of a request") {
  CHECK(ServiceAccountFromJson(R"({"":1,"id":"sa_1"})")->id == "sa_1");
  const auto request = CreateServiceAccountRequestFromJson(R"({"":1,"name":"x","permissions":[]})");
  REQUIRE(request);
  CHECK(request->extra_fields == std::map<std::string, std::string>{{"", "1"}});
}

TEST_CASE("An account that is not one is refused by the rules that replies are read by") {
  CHECK(ServiceAccountFromJson("{}").error().message ==
        "service account: `id` is missing or empty");
  CHECK(ServiceAccountFromJson("{}").error().kind == ErrorKind::kInvalidArgument);
  CHECK(ServiceAccountFromJson("").error().message.find("service account: the JSON is not valid") ==
        0);
  CHECK(ServiceAccountFromJson(R"({"id":"a\u0000"})").error().message ==
        "service account: `id` holds a NUL");
}

TEST_CASE("A request is written with its required members, then what else it has") {
  CreateServiceAccountRequest request = Request("deploy-bot");
  CHECK(*ToJson(request) == R"({"name":"deploy-bot","permissions":[]})");
  request.permissions = {"org:read"};
  request.description = "";
  request.extra_fields = {{"z", "[1, 2]"}, {"labels", R"({"team": "web"})"}};
  CHECK(
      *ToJson(request) ==
      R"({"name":"deploy-bot","permissions":["org:read"],"description":"","labels":{"team": "web"},"z":[1, 2]})");
}

TEST_CASE("A request is the same after it was written and read") {
  CreateServiceAccountRequest request = Request("\"quotes\" \\ \n \0 </script> \xF0\x9F\x9A\x80"s);
  request.permissions = {"org:read", "", "\x01"};
  request.description = "text";
  request.extra_fields = {{"labels", R"({"team":"web","n":1.50})"}};
  const auto again = CreateServiceAccountRequestFromJson(*ToJson(request));
  REQUIRE(again);
  CHECK(*again == request);
}

TEST_CASE("A request is written whole, whichever of its members is the large one") {
  CreateServiceAccountRequest described = Request("x");
  described.description = std::string(10'000, 'd');
  CreateServiceAccountRequest permitted = Request("x");
  permitted.permissions.resize(100);
  CreateServiceAccountRequest extended = Request("x");
  extended.extra_fields["labels"] = "\"" + std::string(10'000, 'l') + "\"";
  CreateServiceAccountRequest many = Request("x");
  for (int i = 0; i < 100; ++i) many.extra_fields[std::to_string(i)] = "1";
  for (const CreateServiceAccountRequest& request :
       {Request(std::string(10'000, 'n')), described, permitted, extended, many}) {
    const auto json = ToJson(request);
    REQUIRE(json);
    const auto again = CreateServiceAccountRequestFromJson(*json);
    REQUIRE(again);
    CHECK(*again == request);
  }
}

TEST_CASE("An extra field may be nested 31 deep, as the request around it is one level more") {
  CreateServiceAccountRequest request = Request("x");
  request.extra_fields["a"] = std::string(31, '[') + std::string(31, ']');
  const auto json = ToJson(request);
  REQUIRE(json);
  CHECK(CreateServiceAccountRequestFromJson(*json));
}

TEST_CASE("A request that could not be sent is refused by the name of what is wrong") {
  CreateServiceAccountRequest latin = Request("x");
  latin.description = "caf\xE9";
  CreateServiceAccountRequest permission = Request("x");
  permission.permissions = {"ok", "\xED\xA0\x80"};
  const auto extra = [](const std::string& name, const std::string& json) {
    CreateServiceAccountRequest request = Request("x");
    request.extra_fields[name] = json;
    return request;
  };
  const std::pair<CreateServiceAccountRequest, std::string> cases[] = {
      {Request(""), "name: is empty"},
      {Request("\xFF"), "name: is not valid UTF-8"},
      {latin, "description: is not valid UTF-8"},
      {permission, "permissions[1]: is not valid UTF-8"},
      {extra("name", "\"y\""), "extra_fields: `name` is a member of the request"},
      {extra("permissions", "[]"), "extra_fields: `permissions` is a member of the request"},
      {extra("description", "\"y\""), "extra_fields: `description` is a member of the request"},
      {extra("a", ""), "extra_fields: the value of `a` is not JSON that can be sent"},
      {extra("a", "web"), "extra_fields: the value of `a` is not JSON that can be sent"},
      {extra("a", "1,\"name\":\"evil\""),
       "extra_fields: the value of `a` is not JSON that can be sent"},
      {extra("a", "1}"), "extra_fields: the value of `a` is not JSON that can be sent"},
      {extra("a", std::string(32, '[') + std::string(32, ']')),
       "extra_fields: the value of `a` is not JSON"},
      {extra(std::string(101, 'a'), ""),
       "extra_fields: the value of `" + std::string(100, 'a') + "...` is not JSON"},
      {extra("\xFF", "1"), "extra_fields: a member's name: is not valid UTF-8"},
  };
  for (const auto& [request, expected] : cases) {
    CAPTURE(expected);
    const auto json = ToJson(request);
    REQUIRE_FALSE(json);
    CHECK(json.error().kind == ErrorKind::kInvalidArgument);
    CHECK(json.error().outcome == RequestOutcome::kNotSent);
    CAPTURE(json.error().message);
    CHECK(json.error().message.find(expected) == 0);
  }
}

TEST_CASE("A request is read from JSON, and further members become extra fields") {
  const auto request = CreateServiceAccountRequestFromJson(
      R"({"labels": {"team": "web"}, "name": "deploy-bot", "permissions": ["org:read"], "description": null, "n": 1.0})");
  REQUIRE(request);
  CHECK(request->name == "deploy-bot");
  CHECK(request->permissions == std::vector<std::string>{"org:read"});
  CHECK(request->description == std::nullopt);
  CHECK(request->extra_fields ==
        std::map<std::string, std::string>{{"labels", R"({"team":"web"})"}, {"n", "1.0"}});
}

TEST_CASE("A request in JSON that lacks something is refused by its name") {
  const std::pair<const char*, const char*> cases[] = {
      {"{}", "`name` is missing or empty"},
      {R"({"name":null,"permissions":[]})", "`name` is missing or empty"},
      {R"({"name":"","permissions":[]})", "`name` is missing or empty"},
      {R"({"name":"x"})", "`permissions` is missing"},
      {R"({"name":"x","permissions":null})", "`permissions` is missing"},
      {R"({"name":"x","description":"d"})", "`permissions` is missing"},
      {R"({"name":"x","description":null,"extra":1})", "`permissions` is missing"},
      {R"({"name":7,"permissions":[]})", "`name` is not a string"},
      {R"({"name":"x","permissions":["a",1]})", "`permissions[1]` is not a string"},
      {R"({"name":"x","name":"y","permissions":[]})", "`name` stands there twice"},
      {R"({"name":"x","permissions":[],"a":1,"a":2})", "`a` stands there twice"},
      {"[]", "the JSON is not an object"},
  };
  for (const auto& [json, problem] : cases) {
    CAPTURE(json);
    const auto request = CreateServiceAccountRequestFromJson(json);
    REQUIRE_FALSE(request);
    CHECK(request.error().message == "service account request: "s + problem);
  }
}

}  // namespace
}  // namespace service_accounts::v0
