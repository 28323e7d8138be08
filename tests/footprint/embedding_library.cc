// A shared library that uses the client library, as a plugin does: with clients that live as long
// as it is loaded. What its host may call has no more than C in its interface.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/support/client.h"

namespace {

using namespace service_accounts;

ClientOptions TrustingOptions(const char* base_url, const char* ca_file) {
  ClientOptions options = tests::Options(base_url);
  options.tls.ca_file = ca_file;
  return options;
}

/// Null, or what is wrong.
const char* Problem(const Result<ServiceAccount>& account) {
  static std::string problem;
  if (account) return nullptr;
  problem = account.error().ToString();
  return problem.c_str();
}

/// The calls that are to be ended by the end of their client. Looked at when that is gone.
struct Ends {
  ~Ends() {
    if (begun == ended) return;
    std::fprintf(stderr, "of %d calls ended %d\n", begun, ended.load());
    std::_Exit(1);
  }
  int begun = 0;
  std::atomic<int> ended{0};
};

}  // namespace

extern "C" {

/// Null, or what is wrong: with a blocking call, or with an asynchronous one. The first call says
/// for all where the service is.
__attribute__((visibility("default"))) const char* CreateAccounts(const char* base_url,
                                                                  const char* ca_file) {
  static const ServiceAccountsClient client(TrustingOptions(base_url, ca_file));
  auto under_way = client.CreateServiceAccountAsync(tests::Request("x"));
  const char* const problem = Problem(client.CreateServiceAccount(tests::Request("x")));
  return problem != nullptr ? problem : Problem(under_way.get());
}

/// Begins calls to a service that does not answer: they are under way until the library goes. The
/// first call says for all where the service is.
__attribute__((visibility("default"))) void BeginSilentCalls(const char* base_url,
                                                             const char* ca_file, int count) {
  static Ends ends;
  static const ServiceAccountsClient client(TrustingOptions(base_url, ca_file));
  for (ends.begun += count; count > 0; --count) {
    client.CreateServiceAccountAsync(tests::Request("x"), {}, [](const auto& account) {
      if (!account) ++ends.ended;
    });
  }
}

/// As `CreateAccounts`, with a client that lives no longer than its call.
__attribute__((visibility("default"))) const char* CreateAccountOnce(const char* base_url) {
  return Problem(
      ServiceAccountsClient(tests::Options(base_url)).CreateServiceAccount(tests::Request("x")));
}

/// A place in the client library.
__attribute__((visibility("default"))) const void* AddressInCopy() {
  return reinterpret_cast<const void*>(&Version);
}

}  // extern "C"
