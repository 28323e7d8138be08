// TLS through a proxy, and TLS to the proxy itself.
#include <chrono>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/certificates.h"
#include "tests/support/client.h"
#include "tests/support/raw_proxy.h"
#include "tests/support/raw_server.h"
#include "tests/support/temporary_file.h"
#include "tests/support/tls_server.h"

namespace service_accounts {
namespace {

using namespace std::chrono_literals;
using tests::AllTextOf;
using tests::Authority;
using tests::HttpReply;
using tests::kToken;
using tests::Options;
using tests::RawServer;
using tests::Request;
using tests::TemporaryFile;
using tests::TlsConnection;
using tests::TlsServer;
using tests::TlsServerOptions;
using tests::Tunnel;

constexpr const char* kAccount = R"({"data":{"id":"sa_1"}})";

void AnswerAll(TlsConnection& connection) {
  while (!connection.ReadRequest().empty()) connection.Write(HttpReply(200, kAccount));
}

TlsServerOptions IssuedBy(const Authority& authority) {
  TlsServerOptions options;
  options.certificate = authority.Issue();
  return options;
}

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
  const Authority authority;
  const TemporaryFile trusted(authority.pem());
  TlsServer service(IssuedBy(authority), {AnswerAll});
  RawServer proxy({Tunnel(service.port())});
  {
    ClientOptions options = Through(proxy.port(), "http", service.base_url());
    options.tls.ca_file = trusted.path();
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
  const Authority authority;
  const TemporaryFile trusted(authority.pem());
  TlsServer service(IssuedBy(authority), {[](TlsConnection& connection) {
                      connection.ReadRequest();
                      connection.Write(HttpReply(200, kAccount));
                      connection.ReadRequest();
                    }});
  RawServer proxy({Tunnel(service.port())});
  {
    ClientOptions options = Through(proxy.port(), "http", service.base_url());
    options.tls.ca_file = trusted.path();
    const ServiceAccountsClient client(options);
    REQUIRE(client.CreateServiceAccount(Request("x")));
    const auto result = client.CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(result);
    CAPTURE(result.error());
    CHECK(result.error().kind == ErrorKind::kConnection);
    CHECK(result.error().outcome == RequestOutcome::kUnknown);
  }
  proxy.Finish();
  CHECK(service.Finish() == 2);
}

TEST_CASE("A call is repeated after a refusal by the proxy, which kept the request away") {
  const Authority authority;
  const TemporaryFile trusted(authority.pem());
  TlsServer service(IssuedBy(authority), {AnswerAll});
  RawServer proxy({tests::Answer(HttpReply(502, "no")), Tunnel(service.port())});
  {
    ClientOptions options = Through(proxy.port(), "http", service.base_url());
    options.tls.ca_file = trusted.path();
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
  const Authority authority;
  const TemporaryFile trusted(authority.pem());
  for (const bool is_trusted : {false, true}) {
    CAPTURE(is_trusted);
    TlsServer proxy(IssuedBy(authority), {AnswerAll});
    ClientOptions options = Through(proxy.port(), "https", "http://accounts.test");
    if (is_trusted) options.tls.ca_file = trusted.path();
    const auto account = ServiceAccountsClient(options).CreateServiceAccount(Request("x"));
    CHECK(proxy.Finish() == (is_trusted ? 1 : 0));
    CHECK(account.has_value() == is_trusted);
    if (account) continue;
    CHECK(account.error().kind == ErrorKind::kTls);
    CHECK(account.error().outcome == RequestOutcome::kNotSent);
    CHECK(account.error().message.find("the proxy's certificate could not be verified") == 0);
    CHECK_FALSE(Holds(AllTextOf(account), "hidden"));
  }
}

TEST_CASE("TLS to the service that fails behind a proxy is not laid on the proxy") {
  const Authority authority;
  TlsServer service(IssuedBy(authority), {AnswerAll});
  RawServer proxy({Tunnel(service.port())});
  const auto result = ServiceAccountsClient(Through(proxy.port(), "http", service.base_url()))
                          .CreateServiceAccount(Request("x"));
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::kTls);
  CHECK(result.error().message.find("the server's certificate comes from an authority") == 0);
  proxy.Finish();
  CHECK(service.Finish() == 0);
}

}  // namespace
}  // namespace service_accounts
