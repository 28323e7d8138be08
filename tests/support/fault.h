// Calls that have to fail, and one check of everything that a failure has to say and to keep to
// itself.
//
//   RawServer server({Answer("HTTP/1.1 20")});
//   CheckFault(Options(server.base_url()), server, Unknown(Kind::kConnection));
//
// Or by hand, where something has to happen between the call and the server's end:
//
//   const WatchedClient client(Options(server.base_url()));
//   REQUIRE(client.Call(Request("first")));
//   const WatchedCall lost = client.Call(Request("second"));
//   CheckFault(lost, Unknown(Kind::kConnection), server.Finish() - 1);
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_FAULT_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_FAULT_H_

#include <service_accounts/service_accounts.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/client.h"

namespace service_accounts::tests {

using Kind = ErrorKind;
using Outcome = RequestOutcome;

/// What a call that fails has to say. Made by one of the functions below, and refined.
struct Expected {
  Kind kind;
  Outcome outcome;
  int status = 0;  ///< HTTP's; 0: none was received.

  std::string words{};  ///< What the message begins with.
  int attempts = 1;
  int posts = 1;  ///< That the server read, of this call.
  std::chrono::milliseconds at_least{0};
  std::chrono::milliseconds within{10'000};  ///< For any machine, where nothing has to be awaited.
  std::vector<std::string> secrets{};        ///< Beside the token.

  [[nodiscard]] Expected Saying(std::string message) const;

  /// So many attempts, with a POST each unless nothing was sent.
  [[nodiscard]] Expected Repeated(int times) const;

  /// The call ends when this much time has passed: no earlier, and not much later.
  [[nodiscard]] Expected At(std::chrono::milliseconds deadline) const;

  /// Nothing that the library gives out may hold these either.
  [[nodiscard]] Expected Hiding(std::vector<std::string> further_secrets) const;
};

[[nodiscard]] Expected NotSent(Kind kind, std::string words = "");
[[nodiscard]] Expected Rejected(Kind kind, int status);
[[nodiscard]] Expected Unknown(Kind kind, int status = 0);
[[nodiscard]] Expected Accepted(Kind kind, int status = 200);

/// The connection broke once the request was sent, and before a status came.
[[nodiscard]] Expected Lost();

/// Refused before anything was tried: no attempt, no connection.
[[nodiscard]] Expected Invalid(std::string words);

/// One call, and all that there is to say of it.
struct WatchedCall {
  Result<ServiceAccount> result;
  std::chrono::nanoseconds took;  ///< Not what the library says of it: by the caller's clock.
  std::string told;               ///< To an observer, and what a `LogObserver` wrote.

  explicit operator bool() const { return result.has_value(); }
};

/// A client with a witness of each call. The observer in its options is told as well. Safe from any
/// thread, as a client is.
class WatchedClient {
 public:
  explicit WatchedClient(ClientOptions options);

  [[nodiscard]] WatchedCall Call(const CreateServiceAccountRequest& request = Request("x"),
                                 const CallOptions& options = {}) const;

 private:
  ServiceAccountsClient client_;
};

/// None of these, and no beginning of the token, stands in the text.
void CheckSecrecy(const std::string& text, const std::vector<std::string>& secrets = {});

/// The check. `posts` is how many the server read of this call.
void CheckFault(const WatchedCall& call, const Expected& expected, int posts);

/// Makes the call, then ends the server, and checks. What the server read of earlier calls, all of
/// them answered, does not count.
template <class Server>
WatchedCall CheckFault(const WatchedClient& client, Server& server, const Expected& expected,
                       const CreateServiceAccountRequest& request = Request("x"),
                       const CallOptions& options = {}) {
  const int before = server.posts();
  WatchedCall call = client.Call(request, options);
  CheckFault(call, expected, server.Finish() - before);
  return call;
}

/// The same with a client that is made for it.
template <class Server>
WatchedCall CheckFault(const ClientOptions& options, Server& server, const Expected& expected,
                       const CreateServiceAccountRequest& request = Request("x"),
                       const CallOptions& call = {}) {
  return CheckFault(WatchedClient(options), server, expected, request, call);
}

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_FAULT_H_
