// Whom the clients of tests under TLS trust, and the certificates that they must not.
//
//   TlsServer server(Showing(TestAuthority().Issue()), {AnswerAll});
//   const ServiceAccountsClient client(Trusting(server.base_url()));
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_TEST_AUTHORITY_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_TEST_AUTHORITY_H_

#include <string>
#include <vector>

#include "tests/support/certificates.h"
#include "tests/support/client.h"

namespace service_accounts::tests {

/// The same one for as long as the process lives.
[[nodiscard]] const Authority& TestAuthority();

/// A file that holds its certificate, for as long.
[[nodiscard]] const std::string& TrustedFile();

/// Of a client that trusts `TestAuthority` alone, and tries once.
[[nodiscard]] ClientOptions Trusting(const std::string& base_url);

/// A certificate that is wrong in one way, for "localhost" and 127.0.0.1 but where it says so.
struct BadCertificate {
  const char* what = "";
  Certificate certificate{};
  int verdict = 0;         ///< OpenSSL's, of a client that trusts `TestAuthority`.
  const char* words = "";  ///< The library's, with the same trust.
};

[[nodiscard]] std::vector<BadCertificate> BadCertificates();

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_TEST_AUTHORITY_H_
