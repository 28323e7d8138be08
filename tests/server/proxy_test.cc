// Which proxy a request goes through, and what that is told.
#include <service_accounts/testing/mock_server.h>

#include <string>

#include "tests/support/catch.h"
#include "tests/support/fault.h"
#include "tests/support/proxy_environment.h"
#include "tests/support/raw_proxy.h"
#include "tests/support/raw_server.h"

namespace service_accounts::tests {
namespace {

using testing::MockServer;

// "al:ice" and "p@ss:w/rd", as a URL holds them and as "Basic" sends them.
constexpr const char* kUserInfo = "al%3Aice:p%40ss:w%2Frd";
constexpr const char* kBasic = "YWw6aWNlOnBAc3M6dy9yZA==";

/// A name for 127.0.0.1 that is not taken for loopback, so that the environment's proxy is used.
std::string FarUrl(int port) { return "http://127.1:" + std::to_string(port); }

int PortOf(const std::string& base_url) {
  return std::stoi(base_url.substr(base_url.rfind(':') + 1));
}

ClientOptions Through(const ProxyOptions& proxy, const std::string& base_url,
                      const std::string& token = kToken) {
  ClientOptions options = Options(base_url, token);
  options.allow_plain_http = true;
  options.proxy = proxy;
  options.retry.max_attempts = 1;
  return options;
}

ProxyOptions WithUserInfo(const RawServer& proxy, std::string scheme = "http") {
  return ProxyOptions::Url(scheme.append("://").append(kUserInfo).append("@127.0.0.1:") +
                           std::to_string(proxy.port()));
}

/// Calls once through `proxy`, whose server forwards to a mock server; whether it took that way.
bool IsUsed(const ProxyOptions& options, RawServer& proxy, const MockServer& server) {
  const ClientOptions client = Through(options, FarUrl(PortOf(server.base_url())), server.token());
  const auto account = ServiceAccountsClient(client).CreateServiceAccount(Request("x"));
  CHECK(account);
  proxy.Finish();
  return proxy.connections() == 1;
}

TEST_CASE("A request for an http URL is handed to the proxy that a URL names, also to loopback") {
  const MockServer server;
  RawServer proxy({Forward(PortOf(server.base_url()))});
  const auto account = ServiceAccountsClient(Through(ProxyOptions::Url(proxy.base_url()),
                                                     server.base_url(), server.token()))
                           .CreateServiceAccount(Request("x"));
  REQUIRE(account);
  CHECK(account->name == "x");
  CHECK(server.accounts().size() == 1);
  CHECK(proxy.Finish() == 1);
  const std::string first = proxy.requests().front();
  CHECK(first.find("POST " + server.base_url() + "/v1/service-accounts HTTP/1.1\r\n") == 0);
  CHECK(first.find("Authorization: Bearer " + server.token() + "\r\n") != std::string::npos);
}

TEST_CASE("A CONNECT tells the proxy where to go and nothing else") {
  std::string received;
  RawServer target({[&](RawConnection& connection) { received = connection.ReadSome(); }});
  RawServer proxy({Tunnel(target.port())});
  const std::string host = "127.0.0.1:" + std::to_string(target.port());
  ClientOptions options = Through(ProxyOptions::Url(proxy.base_url()), "https://" + host);
  options.user_agent = "my-tool/1";
  options.headers = {{"X-Organization", "org_1"}};
  CallOptions call;
  call.headers = {{"X-Trace", "1"}};
  call.idempotency_key = "key";
  const auto result = ServiceAccountsClient(options).CreateServiceAccount(Request("x"), call);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::kTls);  // The target does not speak it.
  CHECK(result.error().outcome == RequestOutcome::kNotSent);
  CHECK(AllTextOf(result).find("proxy") == std::string::npos);
  CHECK(proxy.Finish() == 0);
  REQUIRE(proxy.requests().size() == 1);
  CHECK(proxy.requests().front() == "CONNECT " + host + " HTTP/1.1\r\nHost: " + host +
                                        "\r\nProxy-Connection: Keep-Alive\r\n\r\n");
  CHECK(target.Finish() == 0);
  CHECK(received.find('\x16') == 0);  // A TLS handshake.
}

TEST_CASE("The proxy's credentials go to the proxy and never to the service") {
  std::string received;
  RawServer target({[&](RawConnection& connection) { received = connection.ReadSome(); }});
  RawServer proxy({Tunnel(target.port())});
  const auto result =
      ServiceAccountsClient(
          Through(WithUserInfo(proxy), "https://127.0.0.1:" + std::to_string(target.port())))
          .CreateServiceAccount(Request("x"));
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::kTls);
  proxy.Finish();
  target.Finish();
  REQUIRE(proxy.requests().size() == 1);
  const std::string expected = std::string("\r\nProxy-Authorization: Basic ") + kBasic + "\r\n";
  CHECK(proxy.requests().front().find(expected) != std::string::npos);
  CHECK_FALSE(received.empty());
  for (const char* secret : {kBasic, "al:ice", "p@ss"}) {
    CAPTURE(secret);
    CHECK(received.find(secret) == std::string::npos);
    CHECK(AllTextOf(result).find(secret) == std::string::npos);
  }
}

