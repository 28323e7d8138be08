// The server of the tests under TLS, against OpenSSL's own client: so each refusal in `tests/fault`
// is known to have the cause that its case names.
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/certificates.h"
#include "tests/support/raw_client.h"
#include "tests/support/temporary_file.h"
#include "tests/support/test_authority.h"
#include "tests/support/tls_server.h"

namespace service_accounts::tests {
namespace {

using Words = std::vector<std::string>;

constexpr const char* kPost = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";

/// OpenSSL's own client: one connection to 127.0.0.1, which asks for "localhost". It gives up on a
/// server that says nothing for ten seconds.
class OpenSslClient {
 public:
  struct Setup {
    std::string trusted;             ///< PEM.
    int version = 0;                 ///< The only one that is spoken; 0: whatever is best.
    int security_level = 2;          ///< 0 for TLS 1.1.
    Certificate identity{};          ///< Shown when asked for, unless it is empty.
    SSL_SESSION* session = nullptr;  ///< To be resumed.
  };

  OpenSslClient(int port, const Setup& setup) : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX* const context = context_.get();
    SSL_CTX_set_security_level(context, setup.security_level);
    SSL_CTX_set_min_proto_version(context, setup.version);
    SSL_CTX_set_max_proto_version(context, setup.version);
    const TemporaryFile trusted(setup.trusted);
    Require(SSL_CTX_load_verify_file(context, trusted.path().c_str()) == 1, "load a file");
    if (!setup.identity.chain.empty()) UseCertificate(context, setup.identity);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    tls_.reset(SSL_new(context));
    SSL_set1_host(tls_.get(), "localhost");
    if (setup.session != nullptr) SSL_set_session(tls_.get(), setup.session);
    Connect(port);
    connected_ = SSL_connect(tls_.get()) == 1;
  }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] std::string version() const { return SSL_get_version(tls_.get()); }
  [[nodiscard]] long verdict() const { return SSL_get_verify_result(tls_.get()); }

  /// For a later client. Unless this connection counts as closed in good order by then, OpenSSL
  /// marks the session as not to be resumed.
  [[nodiscard]] OpenSslPtr<SSL_SESSION> TakeSession() {
    SSL_set_shutdown(tls_.get(), SSL_SENT_SHUTDOWN);
    return OpenSslPtr<SSL_SESSION>(SSL_get1_session(tls_.get()));
  }

  void Send(const std::string& bytes) {
    REQUIRE(SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0);
  }

  /// Until the server's kernel has acknowledged all that was sent: it is there to be read then.
  void WaitForArrival() {
    int under_way = 1;
    while (ioctl(SSL_get_fd(tls_.get()), SIOCOUTQ, &under_way) == 0 && under_way > 0) {
      std::this_thread::yield();
    }
  }

  /// What comes next; "" at the end.
  std::string Receive() {
    std::array<char, 4096> block{};
    const int count = SSL_read(tls_.get(), block.data(), static_cast<int>(block.size()));
    end_ = SSL_get_error(tls_.get(), count);
    return {block.data(), static_cast<std::size_t>(std::max(count, 0))};
  }

  /// The end was announced by a close_notify.
  [[nodiscard]] bool ended_well() const { return end_ == SSL_ERROR_ZERO_RETURN; }

 private:
  void Connect(int port) {
    BIO* const bio = BIO_new_connect(("127.0.0.1:" + std::to_string(port)).c_str());
    SSL_set_bio(tls_.get(), bio, bio);
    Require(BIO_do_connect(bio) == 1, "connect");
    const int socket = SSL_get_fd(tls_.get());
    const timeval patience{10, 0};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int at_once = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  }

  OpenSslPtr<SSL_CTX> context_;
  OpenSslPtr<SSL> tls_;
  bool connected_ = false;
  int end_ = SSL_ERROR_NONE;
};

