// A `RawServer` under TLS: each connection begins with a handshake, and does exactly what the test
// says from then on. OpenSSL, over memory: the sockets stay the raw server's.
//
//   const Authority authority;
//   TlsServerOptions options;
//   options.certificate = authority.Issue();
//   TlsServer server(options, {[](TlsConnection& c) {
//     while (!c.ReadRequest().empty()) c.Write(HttpReply(200, "{}"));
//   }});
//   ... call the client with server.base_url() ...
//   CHECK(server.Finish() == 1);  // how many POSTs it was sent, exactly
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_TLS_SERVER_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_TLS_SERVER_H_

#include <openssl/ssl.h>

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/certificates.h"
#include "tests/support/raw_server.h"

namespace service_accounts::tests {

/// To refuse what is weak is the client's part: the server accepts and shows anything that OpenSSL
/// knows how to speak.
struct TlsServerOptions {
  Certificate certificate;
  int minimum_version = TLS1_2_VERSION;
  int maximum_version = TLS1_3_VERSION;

  /// PEM. When set, each client has to show a certificate of this authority.
  std::string client_authority{};

  /// What ALPN may agree on, the best first, e.g. "h2". A client that offers none of them is served
  /// without an agreement.
  std::vector<std::string> protocols{};
};

/// With all else as it is.
[[nodiscard]] TlsServerOptions Showing(const Certificate& certificate);

class TlsServer;

/// One connection whose handshake is done, used by its own thread alone. When its behaviour
/// returns, it is closed and read to the peer's end, as a `RawConnection` is.
class TlsConnection {
 public:
  TlsConnection(TlsServer& server, RawConnection& raw);
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  /// One whole request, head and Content-Length body; "" when the peer closed, or the server
  /// stopped, before its end.
  std::string ReadRequest();

  /// What is there, at least one byte; "" when the peer closed or the server stopped.
  std::string ReadSome();

  /// What ALPN has agreed on; "" when nothing.
  [[nodiscard]] std::string protocol() const;

  /// False when not all of it could be sent: the peer is gone, or the server stopped.
  bool Write(std::string_view bytes);

  /// A close_notify and a FIN. The peer can still send, and be read.
  void Close();

  /// A FIN alone, as when somebody on the way cuts the connection.
  void CloseWithoutNotify();

  /// A RST. What had arrived by then is counted.
  void Reset();

  /// Until the peer closes or the server stops.
  void WaitForPeer();

 private:
  friend class TlsServer;

  bool Handshake();
  bool Receive();
  void Decipher(std::string_view bytes);
  bool Flush();

  TlsServer& server_;
  RawConnection& raw_;
  OpenSslPtr<SSL> tls_;  // Reads from one buffer and writes to another, both its own.
  RequestStream input_;
  bool ended_ = false;  // Nothing more can be deciphered.
};

class TlsServer {
 public:
  using Behaviour = std::function<void(TlsConnection&)>;

  /// The n-th connection runs the n-th behaviour once its handshake is done, the last one repeats.
  /// Behaviours that loop must end when reading returns "" or writing false.
  TlsServer(const TlsServerOptions& options, const std::vector<Behaviour>& behaviours);

  /// "https://<host>:<port>"
  [[nodiscard]] std::string base_url(const std::string& host = "127.0.0.1") const;
  [[nodiscard]] int port() const { return server_.port(); }

  /// Stops the server and returns `posts()`, which is exact from then on, as `RawServer::Finish`.
  int Finish();

  /// POSTs whose head was read so far, by whatever function; those that were sent in clear count
  /// too. One behind a handshake that then failed can be read by nobody, and does not.
  [[nodiscard]] int posts() const;

  /// Connections accepted so far.
  [[nodiscard]] int connections() const { return server_.connections(); }

  /// Handshakes completed so far, and those of them that resumed a session.
  [[nodiscard]] int handshakes() const;
  [[nodiscard]] int resumptions() const;

  /// OpenSSL's words for each handshake that failed other than by the peer's leaving: what was
  /// wrong, or the alert that the peer sent, e.g. "tlsv1 alert unknown ca".
  [[nodiscard]] std::vector<std::string> handshake_errors() const;

  /// What `ReadRequest` returned so far, in that order.
  [[nodiscard]] std::vector<std::string> requests() const { return log_.requests(); }

 private:
  friend class TlsConnection;

  void Serve(RawConnection& raw, const Behaviour& behaviour);

  std::string protocols_;  // As in the handshake, each behind its length; the context reads it.
  OpenSslPtr<SSL_CTX> context_;
  RequestLog log_;

  mutable std::mutex mutex_;  // Guards what follows, up to the server.
  int handshakes_ = 0;
  int resumptions_ = 0;
  std::vector<std::string> handshake_errors_;

  RawServer server_;  // The last one: its threads use the others.
};

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_TLS_SERVER_H_
