// TLS through `TlsOptions`: what is trusted works, and each refusal is told apart in words and
// sends nothing.
#include <chrono>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/certificates.h"
#include "tests/support/fault.h"
#include "tests/support/raw_server.h"
#include "tests/support/temporary_file.h"
#include "tests/support/test_authority.h"
#include "tests/support/tls_server.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;

/// Both, so that either is known to be spoken.
constexpr int kVersions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

TlsServerOptions Speaking(int version) {
  TlsServerOptions options = Showing(TestAuthority().Issue());
  options.minimum_version = options.maximum_version = version;
  return options;
}

/// The default trust, and one attempt.
ClientOptions TryOnce(const std::string& base_url) {
  ClientOptions options = Options(base_url);
  options.retry.max_attempts = 1;
  return options;
}

std::string HttpsUrl(const RawServer& server) {
  return "https://127.0.0.1:" + std::to_string(server.port());
}

TEST_CASE("A server whose certificate is trusted is called, over one connection") {
  for (const int version : kVersions) {
    CAPTURE(version);
    TlsServer server(Speaking(version), {AnswerAll});
    const ServiceAccountsClient client(Trusting(server.base_url("localhost")));
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
  auto trusted = std::make_unique<TemporaryFile>(TestAuthority().pem());
  TlsServer server(Showing(TestAuthority().Issue()), {[](TlsConnection& connection) {
                     connection.ReadRequest();
                     connection.Write(HttpReply(200, kAccount, "Connection: close\r\n"));
                   }});
  ClientOptions options = Options(server.base_url());
  options.tls.ca_file = trusted->path();
  const ServiceAccountsClient client(options);
  REQUIRE(client.CreateServiceAccount(Request("x")));
  trusted.reset();
  REQUIRE(client.CreateServiceAccount(Request("y")));
  CHECK(server.connections() == 2);
  CHECK(server.Finish() == 2);
}

TEST_CASE(
    "Each certificate that cannot be verified is refused in words of its own, and nothing is "
    "sent") {
  for (const BadCertificate& bad : BadCertificates()) {
    for (const char* host : {"localhost", "127.0.0.1"}) {
      CAPTURE(bad.what, host);
      TlsServer server(Showing(bad.certificate), {AnswerAll});
      CheckFault(Trusting(server.base_url(host)), server, NotSent(Kind::kTls, bad.words));
      CHECK(server.connections() == 1);
    }
  }
}

TEST_CASE("A server whose certificate cannot be verified is sent nothing") {
  // By default nobody trusts the authority, so that is one more reason for each; it alone must do,
  // too.
  std::vector<BadCertificate> all = BadCertificates();
  all.push_back({"right, but for the authority", TestAuthority().Issue(), X509_V_OK, ""});
  for (const char* host : {"127.0.0.1", "localhost"}) {
    for (const BadCertificate& bad : all) {
      CAPTURE(host, bad.what);
      TlsServer server(Showing(bad.certificate), {AnswerAll});
      const auto result =
          CheckFault(TryOnce(server.base_url(host)), server, NotSent(Kind::kTls, "the ")).result;
      CHECK(result.error().message.find("server's certificate") != std::string::npos);
      CHECK(server.connections() == 1);
    }
  }
}

TEST_CASE("A file of trusted certificates takes the place of the system's") {
  const TemporaryFile other(Authority().pem());
  TlsServer server(Showing(TestAuthority().Issue()), {AnswerAll});
  ClientOptions options = TryOnce(server.base_url("localhost"));
  options.tls.ca_file = other.path();
  CheckFault(
      options, server,
      NotSent(Kind::kTls, "the server's certificate comes from an authority that is not trusted"));
}

TEST_CASE("A file of trusted certificates that cannot be read sends nothing") {
  const TemporaryFile empty("");
  const TemporaryFile garbage("junk");
  const TemporaryFile junk("-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n");
  const std::pair<std::string, Expected> cases[] = {
      {empty.path() + ".missing", Invalid("tls.ca_file: ")},
      {empty.path(), Invalid("tls.ca_file: ")},
      {garbage.path(), Invalid("tls.ca_file: ")},
      {junk.path(), NotSent(Kind::kTls, "the file of trusted certificates could not be read")},
  };
  for (const auto& [file, expected] : cases) {
    CAPTURE(expected.words);
    TlsServer server(Showing(TestAuthority().Issue()), {AnswerAll});
    ClientOptions options = TryOnce(server.base_url());
    options.tls.ca_file = file;
    CheckFault(options, server, expected);
  }
}

TEST_CASE("A server that asks for a client certificate is shown it") {
  CertificateOptions purpose;
  purpose.purpose = CertificatePurpose::kClient;
  const Certificate identity = TestAuthority().Issue(purpose);
  const TemporaryFile certificate(identity.chain);
  const TemporaryFile key(identity.key);
  for (const int version : kVersions) {
    CAPTURE(version);
    TlsServerOptions asking = Speaking(version);
    asking.client_authority = TestAuthority().pem();
    TlsServer server(asking, {AnswerAll});
    ClientOptions options = Trusting(server.base_url("localhost"));
    options.tls.client_certificate_file = certificate.path();
    options.tls.client_key_file = key.path();
    CHECK(ServiceAccountsClient(options).CreateServiceAccount(Request("x")));
    CHECK(server.Finish() == 1);
  }
}

TEST_CASE("A server that asks for a client certificate in vain sends a truthful error") {
  for (const int version : kVersions) {
    CAPTURE(version);
    TlsServerOptions asking = Speaking(version);
    asking.client_authority = TestAuthority().pem();
    TlsServer server(asking, {AnswerAll});
    // With TLS 1.3 the request is on its way before the server refuses: it cannot be proven unread.
    Expected expected = version == TLS1_2_VERSION ? NotSent(Kind::kTls) : Unknown(Kind::kTls);
    expected.posts = 0;
    const auto result = CheckFault(Trusting(server.base_url("localhost")), server, expected).result;
    CHECK(result.error().message.find("client certificate") != std::string::npos);
  }
}

TEST_CASE("A server that speaks nothing newer than TLS 1.1 is sent nothing") {
  TlsServerOptions old = Showing(TestAuthority().Issue());
  old.minimum_version = TLS1_VERSION;
  old.maximum_version = TLS1_1_VERSION;
  TlsServer server(old, {AnswerAll});
  CheckFault(Trusting(server.base_url()), server,
             NotSent(Kind::kTls, "the server speaks no version of TLS from 1.2 on"));
  CHECK(server.connections() == 1);
  CHECK(server.handshake_errors() == std::vector<std::string>{"unsupported protocol"});
}

TEST_CASE("A server that breaks the handshake off is sent nothing") {
  const std::string none = "no TLS connection could be agreed on";
  const std::tuple<const char*, RawServer::Behaviour, std::string> cases[] = {
      {"answers in plain HTTP",
       [](RawConnection& c) {
         c.ReadSome();
         c.Write(HttpReply(400, "This is not a TLS port."));
       },
       "the server does not answer in TLS"},
      {"closes at once", [](RawConnection& c) { c.Close(); }, none},
      {"closes after the first message",
       [](RawConnection& c) {
         c.ReadSome();
         c.Close();
       },
       none},
      {"closes in the middle of its own first message",
       [](RawConnection& c) {
         c.ReadSome();
         c.WriteAndClose({"\x16\x03\x03\x00\x7a\x02", 6});
       },
       none},
      // Not at once: it might be a refused connection then, or not.
      {"resets after the first message",
       [](RawConnection& c) {
         c.ReadSome();
         c.Reset();
       },
       none},
  };
  for (const auto& [what, behaviour, words] : cases) {
    INFO(what);
    RawServer server({behaviour});
    CheckFault(TryOnce(HttpsUrl(server)), server, NotSent(Kind::kTls, words));
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("A handshake that hangs ends at the connect timeout, with nothing sent") {
  const std::pair<const char*, std::string> cases[] = {
      {"from the start", ""},
      {"in the middle of the server's first message", {"\x16\x03\x03\x00\x7a\x02", 6}},
  };
  for (const auto& [what, begin] : cases) {
    INFO(what);
    RawServer server({[&begin = begin](RawConnection& connection) {
      connection.ReadSome();
      connection.Write(begin);
      connection.WaitForPeer();
    }});
    ClientOptions options = TryOnce(HttpsUrl(server));
    options.connect_timeout = 300ms;
    options.timeout = 10s;
    CheckFault(options, server,
               NotSent(Kind::kTimeout, "no connection within the time allowed").At(300ms));
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("A reply that TLS cut short is told from a whole one where its length is known") {
  const std::string account = kAccount;
  for (const bool length_known : {true, false}) {
    CAPTURE(length_known);
    const std::string reply = length_known
                                  ? HttpReply(200, account)
                                  : "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + account;
    TlsServer server(Showing(TestAuthority().Issue()), {[&](TlsConnection& connection) {
                       connection.ReadRequest();
                       connection.Write(reply.substr(0, reply.size() - 3));
                       connection.CloseWithoutNotify();
                     }});
    const WatchedCall call = WatchedClient(Trusting(server.base_url("localhost"))).Call();
    REQUIRE_FALSE(call);
    // Without a length it depends on the TLS library whether that is an end.
    const bool ended_well = !length_known && call.result.error().kind == Kind::kMalformedResponse;
    CheckFault(call, Accepted(ended_well ? Kind::kMalformedResponse : Kind::kConnection),
               server.Finish());
  }
}

TEST_CASE("Under TLS a POST that was read before the connection broke is not sent again") {
  const std::pair<const char*, void (*)(TlsConnection&)> ends[] = {
      {"closed", [](TlsConnection& c) { c.Close(); }},
      {"cut", [](TlsConnection& c) { c.CloseWithoutNotify(); }},
      {"reset", [](TlsConnection& c) { c.Reset(); }}};
  for (const auto& [how, end] : ends) {
    for (const bool warm : {true, false}) {
      CAPTURE(how, warm);
      TlsServer server(Showing(TestAuthority().Issue()),
                       {[&, end = end](TlsConnection& connection) {
                          if (warm) {
                            connection.ReadRequest();
                            connection.Write(HttpReply(200, kAccount));
                          }
                          connection.ReadRequest();
                          end(connection);
                        },
                        AnswerAll});
      const WatchedClient client(Trusting(server.base_url()));
      if (warm) REQUIRE(client.Call(Request("first")));
      CheckFault(client, server, Lost(), Request("second"));
      CHECK(server.connections() == 1);
    }
  }
}

}  // namespace
}  // namespace service_accounts::tests
