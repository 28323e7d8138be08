// The two structs to and from JSON text, as they are on the wire: for logs, files and tests. A call
// does this by itself.
//
//   Result<std::string> text = ToJson(request);           // {"name":"deploy-bot","permissions":[]}
//   Result<ServiceAccount> account = ServiceAccountFromJson(R"({"id": "sa_1"})");
//
// JSON is RFC 8259, nested at most 32 deep. An error is `ErrorKind::kInvalidArgument` and names the
// member that is wrong. All functions may be called from any thread.
#ifndef SERVICE_ACCOUNTS_JSON_H_
#define SERVICE_ACCOUNTS_JSON_H_

#include <string>
#include <string_view>

#include <service_accounts/create_service_account_request.h>
#include <service_accounts/export.h>
#include <service_accounts/result.h>
#include <service_accounts/service_account.h>

namespace service_accounts {
inline namespace v0 {

/// The body that a call would send: `name`, `permissions`, `description` if there is one, then
/// `extra_fields` in the order of their names. An error for what a call would refuse: an empty
/// name, a text that is not UTF-8, an extra field that is not JSON or repeats a documented member.
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT Result<std::string> ToJson(
    const CreateServiceAccountRequest& request);

/// The account in the shape of the reply's `data`: members that are empty or absent are left out,
/// `id` and `permissions` never are. An error only for a text that is not UTF-8.
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT Result<std::string> ToJson(const ServiceAccount& account);

/// Reads a request: `name` and `permissions` are required, `description` may be absent or `null`,
/// every other member becomes one of `extra_fields` (its JSON without white space).
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT Result<CreateServiceAccountRequest>
CreateServiceAccountRequestFromJson(std::string_view json);

/// Reads an account in the shape of the reply's `data` by the rules that replies are read by: `id`
/// is required, unknown members are skipped, a known member of the wrong type or twice is an error.
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT Result<ServiceAccount> ServiceAccountFromJson(
    std::string_view json);

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_JSON_H_
