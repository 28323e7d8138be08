// The programs of the examples, and the mock server as their environment.
#ifndef SERVICE_ACCOUNTS_TESTS_PROVISION_PROGRAMS_H_
#define SERVICE_ACCOUNTS_TESTS_PROVISION_PROGRAMS_H_

#include <service_accounts/testing/mock_server.h>

#include <string>
#include <vector>

#include "tests/provision/program.h"

namespace service_accounts::tests {

constexpr const char* kProvision = SERVICE_ACCOUNTS_PROVISION;  // Paths, by CMake.
constexpr const char* kCreate = SERVICE_ACCOUNTS_CREATE;

inline Program::Variables Variables(const testing::MockServer& server) {
  return {{"SERVICE_ACCOUNTS_BASE_URL", server.base_url()},
          {"SERVICE_ACCOUNTS_TOKEN", server.token()}};
}

/// The same command with some of the standard files closed: ">&-", "2>&-".
inline std::vector<std::string> Without(const std::string& files,
                                        std::vector<std::string> command) {
  command.insert(command.begin(), {"/bin/sh", "-c", R"(exec "$0" "$@" )" + files});
  return command;
}

/// How often the service was asked for an account of that name.
inline int Requests(const testing::MockServer& server, const std::string& name) {
  int count = 0;
  for (const HttpRequest& request : server.requests()) {
    if (Holds(request.body, R"("name":")" + name + '"')) ++count;
  }
  return count;
}

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_PROVISION_PROGRAMS_H_
