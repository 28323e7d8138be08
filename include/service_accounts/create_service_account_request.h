// What to create: the body of `POST /v1/service-accounts`.
//
//   CreateServiceAccountRequest request;
//   request.name = "deploy-bot";
//   request.permissions = {"org:read", "workflow:create"};
//   request.description = "Rolls out the web site";
//   request.extra_fields["labels"] = R"({"team": "web"})";
#ifndef SERVICE_ACCOUNTS_CREATE_SERVICE_ACCOUNT_REQUEST_H_
#define SERVICE_ACCOUNTS_CREATE_SERVICE_ACCOUNT_REQUEST_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace service_accounts {
inline namespace v0 {

/// What to create. A plain value: every text is UTF-8 and reaches the service byte for byte; one
/// that is not valid UTF-8 makes the call fail with `ErrorKind::kInvalidArgument`, naming the
/// member, before anything is sent.
struct CreateServiceAccountRequest {
  /// The account's name. Required: an empty name is refused before anything is sent.
  std::string name;

  /// What the account may do, each of the form "resource:action", e.g. "org:read". The member is
  /// always sent; an empty list is allowed and means no permission.
  std::vector<std::string> permissions;

  /// A text for people. Left out of the body when it has no value.
  std::optional<std::string> description;

  /// Further members of the body, for what the service accepts beyond this table: the member's
  /// name, and its value as JSON text (`"\"web\""`, `"3"`, `"{\"team\": \"web\"}"`), sent as is.
  /// Refused before anything is sent: a value that is not one JSON value, or is nested deeper than
  /// 32; a name that repeats one of the members above.
  std::map<std::string, std::string> extra_fields;
};

/// Equal in every member.
[[nodiscard]] inline bool operator==(const CreateServiceAccountRequest& a,
                                     const CreateServiceAccountRequest& b) {
  return a.name == b.name && a.permissions == b.permissions && a.description == b.description &&
         a.extra_fields == b.extra_fields;
}

/// Different in some member.
[[nodiscard]] inline bool operator!=(const CreateServiceAccountRequest& a,
                                     const CreateServiceAccountRequest& b) {
  return !(a == b);
}

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_CREATE_SERVICE_ACCOUNT_REQUEST_H_
