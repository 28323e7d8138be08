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

/// Whether the account is in use, by the reply's `status`.
enum class ServiceAccountStatus {
  kUnspecified,   ///< The reply did not say.
  kActive,        ///< "active"
  kDisabled,      ///< "disabled"
  kUnrecognized,  ///< A word newer than this library; see `ServiceAccount::status_text`.
};

/// An account, as the service describes it. A plain value, comparable. The service marks no member
/// as required, and at times sends only some: a text that it left out, or sent as `null`, is empty
/// here, or has no value where it is optional. Only `id` is never empty in an account that the
/// library returned.
struct ServiceAccount {
  std::string id;                          ///< The service's own name for it, e.g. "sa_123".
  std::string name;                        ///< As the service has it.
  std::string organization_id;             ///< The organization that the account belongs to.
  std::string created_by;                  ///< The id of whoever created it.
  std::optional<std::string> description;  ///< A text for people.
  std::vector<std::string> permissions;    ///< In the service's order, e.g. "org:read".

  /// Active or disabled, if the reply says so in a word that is known here.
  ServiceAccountStatus status = ServiceAccountStatus::kUnspecified;
  std::string status_text;  ///< The service's own word for `status`, also when unrecognized.
  std::optional<Timestamp> created_at;   ///< When it was created.
  std::optional<Timestamp> updated_at;   ///< When it was last changed.
  std::optional<Timestamp> disabled_at;  ///< When it was disabled; no value while it is not.
};

/// Equal in every member, times by their texts.
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT bool operator==(const ServiceAccount& a,
                                                      const ServiceAccount& b);

/// Different in some member.
[[nodiscard]] inline bool operator!=(const ServiceAccount& a, const ServiceAccount& b) {
  return !(a == b);
}

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_SERVICE_ACCOUNT_H_