TEST_CASE("The TLS server speaks each version that it is told to, and no other") {
  const Authority authority;
  for (const int version : {TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    TlsServerOptions options = Showing(authority.Issue());
    options.minimum_version = version;
    options.maximum_version = version;
    TlsServer server(options, {AnswerAll});
    {
      OpenSslClient client(server.port(), {authority.pem(), version, 0, {}});
      REQUIRE(client.connected());
      CHECK(client.version() == "TLSv1." + std::to_string(version - TLS1_VERSION));
      CHECK(client.verdict() == X509_V_OK);
      client.Send(kPost);
      CHECK(client.Receive() == HttpReply(200, kAccount));
      const int other = version == TLS1_2_VERSION ? TLS1_1_VERSION : TLS1_2_VERSION;
      CHECK_FALSE(OpenSslClient(server.port(), {authority.pem(), other, 0, {}}).connected());
    }
    CHECK(server.Finish() == 1);
    CHECK(server.requests() == Words{kPost});
    CHECK(server.connections() == 2);
    CHECK(server.handshakes() == 1);
    CHECK(server.handshake_errors().size() == 1);
  }
}

TEST_CASE("Each bad certificate is bad in its own way") {
  for (const BadCertificate& bad : BadCertificates()) {
    INFO(bad.what);
    TlsServer server(Showing(bad.certificate), {AnswerAll});
    {
      const OpenSslClient client(server.port(), {TestAuthority().pem()});
      CHECK_FALSE(client.connected());
      CHECK(client.verdict() == bad.verdict);
    }
    CHECK(server.Finish() == 0);
    CHECK(server.handshakes() == 0);
    CHECK(server.handshake_errors().size() == 1);
  }
}

TEST_CASE("A client certificate that the TLS server asks for has to be shown, and to be right") {
  const Authority authority;
  CertificateOptions purpose;
  purpose.purpose = CertificatePurpose::kClient;
  const Certificate right = authority.Issue(purpose);
  const std::pair<Certificate, Words> cases[] = {
      {{}, {"peer did not return a certificate"}},
      {Authority().Issue(purpose), {"certificate verify failed"}},
      {right, {}}};
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const auto& [identity, errors] : cases) {
      CAPTURE(version, errors);
      TlsServerOptions options = Showing(authority.Issue());
      options.client_authority = authority.pem();
      TlsServer server(options, {AnswerAll});
      {
        OpenSslClient client(server.port(), {authority.pem(), version, 2, identity});
        // With TLS 1.3 the client is done before the server has looked at its certificate.
        CHECK(client.connected() == (errors.empty() || version == TLS1_3_VERSION));
        if (client.connected()) client.Send(kPost);
        CHECK(client.Receive() == (errors.empty() ? HttpReply(200, kAccount) : ""));
      }
      CHECK(server.Finish() == (errors.empty() ? 1 : 0));
      CHECK(server.handshakes() == (errors.empty() ? 1 : 0));
      CHECK(server.handshake_errors() == errors);
    }
  }
}

TEST_CASE("A connection of the TLS server closes as its behaviour says, and is read to its end") {
  struct Case {
    const char* what;
    void (*end)(TlsConnection&);
    bool well;
  };
  const Case cases[] = {
      {"closed", [](TlsConnection& c) { c.Close(); }, true},
      {"cut", [](TlsConnection& c) { c.CloseWithoutNotify(); }, false},
      {"left alone", [](TlsConnection&) {}, true},
  };
  const Authority authority;
  for (const Case& c : cases) {
    INFO(c.what);
    TlsServer server(Showing(authority.Issue()), {[&](TlsConnection& connection) {
                       connection.ReadRequest();
                       connection.Write("half a reply");
                       c.end(connection);
                     }});
    {
      OpenSslClient client(server.port(), {authority.pem()});
      client.Send(kPost);
      CHECK(client.Receive() == "half a reply");
      // Nobody asks for this one, and it comes in pieces.
      for (const char byte : std::string(kPost)) client.Send({byte});
      CHECK(client.Receive() == "");
      CHECK(client.ended_well() == c.well);
    }
    CHECK(server.Finish() == 2);
    CHECK(server.requests() == Words{kPost});
  }
}

TEST_CASE("What a connection of the TLS server was sent before it resets it is counted") {
  const Authority authority;
  std::promise<void> promise;
  const std::future<void> all_sent = promise.get_future();
  TlsServer server(Showing(authority.Issue()), {[&](TlsConnection& connection) {
                     all_sent.wait();
                     connection.Reset();
                   }});
  {
    std::promise<void> sent = std::move(promise);  // Also when the client comes to nothing.
    OpenSslClient client(server.port(), {authority.pem()});
    client.Send(kPost);
    client.Send(kPost);
    client.WaitForArrival();
    sent.set_value();
    CHECK(client.Receive() == "");
    CHECK_FALSE(client.ended_well());
  }
  CHECK(server.Finish() == 2);
}

TEST_CASE("The TLS server resumes sessions, also of clients that have to show a certificate") {
  const Authority authority;
  CertificateOptions purpose;
  purpose.purpose = CertificatePurpose::kClient;
  const Certificate identity = authority.Issue(purpose);
  TlsServerOptions options = Showing(authority.Issue());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const std::string& client_authority : {std::string(), authority.pem()}) {
      CAPTURE(version, client_authority);
      options.client_authority = client_authority;
      TlsServer server(options, {AnswerAll});
      OpenSslPtr<SSL_SESSION> session;
      for (int i = 0; i < 2; ++i) {
        OpenSslClient client(server.port(), {authority.pem(), version, 2, identity, session.get()});
        client.Send(kPost);
        CHECK(client.Receive() == HttpReply(200, kAccount));
        session = client.TakeSession();
      }
      CHECK(server.Finish() == 2);
      CHECK(server.handshakes() == 2);
      CHECK(server.resumptions() == 1);
    }
  }
}

TEST_CASE("A POST that is sent to the TLS server in clear is counted") {
  TlsServer server(Showing(Authority().Issue()), {AnswerAll});
  (void)Exchange(server.port(), kPost);
  CHECK(server.Finish() == 1);
  CHECK(server.handshakes() == 0);
}

}  // namespace
}  // namespace service_accounts::tests
