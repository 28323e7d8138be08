// The client of the service-accounts endpoint.
//
//   ServiceAccountsClient client(ClientOptions::FromEnvironment());
//   auto account = client.CreateServiceAccount(request);
//   if (!account) { std::cerr << account.error() << '\n'; return 1; }
//   std::cout << account->id << '\n';
#ifndef SERVICE_ACCOUNTS_CLIENT_H_
#define SERVICE_ACCOUNTS_CLIENT_H_

#include <memory>

#include <service_accounts/call_options.h>
#include <service_accounts/client_options.h>
#include <service_accounts/create_service_account_request.h>
#include <service_accounts/export.h>
#include <service_accounts/result.h>
#include <service_accounts/service_account.h>

namespace service_accounts {

namespace internal {
class ClientCore;
}  // namespace internal

/// Safe for use from any number of threads at once; copies share one core and its connections.
///
/// One client for the whole program is the intended use: connections are kept alive and used again,
/// by sequential calls the same one, by each thread that calls at the same time one of its own. The
/// last copy closes them; it should be destroyed before `main` returns.
class SERVICE_ACCOUNTS_EXPORT ServiceAccountsClient {
 public:
  /// Never fails and opens no connection: with bad options every call fails with
  /// `ErrorKind::kInvalidArgument`, saying what `ClientOptions::Validate` says.
  explicit ServiceAccountsClient(ClientOptions options);

  /// Creates a service account for the token's organization and blocks until it is known what came
  /// of it, the deadline has passed, or the call was cancelled. At most one request reaches the
  /// service with each attempt, and the next attempt is made only as `RetryPolicy` says. Throws
  /// nothing but `std::bad_alloc`.
  ///
  /// An error says in `Error::outcome` whether the account may exist. After `kUnknown` look the
  /// account up before calling again: the operation is not idempotent.
  [[nodiscard]] Result<ServiceAccount> CreateServiceAccount(
      const CreateServiceAccountRequest& request, const CallOptions& call = {}) const;

 private:
  std::shared_ptr<const internal::ClientCore> core_;
};

}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_CLIENT_H_
