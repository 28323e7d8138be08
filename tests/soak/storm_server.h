// A service in a process of its own that fails in every way that `Faults` knows, and in some more
// before it has read a request: connections are closed, reset or left alone as soon as they are
// there, or in the middle of a request, and for moments the port refuses them all.
#ifndef SERVICE_ACCOUNTS_TESTS_SOAK_STORM_SERVER_H_
#define SERVICE_ACCOUNTS_TESTS_SOAK_STORM_SERVER_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "tests/soak/ledger.h"

namespace service_accounts::tests {

/// To be made while the process has a single thread. Ends with this object, and with the process
/// that made it, however that ends.
class StormServer {
 public:
  StormServer(Ledger* ledger, std::uint64_t seed);
  ~StormServer();
  StormServer(const StormServer&) = delete;
  StormServer& operator=(const StormServer&) = delete;

  /// "http://127.0.0.1:<port>"
  [[nodiscard]] std::string base_url() const;

  /// Ends it; false if it had ended before, or not well.
  [[nodiscard]] bool Finish();

 private:
  int port_ = 0;
  int lifeline_ = -1;  // Closed with this process: the server's reads the end of it.
  pid_t process_ = -1;
};

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SOAK_STORM_SERVER_H_
