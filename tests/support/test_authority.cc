#include "tests/support/test_authority.h"

#include <chrono>

#include "tests/support/temporary_file.h"

namespace service_accounts::tests {

using namespace std::chrono_literals;

const Authority& TestAuthority() {
  static const Authority authority;
  return authority;
}

const std::string& TrustedFile() {
  static const TemporaryFile trusted(TestAuthority().pem());
  return trusted.path();
}

ClientOptions Trusting(const std::string& base_url) {
  ClientOptions options = Options(base_url);
  options.tls.ca_file = TrustedFile();
  options.retry.max_attempts = 1;
  return options;
}

std::vector<BadCertificate> BadCertificates() {
  const auto issue = [](void (*spoil)(CertificateOptions&)) {
    CertificateOptions options;
    spoil(options);
    return TestAuthority().Issue(options);
  };
  const Authority unknown;
  Certificate with_authority = unknown.Issue();
  with_authority.chain += unknown.pem();
  return {
      {"self-signed", issue([](CertificateOptions& o) { o.self_signed = true; }),
       X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "the server's certificate is self-signed"},
      {"of an unknown authority", unknown.Issue(), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
       "the server's certificate comes from an authority that is not trusted"},
      {"of an unknown authority that introduces itself", with_authority,
       X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
       "the server's certificate comes from an authority that is not trusted"},
      {"expired", issue([](CertificateOptions& o) { o.not_after = -1min; }),
       X509_V_ERR_CERT_HAS_EXPIRED, "the server's certificate has expired"},
      {"not yet valid", issue([](CertificateOptions& o) { o.not_before = 1h; }),
       X509_V_ERR_CERT_NOT_YET_VALID, "the server's certificate is not yet valid"},
      {"for another host", issue([](CertificateOptions& o) { o.names = {"other.test"}; }),
       X509_V_ERR_HOSTNAME_MISMATCH, "the server's certificate is for another host"},
      {"with a weak key", issue([](CertificateOptions& o) { o.rsa_bits = 1024; }),
       X509_V_ERR_EE_KEY_TOO_SMALL, "the key of the server's certificate is too weak"},
      {"of a client", issue([](CertificateOptions& o) { o.purpose = CertificatePurpose::kClient; }),
       X509_V_ERR_INVALID_PURPOSE, "the server's certificate is not meant for a server"},
  };
}

}  // namespace service_accounts::tests
