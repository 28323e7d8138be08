// Certificates that a test makes for itself while it runs, with libcrypto: there is none to keep,
// to renew or to leak.
//
//   const Authority authority;
//   CertificateOptions options;
//   options.not_after = -1h;
//   const Certificate expired = authority.Issue(options);
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_CERTIFICATES_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_CERTIFICATES_H_

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace service_accounts::tests {

struct FreeOpenSsl {
  void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(SSL* connection) const noexcept { SSL_free(connection); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
};

/// What an OpenSSL function returned for the caller to free.
template <class T>
using OpenSslPtr = std::unique_ptr<T, FreeOpenSsl>;

/// Throws `std::runtime_error` with these words and OpenSSL's unless the call succeeded.
void Require(bool succeeded, const char* what);

enum class CertificatePurpose { kServer, kClient };

struct CertificateOptions {
  /// Host names and IP addresses that it is for; the first one is also its subject.
  std::vector<std::string> names{"localhost", "127.0.0.1"};

  /// From and until when it is valid, counted from now.
  std::chrono::seconds not_before = -std::chrono::hours(1);
  std::chrono::seconds not_after = std::chrono::hours(24);

  /// Of an RSA key; 0 for an EC one, on P-256.
  unsigned rsa_bits = 0;

  /// Signed with its own key in place of the authority's.
  bool self_signed = false;

  CertificatePurpose purpose = CertificatePurpose::kServer;
};

/// PEM texts.
struct Certificate {
  std::string chain;  ///< What is to be sent: the certificate, then those of further authorities.
  std::string key;
};

/// An authority of its own, trusted by nobody yet. Unchanged once made, so safe from any thread.
class Authority {
 public:
  Authority();

  /// The authority's own certificate is not in the chain, as with real ones.
  [[nodiscard]] Certificate Issue(const CertificateOptions& options = {}) const;

  /// Its certificate, to be trusted.
  [[nodiscard]] const std::string& pem() const { return pem_; }

 private:
  OpenSslPtr<EVP_PKEY> key_;
  OpenSslPtr<X509> certificate_;
  std::string pem_;
};

/// Lets a context, of a server or of a client, identify itself.
void UseCertificate(SSL_CTX* context, const Certificate& certificate);

/// Lets a context trust the first certificate of the PEM text.
void TrustAuthority(SSL_CTX* context, std::string_view pem);

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_CERTIFICATES_H_
