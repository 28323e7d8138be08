// A shared library with a copy of the client library in it that is its own, and a client that lives
// as long as it is loaded. What its host may call has no more than C in its interface.
#include <string>

#include "tests/support/client.h"

extern "C" {

/// Null, or what is wrong. The first call says for all where the service is.
__attribute__((visibility("default"))) const char* CreateAccount(const char* base_url,
                                                                 const char* ca_file) {
  using namespace service_accounts;
  static const ServiceAccountsClient client([&] {
    ClientOptions options = tests::Options(base_url);
    options.tls.ca_file = ca_file;
    return options;
  }());
  static std::string problem;
  const auto account = client.CreateServiceAccount(tests::Request("x"));
  if (account) return nullptr;
  problem = account.error().ToString();
  return problem.c_str();
}

/// A place in the copy.
__attribute__((visibility("default"))) const void* AddressInCopy() {
  return reinterpret_cast<const void*>(&service_accounts::Version);
}

}  // extern "C"
