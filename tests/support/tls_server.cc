#include "tests/support/tls_server.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace service_accounts::tests {
namespace {

std::string AlpnList(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& protocol : protocols) {
    list.append(1, static_cast<char>(protocol.size())).append(protocol);
  }
  return list;
}

/// `ours` is the server's list.
int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* length,
                   const unsigned char* offered, unsigned offered_length, void* ours) {
  const auto& list = *static_cast<const std::string*>(ours);
  unsigned char* protocol = nullptr;
  const int found =
      SSL_select_next_proto(&protocol, length, reinterpret_cast<const unsigned char*>(list.data()),
                            static_cast<unsigned>(list.size()), offered, offered_length);
  *chosen = protocol;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

OpenSslPtr<SSL_CTX> NewContext(const TlsServerOptions& options, std::string* protocols) {
  OpenSslPtr<SSL_CTX> owner(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* const context = owner.get();
  Require(context != nullptr, "make a context");
  // Below level 1 there is no TLS 1.1, and below 2 no RSA key of 1024 bits.
  SSL_CTX_set_security_level(context, 0);
  Require(SSL_CTX_set_min_proto_version(context, options.minimum_version) == 1 &&
              SSL_CTX_set_max_proto_version(context, options.maximum_version) == 1,
          "set the versions");
  UseCertificate(context, options.certificate);
  if (!protocols->empty()) SSL_CTX_set_alpn_select_cb(context, ChooseProtocol, protocols);
  if (options.client_authority.empty()) return owner;
  TrustAuthority(context, options.client_authority);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // Without an id, sessions of clients that have shown a certificate cannot be resumed.
  const std::array<unsigned char, 1> id{};
  SSL_CTX_set_session_id_context(context, id.data(), id.size());
  return owner;
}

}  // namespace

TlsServerOptions Showing(const Certificate& certificate) {
  TlsServerOptions options;
  options.certificate = certificate;
  return options;
}

TlsConnection::TlsConnection(TlsServer& server, RawConnection& raw)
    : server_(server), raw_(raw), tls_(SSL_new(server.context_.get())), input_(server.log_) {
  Require(tls_ != nullptr, "make a connection");
  SSL_set_bio(tls_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_accept_state(tls_.get());
}

TlsConnection::~TlsConnection() {
  Close();
  WaitForPeer();
}

bool TlsConnection::Handshake() {
  while (SSL_is_init_finished(tls_.get()) == 0 && Receive()) {
  }
  if (SSL_is_init_finished(tls_.get()) == 0) return false;
  const std::lock_guard<std::mutex> lock(server_.mutex_);
  ++server_.handshakes_;
  server_.resumptions_ += SSL_session_reused(tls_.get());
  return true;
}

bool TlsConnection::Receive() {
  const std::string bytes = ended_ ? "" : raw_.ReadSome();
  Decipher(bytes);
  return !bytes.empty();
}

// SSL_read does the handshake too, and answers what has to be answered. That some answer cannot be
// sent any more is no reason to stop: what the peer had sent before it left still counts.
void TlsConnection::Decipher(std::string_view bytes) {
  if (bytes.empty()) return;
  BIO_write(SSL_get_rbio(tls_.get()), bytes.data(), static_cast<int>(bytes.size()));
  ERR_clear_error();
  std::array<char, 16384> block{};
  int count = 0;
  while ((count = SSL_read(tls_.get(), block.data(), static_cast<int>(block.size()))) > 0) {
    input_.Add({block.data(), static_cast<std::size_t>(count)});
  }
  ended_ = SSL_get_error(tls_.get(), count) != SSL_ERROR_WANT_READ;
  const unsigned long error = ERR_get_error();
  if (error != 0 && SSL_is_init_finished(tls_.get()) == 0) {
    const char* const reason = ERR_reason_error_string(error);
    const std::lock_guard<std::mutex> lock(server_.mutex_);
    server_.handshake_errors_.emplace_back(reason != nullptr ? reason : "?");
  }
  (void)Flush();
}

bool TlsConnection::Flush() {
  BIO* const written = SSL_get_wbio(tls_.get());
  std::string bytes(BIO_ctrl_pending(written), '\0');
  BIO_read(written, bytes.data(), static_cast<int>(bytes.size()));
  return raw_.Write(bytes);
}

std::string TlsConnection::ReadRequest() {
  std::string request = input_.TakeRequest();
  while (request.empty() && Receive()) request = input_.TakeRequest();
  return request;
}

std::string TlsConnection::ReadSome() {
  std::string bytes = input_.TakeAll();
  while (bytes.empty() && Receive()) bytes = input_.TakeAll();
  return bytes;
}

std::string TlsConnection::protocol() const {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(tls_.get(), &name, &length);
  return {name, name + length};
}

bool TlsConnection::Write(std::string_view bytes) {
  if (bytes.empty()) return true;
  // The buffer takes all of it at once.
  return SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0 && Flush();
}

void TlsConnection::Close() {
  if (SSL_is_init_finished(tls_.get()) != 0) SSL_shutdown(tls_.get());
  (void)Flush();
  raw_.Close();
}

// Nothing gets out after the FIN, so neither does the notify of the destructor.
void TlsConnection::CloseWithoutNotify() { raw_.Close(); }

void TlsConnection::Reset() {
  raw_.Reset();
  (void)Receive();
}

void TlsConnection::WaitForPeer() {
  while (Receive()) (void)input_.TakeAll();
}

TlsServer::TlsServer(const TlsServerOptions& options, const std::vector<Behaviour>& behaviours)
    : protocols_(AlpnList(options.protocols)),
      context_(NewContext(options, &protocols_)),
      server_([&] {
        std::vector<RawServer::Behaviour> raw;
        std::transform(behaviours.begin(), behaviours.end(), std::back_inserter(raw),
                       [this](const Behaviour& behaviour) {
                         return [this, behaviour](RawConnection& c) { Serve(c, behaviour); };
                       });
        return raw;
      }()) {}

void TlsServer::Serve(RawConnection& raw, const Behaviour& behaviour) {
  TlsConnection connection(*this, raw);
  if (connection.Handshake()) behaviour(connection);
}

std::string TlsServer::base_url(const std::string& host) const {
  return "https://" + host + ":" + std::to_string(port());
}

int TlsServer::Finish() {
  (void)server_.Finish();
  return posts();
}

int TlsServer::posts() const { return log_.posts() + server_.posts(); }

int TlsServer::handshakes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return handshakes_;
}

int TlsServer::resumptions() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return resumptions_;
}

std::vector<std::string> TlsServer::handshake_errors() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return handshake_errors_;
}

}  // namespace service_accounts::tests
