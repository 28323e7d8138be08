// The client of the service-accounts endpoint.
//
//   ServiceAccountsClient client(ClientOptions::FromEnvironment());
//   auto account = client.CreateServiceAccount(request);
//   if (!account) { std::cerr << account.error() << '\n'; return 1; }
//   std::cout << account->id << '\n';
#ifndef SERVICE_ACCOUNTS_CLIENT_H_
#define SERVICE_ACCOUNTS_CLIENT_H_

#include <functional>
#include <future>
#include <memory>
#include <vector>

#include <service_accounts/bulk_options.h>
#include <service_accounts/call_options.h>
#include <service_accounts/client_options.h>
#include <service_accounts/create_service_account_request.h>
#include <service_accounts/export.h>
#include <service_accounts/result.h>
#include <service_accounts/service_account.h>

namespace service_accounts {
inline namespace v0 {

namespace internal {
class ClientCore;
}  // namespace internal

/// Makes the calls. Safe for use from any number of threads at once; copies share one core and its
/// connections.
///
/// One client for the whole program is the intended use: connections are kept alive and used again,
/// by sequential calls the same one, by each thread that calls at the same time one of its own; by
/// asynchronous calls those of the client's background thread. The last copy closes them, having
/// ended the asynchronous calls under way as `ErrorKind::kCancelled`; it should be destroyed before
/// `main` returns.
class SERVICE_ACCOUNTS_EXPORT ServiceAccountsClient {
 public:
  /// Never fails and opens no connection: with bad options every call fails with
  /// `ErrorKind::kInvalidArgument`, saying what `ClientOptions::Validate` says.
  explicit ServiceAccountsClient(ClientOptions options);

  /// Creates a service account for the token's organization, by `POST
  /// {base_url}/v1/service-accounts`, and blocks until it is known what came of it, the deadline
  /// has passed, or the call was cancelled. At most one request reaches the service with each
  /// attempt, and the next attempt is made only as `RetryPolicy` says. Throws nothing but
  /// `std::bad_alloc`.
  ///
  /// An error says in `Error::outcome` whether the account may exist. After `kUnknown` look the
  /// account up before calling again: the operation is not idempotent.
  [[nodiscard]] Result<ServiceAccount> CreateServiceAccount(
      const CreateServiceAccountRequest& request, const CallOptions& call = {}) const;

  /// The same without waiting: any number of calls at a time on one background thread, which the
  /// first of them starts. Deadline, cancellation, retries and records are those of the blocking
  /// call. Over HTTP/1.1 each call in flight has a connection of its own: the system's limit to
  /// open descriptors is the limit to calls in flight, and beyond it they fail as not sent.
  ///
  /// `done` is called once, on the background thread, with no lock held, and should be quick: the
  /// other calls wait for it. It may make further calls, blocking ones excepted for that reason,
  /// and destroy the last copy of the client. An exception in it goes to
  /// `Observer::OnCallbackFailed`. Where no thread can be started, it is called before this
  /// returns, with the error.
  void CreateServiceAccountAsync(CreateServiceAccountRequest request, CallOptions call,
                                 std::function<void(Result<ServiceAccount>)> done) const;

  /// The same with a future, which always gets its result, as of the blocking call. Destroying it
  /// neither waits nor cancels.
  [[nodiscard]] std::future<Result<ServiceAccount>> CreateServiceAccountAsync(
      CreateServiceAccountRequest request, CallOptions call = {}) const;

  /// Creates many: `BulkOptions::max_in_flight` at a time, driven on the caller's thread, which is
  /// blocked until all have ended. The results are as many as the requests and in their order, each
  /// as of a call of its own; with bad options each is that `ErrorKind::kInvalidArgument`. When the
  /// service answers 429, all of them wait for as long as it says (no longer than a call's
  /// timeout), and go on one by one, then faster with each success.
  [[nodiscard]] std::vector<Result<ServiceAccount>> CreateServiceAccounts(
      const std::vector<CreateServiceAccountRequest>& requests, const BulkOptions& bulk = {}) const;

 private:
  std::shared_ptr<const internal::ClientCore> core_;
};

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_CLIENT_H_