TEST_CASE("User and password may each be missing") {
  const std::pair<const char*, const char*> cases[] = {
      {"user", "dXNlcjo="}, {"user:", "dXNlcjo="}, {":secret", "OnNlY3JldA=="}};
  for (const auto& [user_info, basic] : cases) {
    CAPTURE(user_info);
    const MockServer server;
    RawServer proxy({Forward(PortOf(server.base_url()))});
    const ProxyOptions options = ProxyOptions::Url("http://" + std::string(user_info) +
                                                   "@127.0.0.1:" + std::to_string(proxy.port()));
    CHECK(IsUsed(options, proxy, server));
    CHECK(proxy.requests().front().find(std::string("Basic ") + basic + "\r\n") !=
          std::string::npos);
  }
}

TEST_CASE("A SOCKS proxy is told user and password and joins the client to the service") {
  for (const char* scheme : {"socks5", "socks5h"}) {
    CAPTURE(scheme);
    const MockServer server;
    std::string heard;
    RawServer proxy({Socks(PortOf(server.base_url()), &heard)});
    const auto account = ServiceAccountsClient(Through(WithUserInfo(proxy, scheme),
                                                       server.base_url(), server.token()))
                             .CreateServiceAccount(Request("x"));
    CHECK(account);
    proxy.Finish();
    CHECK(heard.find(std::string("\x05\x02\x00\x02", 4)) == 0);  // No GSS-API among the methods.
    CHECK(heard.find("\x01\x06"
                     "al:ice\x09p@ss:w/rd") != std::string::npos);
    CHECK(heard.find(server.token()) == std::string::npos);
    CHECK(server.accounts().size() == 1);
  }
}

TEST_CASE("The environment's proxy is used by default, and not when the option says none") {
  for (const char* variable : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
    CAPTURE(variable);
    for (const bool none : {false, true}) {
      const MockServer server;
      RawServer proxy({Forward(PortOf(server.base_url()))});
      const ProxyEnvironment environment({{variable, proxy.base_url()}});
      CHECK(IsUsed(none ? ProxyOptions::None() : ProxyOptions(), proxy, server) != none);
    }
  }
}

TEST_CASE("HTTP_PROXY in capitals is not read") {
  const MockServer server;
  RawServer proxy({Forward(PortOf(server.base_url()))});
  const ProxyEnvironment environment({{"HTTP_PROXY", proxy.base_url()}});
  CHECK_FALSE(IsUsed(ProxyOptions::FromEnvironment(), proxy, server));
}

TEST_CASE("no_proxy keeps the environment's proxy away, and not the one that a URL names") {
  for (const char* variable : {"no_proxy", "NO_PROXY"}) {
    for (const char* hosts : {"*", "127.0.0.1"}) {
      CAPTURE(variable, hosts);
      for (const bool by_url : {false, true}) {
        const MockServer server;
        RawServer proxy({Forward(PortOf(server.base_url()))});
        const ProxyEnvironment environment({{"http_proxy", proxy.base_url()}, {variable, hosts}});
        const ProxyOptions options = by_url ? ProxyOptions::Url(proxy.base_url()) : ProxyOptions();
        CHECK(IsUsed(options, proxy, server) == by_url);
      }
    }
  }
}

TEST_CASE("The proxy that a URL names comes before the environment's") {
  const MockServer server;
  RawServer other({Silence()});
  RawServer proxy({Forward(PortOf(server.base_url()))});
  const ProxyEnvironment environment({{"http_proxy", other.base_url()}});
  CHECK(IsUsed(ProxyOptions::Url(proxy.base_url()), proxy, server));
  CHECK(other.Finish() == 0);
  CHECK(other.connections() == 0);
}

TEST_CASE("What a proxy for http URLs sends back of its credentials is blotted out") {
  for (const bool from_environment : {false, true}) {
    for (const int status : {200, 407, 502}) {
      CAPTURE(from_environment, status);
      RawServer proxy({[&](RawConnection& connection) {
        const std::string request = connection.ReadRequest();
        const std::string about = std::string(" ") + kUserInfo + " is al:ice with p@ss:w/rd";
        connection.Write(HttpReply(status, request + about, "X-Echo:" + about + "\r\n"));
      }});
      const ProxyOptions url = WithUserInfo(proxy);
      const ProxyEnvironment environment({{"http_proxy", from_environment ? url.url() : ""}});
      const ClientOptions options =
          Through(from_environment ? ProxyOptions() : url, "http://accounts.test");
      const auto result = ServiceAccountsClient(options).CreateServiceAccount(Request("x"));
      REQUIRE_FALSE(result);
      for (const char* secret : {kBasic, "al:ice", "al%3Aice", "p@ss", "p%40ss", kToken}) {
        CAPTURE(secret);
        CHECK(AllTextOf(result).find(secret) == std::string::npos);
      }
      CHECK(proxy.Finish() == 1);
      CHECK(proxy.requests().front().find(kBasic) != std::string::npos);
    }
  }
}

TEST_CASE("A second POST whose connection to the proxy breaks is not sent again") {
  RawServer proxy({[](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(HttpReply(200, kAccount));
    connection.ReadRequest();
  }});
  const WatchedClient client(Through(ProxyOptions::Url(proxy.base_url()), "http://accounts.test"));
  REQUIRE(client.Call());
  CheckFault(client, proxy, Lost());
}

}  // namespace
}  // namespace service_accounts::tests
