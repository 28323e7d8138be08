// The process ends while asynchronous calls are under way and their clients are static objects.
//
//   exit-in-async main       `main` returns, with requests sent that are never answered
//   exit-in-async handshake N  the same, with connections that are being made: so many times 100
//                            microseconds after their begin
//   exit-in-async callback   `exit` from the callback of one of them, on the client's own thread
//   exit-in-async thread     `exit` on a third thread
//   exit-in-async token      `exit` from the token's callback, on the thread that fetches it
//   exit-in-async leaked     `main` returns, and the clients are never destroyed
//
// Prints nothing, unless something is wrong.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "tests/footprint/server_process.h"
#include "tests/support/client.h"

namespace service_accounts::v0 {
namespace {

using tests::Options;
using tests::Request;
using tests::ServerProcess;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::_Exit(1);
}

// NOLINTNEXTLINE(concurrency-mt-unsafe): that is the test.
[[noreturn]] void Exit() { std::exit(0); }

const ServerProcess server;

/// The calls of the static clients that have ended, and what is wrong about that. Looked at when
/// the clients are gone.
struct Ends {
  ~Ends() {
    if (expected >= 0 && ended != expected) {
      Fail("of the calls ended " + std::to_string(ended) + " instead of " +
           std::to_string(expected));
    }
  }
  std::atomic<int> ended{0};
  std::atomic<bool> of_any_kind{false};
  int expected = -1;  ///< Nobody looks.
};
Ends ends;

ClientOptions TrustingOptions(const std::string& url) {
  ClientOptions options = Options(url);
  options.tls.ca_file = server.ca_file();
  return options;
}

const ServiceAccountsClient plain(Options(server.silent_http_url()));
const ServiceAccountsClient tls(TrustingOptions(server.silent_https_url()));

/// To be ended by the end of their client.
void BeginSilentCalls(const ServiceAccountsClient& to_plain, const ServiceAccountsClient& to_tls) {
  for (int i = 0; i < ServerProcess::kSilentRequests; ++i) {
    (i % 2 == 0 ? to_plain : to_tls)
        .CreateServiceAccountAsync(Request("x"), {}, [](const Result<ServiceAccount>& result) {
          const bool cancelled = !result && result.error().kind == ErrorKind::kCancelled;
          if (!cancelled && !ends.of_any_kind) Fail("a call was answered");
          ++ends.ended;
        });
  }
}

/// Until their requests have been read.
void AwaitSilentCalls() {
  const auto account =
      ServiceAccountsClient(Options(server.bell_url())).CreateServiceAccount(Request("x"));
  if (!account) Fail(account.error().ToString());
}

/// On the thread of one of the clients, among its other calls.
[[noreturn]] void ExitInCallback() {
  static const ServiceAccountsClient answered(TrustingOptions(server.https_url()));
  for (int i = 0; i < 3; ++i) {
    answered.CreateServiceAccountAsync(Request("x"), {},
                                       [](const Result<ServiceAccount>&) { Exit(); });
  }
  for (;;) std::this_thread::yield();
}

[[noreturn]] void ExitInTokenCallback() {
  ClientOptions options = TrustingOptions(server.https_url());
  options.credentials = TokenFromCallback([]() -> Result<AccessToken> { Exit(); });
  static const ServiceAccountsClient fetching(options);
  fetching.CreateServiceAccountAsync(Request("x"), {}, [](const Result<ServiceAccount>&) {});
  for (;;) std::this_thread::yield();
}

}  // namespace
}  // namespace service_accounts::v0

int main(int argc, char** argv) {
  using namespace service_accounts;
  const std::string where = argc > 1 ? argv[1] : "";
  if (where == "leaked") {
    ends.of_any_kind = true;  // The server may go before the process does.
    static const auto& leaked_plain = *new ServiceAccountsClient(plain);
    static const auto& leaked_tls = *new ServiceAccountsClient(tls);
    BeginSilentCalls(leaked_plain, leaked_tls);
    AwaitSilentCalls();
    return 0;
  }
  BeginSilentCalls(plain, tls);
  if (where == "handshake") {
    ends.expected = tests::ServerProcess::kSilentRequests;
    const int steps = argc > 2 ? std::atoi(argv[2]) : 0;  // NOLINT(cert-err34-c): 0 is fine.
    const auto end = std::chrono::steady_clock::now() + steps * std::chrono::microseconds(100);
    while (std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return 0;
  }
  AwaitSilentCalls();
  if (where == "callback") ExitInCallback();
  if (where == "token") ExitInTokenCallback();
  ends.expected = tests::ServerProcess::kSilentRequests;
  if (where == "thread") std::thread(Exit).join();
  return 0;
}
