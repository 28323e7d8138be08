// The endpoint on loopback, to try programs with: see `kUsage`.
#include <service_accounts/testing/mock_server.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

namespace {

constexpr const char* kUsage =
    "mock-server: the endpoint on loopback, to try programs with\n"
    "\n"
    "  mock-server COMMAND [ARGUMENT...]   runs the command with SERVICE_ACCOUNTS_BASE_URL and\n"
    "                                      SERVICE_ACCOUNTS_TOKEN set, and ends with its exit "
    "code\n"
    "  mock-server                         prints the two variables and serves until its input "
    "ends\n";

/// In single quotes, as a shell takes it for one word.
std::string Quoted(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--help") {
    std::cout << kUsage;
    return 0;
  }
  const service_accounts::testing::MockServer server;
  if (argc < 2) {
    std::cout << "export SERVICE_ACCOUNTS_BASE_URL=" << server.base_url() << '\n'
              << "export SERVICE_ACCOUNTS_TOKEN=" << server.token() << std::endl;
    std::string line;
    while (std::getline(std::cin, line)) {
    }
    return 0;
  }
  std::string command = "SERVICE_ACCOUNTS_BASE_URL=" + Quoted(server.base_url()) +
                        " SERVICE_ACCOUNTS_TOKEN=" + Quoted(server.token());
  for (int i = 1; i < argc; ++i) command += " " + Quoted(argv[i]);
  // NOLINTNEXTLINE(cert-env33-c): running a command is what this program is for.
  return std::system(command.c_str()) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
