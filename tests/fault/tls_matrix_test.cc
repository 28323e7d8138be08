// TLS through `TlsOptions`: what is trusted works, and each refusal is told apart in words.
#include <memory>
#include <thread>

#include "tests/support/catch.h"
#include "tests/support/certificates.h"
#include "tests/support/client.h"
#include "tests/support/temporary_file.h"
#include "tests/support/tls_server.h"

namespace service_accounts {
namespace {

using namespace std::chrono_literals;
using tests::AllTextOf;
using tests::Authority;
using tests::Certificate;
using tests::CertificateOptions;
using tests::CertificatePurpose;
using tests::HttpReply;
using tests::kToken;
using tests::Options;
using tests::Request;
using tests::TemporaryFile;
using tests::TlsConnection;
using tests::TlsServer;
using tests::TlsServerOptions;

constexpr const char* kAccount = R"({"data":{"id":"sa_1"}})";

void AnswerAll(TlsConnection& connection) {
  while (!connection.ReadRequest().empty()) connection.Write(HttpReply(200, kAccount));
}

/// A client that trusts this authority alone, and tries once.
ClientOptions Trusting(const TemporaryFile& authority, const TlsServer& server) {
  ClientOptions options = Options(server.base_url("localhost"));
  options.tls.ca_file = authority.path();
  options.retry.max_attempts = 1;
  return options;
}

TEST_CASE("A server whose certificate is trusted is called, over one connection") {
  const Authority authority;
  const TemporaryFile trusted(authority.pem());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    TlsServerOptions options;
    options.certificate = authority.Issue();
    options.minimum_version = options.maximum_version = version;
    TlsServer server(options, {AnswerAll});
    const ServiceAccountsClient client(Trusting(trusted, server));
    const auto first = client.CreateServiceAccount(Request("x"));
    REQUIRE(first);
    const AttemptRecord& attempt = first.metadata().attempts.front();
    CHECK_FALSE(attempt.times.connection_reused);
    CHECK(attempt.times.connect > 0ns);
    CHECK(attempt.times.tls > 0ns);
    CHECK(attempt.times.first_byte > attempt.times.connect + attempt.times.tls);
    CHECK(attempt.total >= attempt.times.first_byte);
    const auto second = client.CreateServiceAccount(Request("y"));
    REQUIRE(second);
    CHECK(second.metadata().attempts.front().times.connection_reused);
    CHECK(second.metadata().attempts.front().times.tls == 0ns);
    CHECK(server.connections() == 1);
    CHECK(server.Finish() == 2);
  }
}

TEST_CASE("The trusted certificates are read once, not with every connection") {
  const Authority authority;
  auto trusted = std::make_unique<TemporaryFile>(authority.pem());
  TlsServerOptions options;
  options.certificate = authority.Issue();
  TlsServer server(options, {[](TlsConnection& connection) {
                     connection.ReadRequest();
                     connection.Write(HttpReply(200, kAccount, "Connection: close\r\n"));
                   }});
  const ServiceAccountsClient client(Trusting(*trusted, server));
  REQUIRE(client.CreateServiceAccount(Request("x")));
  trusted.reset();
  REQUIRE(client.CreateServiceAccount(Request("y")));
  CHECK(server.connections() == 2);
  CHECK(server.Finish() == 2);
}

TEST_CASE(
    "Each certificate that cannot be verified is refused in words of its own, and nothing is "
    "sent") {
  const Authority authority;
  const Authority unknown;
  const TemporaryFile trusted(authority.pem());
  const auto issue = [](const Authority& by, void (*spoil)(CertificateOptions&)) {
    CertificateOptions options;
    spoil(options);
    return by.Issue(options);
  };
  const std::pair<Certificate, std::string> cases[] = {
      {issue(authority, [](CertificateOptions& o) { o.not_after = -1min; }),
       "the server's certificate has expired"},
      {issue(authority, [](CertificateOptions& o) { o.not_before = 1h; }),
       "the server's certificate is not yet valid"},
      {issue(authority, [](CertificateOptions& o) { o.names = {"other.test"}; }),
       "the server's certificate is for another host"},
      {issue(authority, [](CertificateOptions& o) { o.self_signed = true; }),
       "the server's certificate is self-signed"},
      {unknown.Issue(), "the server's certificate comes from an authority that is not trusted"},
      {issue(authority, [](CertificateOptions& o) { o.rsa_bits = 1024; }),
       "the key of the server's certificate is too weak"},
      {issue(authority, [](CertificateOptions& o) { o.purpose = CertificatePurpose::kClient; }),
       "the server's certificate is not meant for a server"},
  };
  for (const auto& [certificate, words] : cases) {
    INFO(words);
    TlsServerOptions options;
    options.certificate = certificate;
    TlsServer server(options, {AnswerAll});
    const auto result =
        ServiceAccountsClient(Trusting(trusted, server)).CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(result);
    CAPTURE(result.error());
    CHECK(result.error().kind == ErrorKind::kTls);
    CHECK(result.error().outcome == RequestOutcome::kNotSent);
    CHECK(result.error().message.find(words) == 0);
    CHECK(AllTextOf(result).find(kToken) == std::string::npos);
    CHECK(server.Finish() == 0);
  }
}

TEST_CASE("A file of trusted certificates takes the place of the system's") {
  const Authority authority;
  const Authority other;
  const TemporaryFile trusted(other.pem());
  TlsServerOptions options;
  options.certificate = authority.Issue();
  TlsServer server(options, {AnswerAll});
  CHECK_FALSE(ServiceAccountsClient(Trusting(trusted, server)).CreateServiceAccount(Request("x")));
  CHECK(server.Finish() == 0);
}

TEST_CASE("A file of trusted certificates that holds junk sends nothing") {
  const TemporaryFile junk("-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n");
  TlsServerOptions options;
  options.certificate = Authority().Issue();
  TlsServer server(options, {AnswerAll});
  const auto result =
      ServiceAccountsClient(Trusting(junk, server)).CreateServiceAccount(Request("x"));
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::kTls);
  CHECK(result.error().outcome == RequestOutcome::kNotSent);
  CHECK(server.Finish() == 0);
}

