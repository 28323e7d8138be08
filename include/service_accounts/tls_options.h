// Whom to trust, and how to identify oneself, in TLS.
//
//   options.tls.ca_file = "/etc/my-company/ca.pem";
//   options.tls.client_certificate_file = "client.pem";
//   options.tls.client_key_file = "client-key.pem";
//
// TLS 1.2 at least. The server's certificate is always verified, its host name too: there is no
// option to leave that out.
#ifndef SERVICE_ACCOUNTS_TLS_OPTIONS_H_
#define SERVICE_ACCOUNTS_TLS_OPTIONS_H_

#include <string>

namespace service_accounts {
inline namespace v0 {

/// Whom to trust, and the client's own certificate. A plain value: names of PEM files, checked to
/// be there and to be PEM when a client is made, and read when a connection is. All empty: the
/// system's certificates, and none of one's own.
struct TlsOptions {
  /// Certificates to trust in place of the system's.
  std::string ca_file;

  /// The client's own certificate, with those between it and its authority behind it. It goes with
  /// `client_key_file`: both or neither.
  std::string client_certificate_file;

  /// That certificate's private key, without a passphrase.
  std::string client_key_file;
};

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_TLS_OPTIONS_H_
