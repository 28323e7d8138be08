// A service account as the service describes it: `data` of a successful reply.
//
//   auto account = client.CreateServiceAccount(request);
//   if (account && account->status == ServiceAccountStatus::kActive) Use(account->id);
#ifndef SERVICE_ACCOUNTS_SERVICE_ACCOUNT_H_
#define SERVICE_ACCOUNTS_SERVICE_ACCOUNT_H_

#include <optional>
#include <string>
#include <vector>

#include <service_accounts/export.h>
#include <service_accounts/timestamp.h>

namespace service_accounts {
inline namespace v0 {

enum class ServiceAccountStatus {
  kUnspecified,   ///< The reply did not say.
  kActive,        ///< "active"
  kDisabled,      ///< "disabled"
  kUnrecognized,  ///< A word newer than this library; see `ServiceAccount::status_text`.
};

/// A plain value: copyable, movable, comparable. The service marks no member as required, and at
/// times sends only some: a text that it left out, or sent as `null`, is empty here, or has no
/// value where it is optional. Only `id` is never empty in an account that the library returned.
struct ServiceAccount {
  std::string id;
  std::string name;
  std::string organization_id;  ///< The organization that the account belongs to.
  std::string created_by;       ///< The id of whoever created it.
  std::optional<std::string> description;
  std::vector<std::string> permissions;  ///< In the service's order, e.g. "org:read".
  ServiceAccountStatus status = ServiceAccountStatus::kUnspecified;
  std::string status_text;  ///< The service's own word for `status`, also when unrecognized.
  std::optional<Timestamp> created_at;
  std::optional<Timestamp> updated_at;
  std::optional<Timestamp> disabled_at;
};

[[nodiscard]] SERVICE_ACCOUNTS_EXPORT bool operator==(const ServiceAccount& a,
                                                      const ServiceAccount& b);

[[nodiscard]] inline bool operator!=(const ServiceAccount& a, const ServiceAccount& b) {
  return !(a == b);
}

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_SERVICE_ACCOUNT_H_
