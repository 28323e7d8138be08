// Clients and requests for tests, in one line each.
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_CLIENT_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_CLIENT_H_

#include <service_accounts/service_accounts.h>

#include <sstream>
#include <string>

namespace service_accounts::tests {

/// A token that is found at once wherever it leaks.
constexpr const char* kToken = "TOPSECRET-0123456789.abc~def/ghi+jkl==";

inline ClientOptions Options(const std::string& base_url, const std::string& token = kToken) {
  ClientOptions options;
  options.base_url = base_url;
  options.credentials = BearerToken(token);
  // Long enough for any machine: where a test is about time, it says so itself.
  options.timeout = std::chrono::seconds(60);
  return options;
}

inline CreateServiceAccountRequest Request(const std::string& name) {
  CreateServiceAccountRequest request;
  request.name = name;
  request.permissions = {"org:read"};
  return request;
}

/// Every text of an error, and each way to make one line of it.
inline std::string AllTextOf(const Error& error) {
  std::ostringstream all;
  all << error.code << error.message << error.request_id << error.details << error.body << '\n'
      << error.ToString() << '\n'
      << error << '\n'
      << BadResultAccess(error).what();
  return all.str();
}

/// Everything that a call gave out, for tests of what must not be in it.
template <class T>
std::string AllTextOf(const Result<T>& result) {
  const ResponseMetadata& m = result.metadata();
  std::string all = m.request_id + m.message + m.http_version + m.body + m.headers.text();
  if (!result) all += AllTextOf(result.error());
  return all;
}

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_CLIENT_H_
