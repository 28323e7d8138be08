// The process ends while a call is under way and its client is a static object.
//
//   exit-in-call token main        `exit` from the token's callback, on the main thread
//   exit-in-call observer thread   `exit` from an observer, on another thread
//   exit-in-call blocked           `main` returns while another thread waits for a reply
//
// Prints nothing, unless something is wrong.
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "tests/footprint/server_process.h"
#include "tests/support/client.h"
#include "tests/support/raw_server.h"

namespace service_accounts::v0 {
namespace {

using tests::kToken;
using tests::Options;
using tests::RawConnection;
using tests::RawServer;
using tests::Request;

std::string exit_from;  // Where, once it is set.

void ExitFrom(const char* here) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): that is the test.
  if (exit_from == here) std::exit(0);
}

class ExitingObserver final : public Observer {
 public:
  void OnAttemptEnded(const AttemptEnded&) override { ExitFrom("observer"); }
};

ClientOptions ExitingOptions(const tests::ServerProcess& server) {
  ClientOptions options = Options(server.https_url());
  options.tls.ca_file = server.ca_file();
  options.credentials = TokenFromCallback([] {
    ExitFrom("token");
    // Used for one call, so that each fetches.
    return Result<AccessToken>(AccessToken{kToken, std::chrono::system_clock::time_point()});
  });
  options.observer = std::make_shared<ExitingObserver>();
  return options;
}

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::_Exit(1);
}

const tests::ServerProcess server;
const ServiceAccountsClient client(ExitingOptions(server));

void Call() {
  const auto account = client.CreateServiceAccount(Request("x"));
  if (!account) Fail(account.error().ToString());
}

/// What `main` waits for: the other thread's request has been read.
struct Arrival {
  std::mutex mutex;
  std::condition_variable changed;
  bool arrived = false;
};

/// Both outlive the process, so that its end is what ends the call.
void LeaveCallBlocked() {
  static Arrival& arrival = *new Arrival;
  static const RawServer& silent = *new RawServer({[](RawConnection& connection) {
    connection.ReadRequest();
    {
      const std::lock_guard<std::mutex> lock(arrival.mutex);
      arrival.arrived = true;
    }
    arrival.changed.notify_all();
    connection.WaitForPeer();
  }});
  static const ServiceAccountsClient blocked(Options(silent.base_url()));
  std::thread([copy = blocked] {
    (void)copy.CreateServiceAccount(Request("x"));
    Fail("the blocked call returned");
  }).detach();
  std::unique_lock<std::mutex> lock(arrival.mutex);
  arrival.changed.wait(lock, [] { return arrival.arrived; });
}

}  // namespace
}  // namespace service_accounts::v0

int main(int argc, char** argv) {
  using namespace service_accounts;
  const std::string where = argc > 1 ? argv[1] : "";
  Call();  // Its connection is idle from now on, or used by the call that does not return.
  if (where == "blocked") {
    LeaveCallBlocked();
    return 0;
  }
  exit_from = where;
  if (argc > 2 && argv[2] == std::string("thread")) {
    std::thread(Call).join();
  } else {
    Call();
  }
  Fail("the call returned");
}
