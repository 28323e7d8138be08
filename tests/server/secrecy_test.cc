// The token goes into the request, and nowhere else.
#include <service_accounts/testing/mock_server.h>

#include <cstdlib>

#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/raw_server.h"

namespace service_accounts {
namespace {

using tests::AllTextOf;
using tests::kToken;
using tests::Options;
using tests::RawConnection;
using tests::RawServer;
using tests::Request;

TEST_CASE("Every character of a token is sent as it is") {
  testing::MockServer server;
  const std::string token =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/==";
  server.Reply(200, {}, R"({"data":{"id":"sa_1"}})");
  REQUIRE(
      ServiceAccountsClient(Options(server.base_url(), token)).CreateServiceAccount(Request("x")));
  int found = 0;
  const HttpRequest sent = server.requests().front();
  for (const Header& header : sent.headers) {
    if (header.name != "Authorization") continue;
    ++found;
    CHECK(header.value == "Bearer " + token);
  }
  CHECK(found == 1);
}

TEST_CASE(
    "A token that the service echoes in the status line, a header or the body is blotted out") {
  const std::string token = kToken;
  const std::string replies[] = {
      "HTTP/1.1 400 Bad " + token + "\r\nX-Echo: Bearer " + token + "\r\nX-Request-Id: " + token +
          "\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 400 Bad\r\nContent-Length: " + std::to_string(token.size()) + "\r\n\r\n" + token,
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + token,
      "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"a\":\"" + token.substr(0, 20),
      "HTTP/9.9 " + token + "\r\n\r\n",
      token + "\r\n\r\n",
      "HTTP/1.1 200 OK\r\n" + token + "\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -" + token + "\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + token + "\r\n\r\n",
  };
  for (const std::string& reply : replies) {
    CAPTURE(reply);
    RawServer server({[&](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write(reply);
    }});
    const auto result =
        ServiceAccountsClient(Options(server.base_url())).CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(result);
    const std::string all = AllTextOf(result);
    CHECK(all.find(token) == std::string::npos);
    CHECK(all.find(token.substr(0, 20)) == std::string::npos);
    CHECK(server.Finish() == 1);
  }
}

TEST_CASE("A redirect's target is told nothing") {
  RawServer other({[](RawConnection& connection) { connection.ReadRequest(); }});
  for (const int status : {301, 302, 303, 307, 308}) {
    CAPTURE(status);
    RawServer server({[&](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write(tests::HttpReply(
          status, "", "Location: " + other.base_url() + "/v1/service-accounts\r\n"));
    }});
    const auto result =
        ServiceAccountsClient(Options(server.base_url())).CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::kUnexpectedStatus);
    CHECK(result.error().outcome ==
          (status == 303 ? RequestOutcome::kUnknown : RequestOutcome::kRejected));
    CHECK(server.Finish() == 1);
  }
  CHECK(other.Finish() == 0);
  CHECK(other.connections() == 0);
}

TEST_CASE("A proxy that the environment names is not used for loopback") {
  RawServer proxy({[](RawConnection& connection) { connection.ReadRequest(); }});
  for (const char* variable : {"http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"}) {
    setenv(variable, proxy.base_url().c_str(), 1);
  }
  const testing::MockServer server;
  const auto account = ServiceAccountsClient(Options(server.base_url(), server.token()))
                           .CreateServiceAccount(Request("x"));
  for (const char* variable : {"http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"})
    unsetenv(variable);
  CHECK(account);
  CHECK(proxy.Finish() == 0);
  CHECK(proxy.connections() == 0);
}

}  // namespace
}  // namespace service_accounts
