// The environment's proxy variables, for the length of a scope.
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_PROXY_ENVIRONMENT_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_PROXY_ENVIRONMENT_H_

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace service_accounts::tests {

/// These are set, and all others that could matter are not; none is afterwards.
class ProxyEnvironment {
 public:
  explicit ProxyEnvironment(
      const std::vector<std::pair<const char*, std::string>>& variables = {}) {
    Clear();
    for (const auto& [name, value] : variables) setenv(name, value.c_str(), 1);
  }
  ~ProxyEnvironment() { Clear(); }
  ProxyEnvironment(const ProxyEnvironment&) = delete;
  ProxyEnvironment& operator=(const ProxyEnvironment&) = delete;

 private:
  static void Clear() {
    for (const char* name : {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy",
                             "ALL_PROXY", "no_proxy", "NO_PROXY"}) {
      unsetenv(name);
    }
  }
};

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_PROXY_ENVIRONMENT_H_
