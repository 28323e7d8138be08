// The mock server as an endpoint: what it answers to which request. Through real sockets, seen by a
// client that shares nothing with the library.
#include <service_accounts/testing/mock_server.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/server/mock_server_client.h"
#include "tests/support/catch.h"

namespace service_accounts::tests {
namespace {

using Json = nlohmann::json;
using testing::MockServer;

/// Null when the reply's body is not JSON, so that a check of it fails instead of throwing.
Json JsonOf(const std::string& reply) {
  Json json = Json::parse(BodyOf(reply), nullptr, false);
  return json.is_discarded() ? Json() : json;
}

TEST_CASE("MockServer answers a good request with the documented envelope") {
  MockServer server;
  const std::string reply = Post(
      server, R"({"name": "bot", "permissions": ["org:read", "a:b"], "description": "rolls out"})");

  CHECK(StatusOf(reply) == 200);
  CHECK(HeaderOf(reply, "Content-Type") == "application/json");
  const Json body = JsonOf(reply);
  CHECK(body["code"] == 200);
  CHECK(body["message"] == "success");
  CHECK(body["requestId"] == "req_000001");
  const Json& data = body["data"];
  CHECK(data["id"] == "sa_000001");
  CHECK(data["name"] == "bot");
  CHECK(data["permissions"] == Json::array({"org:read", "a:b"}));
  CHECK(data["description"] == "rolls out");
  CHECK(data["status"] == "active");
  CHECK(data["createdBy"] == "usr_mock");
  CHECK(data["organizationId"] == "org_mock");
  CHECK(data["updatedAt"] == data["createdAt"]);
  CHECK_FALSE(data.contains("disabledAt"));
}

TEST_CASE("MockServer dates an account with the present, in UTC and RFC 3339") {
  MockServer server;
  // Not std::time, whose coarser clock may still be in the second before.
  const auto before = std::chrono::system_clock::now();
  const std::string reply = Post(server, kGoodBody);
  const auto after = std::chrono::system_clock::now();

  // Texts of this form are in order when the times are.
  const auto text_of = [](std::chrono::system_clock::time_point time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm utc{};
    char text[21] = "";
    const std::size_t size =
        std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    return std::string(text, size);
  };
  const std::string created = JsonOf(reply)["data"].value("createdAt", "");
  CHECK(created.size() == 20);
  CHECK(text_of(before) <= created);
  CHECK(created <= text_of(after));
}

TEST_CASE("MockServer leaves a description out that is absent or null, and keeps an empty one") {
  MockServer server;
  CHECK_FALSE(JsonOf(Post(server, kGoodBody))["data"].contains("description"));
  CHECK_FALSE(
      JsonOf(Post(server, R"({"name": "b", "permissions": [], "description": null})"))["data"]
          .contains("description"));
  CHECK(JsonOf(Post(
            server,
            R"({"name": "c", "permissions": [], "description": ""})"))["data"]["description"] ==
        "");

  REQUIRE(server.accounts().size() == 3);
  CHECK(server.accounts()[0].description == std::nullopt);
  CHECK(server.accounts()[1].description == std::nullopt);
  CHECK(server.accounts()[2].description == "");
}

TEST_CASE("MockServer lists its accounts in the order of their creation") {
  MockServer server;
  const Json first = JsonOf(Post(server, BodyNamed("first")))["data"];
  const Json second = JsonOf(Post(server, BodyNamed("second")))["data"];

  const std::vector<ServiceAccount> accounts = server.accounts();
  REQUIRE(accounts.size() == 2);
  CHECK(accounts[0].name == "first");
  CHECK(accounts[0].id == first["id"]);
  CHECK(accounts[0].status == ServiceAccountStatus::kActive);
  CHECK(accounts[0].created_at->text() == first["createdAt"]);
  CHECK(accounts[1].name == "second");
  CHECK(accounts[1].id == second["id"]);
  CHECK(accounts[0].id != accounts[1].id);
}

TEST_CASE("MockServer keeps texts byte for byte") {
  const std::string texts[] = {
      std::string("a\0b", 3),   "quote \" backslash \\ slash / </script>",
      "tab\tline\nbell\a\x7f",  "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x9A\x80 \xE2\x80\xA8",
      " leading and trailing ",
  };
  MockServer server;
  for (const std::string& text : texts) {
    CAPTURE(text);
    const Json body = {{"name", text}, {"permissions", {text}}, {"description", text}};
    const Json data = JsonOf(Post(server, body.dump()))["data"];
    CHECK(data["name"] == text);
    CHECK(data["permissions"] == Json::array({text}));
    CHECK(data["description"] == text);
    REQUIRE_FALSE(server.accounts().empty());
    CHECK(server.accounts().back().name == text);
    CHECK(server.requests().back().body == body.dump());
  }
}

TEST_CASE("MockServer ignores members that it does not know") {
  MockServer server;
  CHECK(StatusOf(Post(server, R"({"name": "bot", "permissions": [], "labels": {"a": [1]}})")) ==
        200);
}

TEST_CASE("MockServer refuses each wrong member with 400 and names it") {
  struct Case {
    const char* body;
    const char* field;
    const char* message;
  };
  const Case cases[] = {
      {R"({"permissions": []})", "name", "name is required"},
      {R"({"name": null, "permissions": []})", "name", "name must be a string"},
      {R"({"name": 7, "permissions": []})", "name", "name must be a string"},
      {R"({"name": "", "permissions": []})", "name", "name must not be empty"},
      {R"({"name": "", "permissions": 1})", "name", "name must not be empty"},
      {R"({"name": "a"})", "permissions", "permissions is required"},
      {R"({"name": "a", "permissions": null})", "permissions",
       "permissions must be an array of strings"},
      {R"({"name": "a", "permissions": "org:read"})", "permissions",
       "permissions must be an array of strings"},
      {R"({"name": "a", "permissions": {"0": "x"}})", "permissions",
       "permissions must be an array of strings"},
      {R"({"name": "a", "permissions": [7]})", "permissions[0]", "permissions[0] must be a string"},
      {R"({"name": "a", "permissions": ["x", ["y"]]})", "permissions[1]",
       "permissions[1] must be a string"},
      {R"({"name": "a", "permissions": ["x", ""]})", "permissions[1]",
       "permissions[1] must not be empty"},
      {R"({"name": "a", "permissions": [], "description": 1})", "description",
       "description must be a string"},
      {R"({"name": "a", "permissions": [], "description": ["x"]})", "description",
       "description must be a string"},
  };
  MockServer server;
  for (const Case& c : cases) {
    CAPTURE(c.body);
    const std::string reply = Post(server, c.body);
    CHECK(StatusOf(reply) == 400);
    const Json body = JsonOf(reply);
    CHECK(body["code"] == 400);
    CHECK(body["message"] == c.message);
    CHECK(body["data"] == Json{{"field", c.field}});
    CHECK(body.value("requestId", "").rfind("req_", 0) == 0);
  }
  CHECK(server.accounts().empty());
}

TEST_CASE("MockServer refuses a body that is not a JSON object with 400") {
  MockServer server;
  for (const char* body : {"", "{", "name=bot", "{\"name\": \"\xC3\"}", "{} {}", "NaN"}) {
    CAPTURE(body);
    const std::string reply = Post(server, body);
    CHECK(StatusOf(reply) == 400);
    CHECK(JsonOf(reply)["message"] == "the body must be JSON");
    CHECK_FALSE(JsonOf(reply).contains("data"));
  }
  for (const char* body : {"null", "[]", "\"bot\"", "12"}) {
    CAPTURE(body);
    const std::string reply = Post(server, body);
    CHECK(StatusOf(reply) == 400);
    CHECK(JsonOf(reply)["message"] == "the body must be a JSON object");
  }
}

TEST_CASE("MockServer refuses a request without its token with 401") {
  MockServer server;
  const std::string token = server.token();
  const std::string headers[] = {
      "",
      "Authorization: Bearer\r\n",
      "Authorization: Bearer wrong\r\n",
      "Authorization: Bearer " + token + "x\r\n",
      "Authorization: Bearer " + token.substr(1) + "\r\n",
      "Authorization: Basic " + token + "\r\n",
      "Authorization: " + token + "\r\n",
      "X-Authorization: Bearer " + token + "\r\n",
  };
  for (const std::string& line : headers) {
    CAPTURE(line);
    const std::string reply =
        Exchange(PortOf(server), RequestBytes("POST", kPath, line, kGoodBody));
    CHECK(StatusOf(reply) == 401);
    CHECK(HeaderOf(reply, "WWW-Authenticate") == "Bearer");
    CHECK(JsonOf(reply)["code"] == 401);
    CHECK(JsonOf(reply)["message"] == "the token is missing or wrong");
    CHECK(reply.find(token) == reply.npos);
  }
  CHECK(server.accounts().empty());
}

TEST_CASE("MockServer takes its token whatever the case of the field's name") {
  MockServer server;
  const std::string line = "aUTHORIZATION: Bearer " + server.token() + "\r\n";
  CHECK(StatusOf(Exchange(PortOf(server), RequestBytes("POST", kPath, line, kGoodBody))) == 200);
}

TEST_CASE("MockServer's token is one that may stand in a header") {
  const std::string token = MockServer().token();
  CHECK(token.size() > 8);
  CHECK(std::all_of(token.begin(), token.end(), [](char c) {
    return std::string("0123456789abcdefghijklmnopqrstuvwxyz-._~+/").find(c) != std::string::npos;
  }));
}

TEST_CASE("MockServer answers 404 at every other path") {
  MockServer server;
  for (const char* path : {"/", "/v1", "/v1/service-accounts/", "/v1/service-accounts/sa_1",
                           "/prefix/v1/service-accounts", "//v1/service-accounts", "*"}) {
    CAPTURE(path);
    const std::string reply =
        Exchange(PortOf(server), RequestBytes("POST", path, BearerLine(server), kGoodBody));
    CHECK(StatusOf(reply) == 404);
    CHECK(JsonOf(reply)["code"] == 404);
    CHECK(JsonOf(reply)["message"] == "there is nothing at this path");
    CHECK(JsonOf(reply)["requestId"].is_string());
  }
}

TEST_CASE("MockServer answers 405 to every other method and says which one it takes") {
  MockServer server;
  for (const char* method : {"GET", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW", "post"}) {
    CAPTURE(method);
    const std::string reply =
        Exchange(PortOf(server), RequestBytes(method, kPath, BearerLine(server), kGoodBody));
    CHECK(StatusOf(reply) == 405);
    CHECK(HeaderOf(reply, "Allow") == "POST");
    CHECK(JsonOf(reply)["code"] == 405);
    CHECK(JsonOf(reply)["message"] == "only POST is allowed here");
  }
}

TEST_CASE("MockServer answers HEAD without a body") {
  MockServer server;
  const std::string reply = Exchange(PortOf(server), RequestBytes("HEAD", kPath, "", ""));
  CHECK(StatusOf(reply) == 405);
  CHECK(HeaderOf(reply, "Content-Length") > "0");
  CHECK(BodyOf(reply).empty());
}

TEST_CASE("MockServer refuses a name that exists with 409") {
  MockServer server;
  CHECK(StatusOf(Post(server, BodyNamed("bot"))) == 200);
  const std::string reply = Post(server, BodyNamed("bot"));
  CHECK(StatusOf(reply) == 409);
  CHECK(JsonOf(reply)["code"] == 409);
  CHECK(JsonOf(reply)["message"] == "a service account of this name exists");
  for (const char* other : {"BOT", "bot ", "bo", "bot2"}) {
    CHECK(StatusOf(Post(server, BodyNamed(other))) == 200);
  }
  CHECK(server.accounts().size() == 5);
}

TEST_CASE("MockServer checks path, method, token, body and name in this order") {
  MockServer server;
  const std::string bearer = BearerLine(server);
  REQUIRE(StatusOf(Post(server, BodyNamed("bot"))) == 200);
  const auto status_of = [&](const char* method, const std::string& path,
                             const std::string& headers, const std::string& body) {
    return StatusOf(Exchange(PortOf(server), RequestBytes(method, path, headers, body)));
  };
  CHECK(status_of("GET", "/nowhere", "", "{") == 404);
  CHECK(status_of("GET", kPath, "", "{") == 405);
  CHECK(status_of("POST", kPath, "", "{") == 401);
  CHECK(status_of("POST", kPath, bearer, R"({"name": "bot", "permissions": [1]})") == 400);
  CHECK(status_of("POST", kPath, bearer, BodyNamed("bot")) == 409);
}

}  // namespace
}  // namespace service_accounts::tests
