// TLS through a proxy, and TLS to the proxy itself.
#include <chrono>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/fault.h"
#include "tests/support/raw_proxy.h"
#include "tests/support/raw_server.h"
#include "tests/support/test_authority.h"
#include "tests/support/tls_server.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;

/// Through a proxy that is told who asks.
ClientOptions Through(int proxy_port, const std::string& scheme, const std::string& base_url) {
  ClientOptions options = Options(base_url);
  options.allow_plain_http = true;
  options.proxy =
      ProxyOptions::Url(scheme + "://user:hidden@127.0.0.1:" + std::to_string(proxy_port));
  options.retry.max_attempts = 1;
  return options;
}

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("Under TLS the requests pass through one CONNECT, and the proxy reads none of them") {
  TlsServer service(Showing(TestAuthority().Issue()), {AnswerAll});
  RawServer proxy({Tunnel(service.port())});
  {
    ClientOptions options = Through(proxy.port(), "http", service.base_url());
    options.tls.ca_file = TrustedFile();
    const ServiceAccountsClient client(options);
    for (const bool again : {false, true}) {
      const auto account = client.CreateServiceAccount(Request("x"));
      REQUIRE(account);
      CHECK(account.metadata().attempts.front().times.connection_reused == again);
      CHECK_FALSE(Holds(AllTextOf(account), "hidden"));
    }
  }
  CHECK(proxy.Finish() == 0);
  CHECK(proxy.connections() == 1);
  REQUIRE(proxy.requests().size() == 1);
  CHECK(Holds(proxy.requests().front(), "\r\nProxy-Authorization: Basic "));
  CHECK_FALSE(Holds(proxy.requests().front(), kToken));
  CHECK(service.Finish() == 2);
  for (const std::string& request : service.requests()) {
    CHECK(Holds(request, kToken));
    CHECK_FALSE(Holds(request, "Proxy-"));
  }
}

TEST_CASE("A second POST whose tunnel breaks is not sent again") {
  TlsServer service(Showing(TestAuthority().Issue()), {[](TlsConnection& connection) {
                      connection.ReadRequest();
                      connection.Write(HttpReply(200, kAccount));
                      connection.ReadRequest();
                    }});
  RawServer proxy({Tunnel(service.port())});
  {
    ClientOptions options = Through(proxy.port(), "http", service.base_url());
    options.tls.ca_file = TrustedFile();
    const WatchedClient client(options);
    REQUIRE(client.Call());
    CheckFault(client, service, Lost().Hiding({"hidden"}));
  }
  CHECK(proxy.Finish() == 0);
}

TEST_CASE("A call is repeated after a refusal by the proxy, which kept the request away") {
  TlsServer service(Showing(TestAuthority().Issue()), {AnswerAll});
  RawServer proxy({Answer(HttpReply(502, "no")), Tunnel(service.port())});
  {
    ClientOptions options = Through(proxy.port(), "http", service.base_url());
    options.tls.ca_file = TrustedFile();
    options.retry.max_attempts = 2;
    options.retry.initial_backoff = 1ms;
    const auto account = ServiceAccountsClient(options).CreateServiceAccount(Request("x"));
    CHECK(account);
    REQUIRE(account.metadata().attempts.size() == 2);
    CHECK(account.metadata().attempts.front().outcome == RequestOutcome::kNotSent);
  }
  proxy.Finish();
  CHECK(service.Finish() == 1);
}

TEST_CASE("A proxy under TLS is verified as the service is") {
  for (const bool is_trusted : {false, true}) {
    CAPTURE(is_trusted);
    TlsServer proxy(Showing(TestAuthority().Issue()), {AnswerAll});
    ClientOptions options = Through(proxy.port(), "https", "http://accounts.test");
    if (is_trusted) {
      options.tls.ca_file = TrustedFile();
      CHECK(ServiceAccountsClient(options).CreateServiceAccount(Request("x")));
      CHECK(proxy.Finish() == 1);
    } else {
      CheckFault(
          options, proxy,
          NotSent(Kind::kTls, "the proxy's certificate could not be verified").Hiding({"hidden"}));
    }
  }
}

TEST_CASE("TLS to the service that fails behind a proxy is not laid on the proxy") {
  TlsServer service(Showing(TestAuthority().Issue()), {AnswerAll});
  RawServer proxy({Tunnel(service.port())});
  CheckFault(
      Through(proxy.port(), "http", service.base_url()), service,
      NotSent(Kind::kTls, "the server's certificate comes from an authority").Hiding({"hidden"}));
  CHECK(proxy.Finish() == 0);
}

}  // namespace
}  // namespace service_accounts::tests