TEST_CASE("A server that asks for a client certificate is shown it") {
  const Authority authority;
  const TemporaryFile trusted(authority.pem());
  CertificateOptions purpose;
  purpose.purpose = CertificatePurpose::kClient;
  const Certificate identity = authority.Issue(purpose);
  const TemporaryFile certificate(identity.chain);
  const TemporaryFile key(identity.key);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    TlsServerOptions options;
    options.certificate = authority.Issue();
    options.minimum_version = options.maximum_version = version;
    options.client_authority = authority.pem();
    TlsServer server(options, {AnswerAll});
    ClientOptions with = Trusting(trusted, server);
    with.tls.client_certificate_file = certificate.path();
    with.tls.client_key_file = key.path();
    CHECK(ServiceAccountsClient(with).CreateServiceAccount(Request("x")));
    CHECK(server.Finish() == 1);
  }
}

TEST_CASE("A server that asks for a client certificate in vain sends a truthful error") {
  const Authority authority;
  const TemporaryFile trusted(authority.pem());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    TlsServerOptions options;
    options.certificate = authority.Issue();
    options.minimum_version = options.maximum_version = version;
    options.client_authority = authority.pem();
    TlsServer server(options, {AnswerAll});
    const auto result =
        ServiceAccountsClient(Trusting(trusted, server)).CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(result);
    CAPTURE(result.error());
    // With TLS 1.3 the request is on its way before the server refuses: it cannot be proven unread.
    CHECK(result.error().outcome ==
          (version == TLS1_2_VERSION ? RequestOutcome::kNotSent : RequestOutcome::kUnknown));
    CHECK(result.error().kind == ErrorKind::kTls);
    CHECK(result.error().message.find("client certificate") != std::string::npos);
    CHECK(server.Finish() == 0);
  }
}

TEST_CASE("A reply that TLS cut short is told from a whole one where its length is known") {
  const Authority authority;
  const TemporaryFile trusted(authority.pem());
  const std::string whole = HttpReply(200, kAccount);
  const std::string endless =
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(kAccount);
  for (const std::string& reply :
       {whole.substr(0, whole.size() - 3), endless.substr(0, endless.size() - 3)}) {
    TlsServerOptions options;
    options.certificate = authority.Issue();
    TlsServer server(options, {[&](TlsConnection& connection) {
                       connection.ReadRequest();
                       connection.Write(reply);
                       connection.CloseWithoutNotify();
                     }});
    const auto result =
        ServiceAccountsClient(Trusting(trusted, server)).CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(result);
    CHECK(result.error().outcome == RequestOutcome::kAccepted);
    CHECK(server.Finish() == 1);
  }
}

}  // namespace
}  // namespace service_accounts
