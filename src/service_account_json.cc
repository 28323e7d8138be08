// The members of the two structs on the wire: `endpoint.md`'s tables as code.
#include "service_account_json.h"

#include <algorithm>
#include <utility>

#include <service_accounts/json.h>

#include "invalid_argument.h"
#include "text.h"

namespace service_accounts::v0 {
namespace internal {
namespace {

constexpr std::string_view kActive = "active";
constexpr std::string_view kDisabled = "disabled";

using AccountFields = std::array<Field, 10>;

AccountFields FieldsOf(ServiceAccount* account) {
  return {{{"createdAt", &account->created_at},
           {"createdBy", &account->created_by},
           {"description", &account->description},
           {"disabledAt", &account->disabled_at},
           {"id", &account->id},
           {"name", &account->name},
           {"organizationId", &account->organization_id},
           {"permissions", &account->permissions},
           {"status", &account->status_text},
           {"updatedAt", &account->updated_at}}};
}

ServiceAccountStatus StatusFrom(std::string_view word) {
  if (word.empty()) return ServiceAccountStatus::kUnspecified;
  if (word == kActive) return ServiceAccountStatus::kActive;
  if (word == kDisabled) return ServiceAccountStatus::kDisabled;
  return ServiceAccountStatus::kUnrecognized;
}

std::string_view WordFor(const ServiceAccount& account) {
  if (!account.status_text.empty()) return account.status_text;
  if (account.status == ServiceAccountStatus::kActive) return kActive;
  if (account.status == ServiceAccountStatus::kDisabled) return kDisabled;
  return "";
}

/// What only the whole account can be checked for, once its members are read.
std::string Complete(std::string_view path, ServiceAccount* account) {
  account->status = StatusFrom(account->status_text);
  if (account->id.find('\0') == std::string::npos) return "";
  return "`" + std::string(path) + "id` holds a NUL";
}

std::string MissingId(std::string_view path) {
  return "`" + std::string(path) + "id` is missing or empty";
}

// ---- Checks before writing ----

std::optional<Error> CheckText(std::string_view text, std::string_view name) {
  if (IsUtf8(text)) return std::nullopt;
  return InvalidArgument(std::string(name) + ": is not valid UTF-8");
}

std::optional<Error> CheckTexts(const std::vector<std::string>& texts, const std::string& name) {
  const auto bad = std::find_if_not(texts.begin(), texts.end(), IsUtf8);
  if (bad == texts.end()) return std::nullopt;
  return CheckText(*bad, name + "[" + std::to_string(bad - texts.begin()) + "]");
}

std::optional<Error> CheckExtraField(const std::string& name, std::string_view json) {
  if (auto error = CheckText(name, "extra_fields: a member's name")) return error;
  if (name == "name" || name == "permissions" || name == "description") {
    return InvalidArgument("extra_fields: `" + name + "` is a member of the request: set that");
  }
  const std::string problem = CheckJsonValue(json, 1);
  if (problem.empty()) return std::nullopt;
  return InvalidArgument("extra_fields: the value of `" + OneLine(name, 100) +
                         "` is not JSON that can be sent: " + problem);
}

std::optional<Error> Check(const CreateServiceAccountRequest& request) {
  if (request.name.empty()) return InvalidArgument("name: is empty: give the account a name");
  if (auto error = CheckText(request.name, "name")) return error;
  if (auto error = CheckTexts(request.permissions, "permissions")) return error;
  if (request.description) {
    if (auto error = CheckText(*request.description, "description")) return error;
  }
  for (const auto& [name, json] : request.extra_fields) {
    if (auto error = CheckExtraField(name, json)) return error;
  }
  return std::nullopt;
}

std::optional<Error> Check(const ServiceAccount& account) {
  const std::pair<const char*, std::string_view> texts[] = {
      {"id", account.id},
      {"name", account.name},
      {"organization_id", account.organization_id},
      {"created_by", account.created_by},
      {"description", account.description ? std::string_view(*account.description) : ""},
      {"status_text", account.status_text},
      {"created_at", account.created_at ? std::string_view(account.created_at->text()) : ""},
      {"updated_at", account.updated_at ? std::string_view(account.updated_at->text()) : ""},
      {"disabled_at", account.disabled_at ? std::string_view(account.disabled_at->text()) : ""}};
  for (const auto& [name, text] : texts) {
    if (auto error = CheckText(text, name)) return error;
  }
  return CheckTexts(account.permissions, "permissions");
}

/// Of its JSON, where little needs to be escaped: so that the text grows once as a rule.
std::size_t ExpectedSize(const CreateServiceAccountRequest& request) {
  constexpr std::size_t kMembers = 64;
  constexpr std::size_t kPunctuation = 4;
  std::size_t size =
      kMembers + request.name.size() + (request.description ? request.description->size() : 0);
  for (const std::string& text : request.permissions) size += text.size() + kPunctuation;
  for (const auto& [name, json] : request.extra_fields) {
    size += name.size() + json.size() + kPunctuation;
  }
  return size;
}

void WriteUnlessEmpty(JsonObjectWriter* writer, std::string_view name, std::string_view text) {
  if (!text.empty()) writer->Text(name, text);
}

void WriteTime(JsonObjectWriter* writer, std::string_view name,
               const std::optional<Timestamp>& time) {
  if (time) writer->Text(name, time->text());
}

}  // namespace

std::optional<Error> WriteJson(const CreateServiceAccountRequest& request, std::string* json) {
  if (auto error = Check(request)) return error;
  json->reserve(json->size() + ExpectedSize(request));
  JsonObjectWriter writer(json);
  writer.Text("name", request.name);
  writer.Texts("permissions", request.permissions);
  if (request.description) writer.Text("description", *request.description);
  for (const auto& [name, value] : request.extra_fields) writer.Raw(name, value);
  writer.Close();
  return std::nullopt;
}

DecodedReply DecodeServiceAccountReply(std::string_view body,
                                       std::optional<ServiceAccount>* value) {
  DecodedReply reply;
  ServiceAccount& account = value->emplace();
  AccountFields fields = FieldsOf(&account);
  ObjectFields data("data.", fields);
  reply.problem = ReadEnvelope(body, &data, &reply.envelope);
  if (reply.problem.empty()) reply.problem = Complete("data.", &account);
  if (reply.problem.empty()) {
    reply.lacks_value = account.id.empty();
    if (reply.lacks_value) reply.problem = MissingId("data.");
  }
  if (!reply.problem.empty()) value->reset();
  return reply;
}

}  // namespace internal

using internal::InvalidArgument;

Result<std::string> ToJson(const CreateServiceAccountRequest& request) {
  std::string json;
  if (auto error = internal::WriteJson(request, &json)) return *std::move(error);
  return json;
}

Result<std::string> ToJson(const ServiceAccount& account) {
  if (auto error = internal::Check(account)) return *std::move(error);
  std::string json;
  internal::JsonObjectWriter writer(&json);
  internal::WriteTime(&writer, "createdAt", account.created_at);
  internal::WriteUnlessEmpty(&writer, "createdBy", account.created_by);
  if (account.description) writer.Text("description", *account.description);
  internal::WriteTime(&writer, "disabledAt", account.disabled_at);
  writer.Text("id", account.id);
  internal::WriteUnlessEmpty(&writer, "name", account.name);
  internal::WriteUnlessEmpty(&writer, "organizationId", account.organization_id);
  writer.Texts("permissions", account.permissions);
  internal::WriteUnlessEmpty(&writer, "status", internal::WordFor(account));
  internal::WriteTime(&writer, "updatedAt", account.updated_at);
  writer.Close();
  return json;
}

Result<CreateServiceAccountRequest> CreateServiceAccountRequestFromJson(std::string_view json) {
  CreateServiceAccountRequest request;
  internal::FurtherMembers further;
  std::optional<std::string> name;
  std::array<internal::Field, 3> fields = {{{"name", &name},
                                            {"permissions", &request.permissions},
                                            {"description", &request.description}}};
  internal::ObjectFields object("", fields, internal::Reading::kStrict, &further);
  const std::string problem = internal::ReadJson(json, &object);
  if (!problem.empty()) return InvalidArgument("service account request: " + problem);
  if (name.value_or("").empty()) {
    return InvalidArgument("service account request: `name` is missing or empty");
  }
  if (!fields[1].seen || fields[1].null)
    return InvalidArgument("service account request: `permissions` is missing");
  request.name = *std::move(name);
  for (auto& [member, value] : further) request.extra_fields.emplace(member, std::move(value));
  return request;
}

Result<ServiceAccount> ServiceAccountFromJson(std::string_view json) {
  ServiceAccount account;
  internal::AccountFields fields = internal::FieldsOf(&account);
  internal::ObjectFields object("", fields);
  std::string problem = internal::ReadJson(json, &object);
  if (problem.empty()) problem = internal::Complete("", &account);
  if (problem.empty() && account.id.empty()) problem = internal::MissingId("");
  if (!problem.empty()) return InvalidArgument("service account: " + problem);
  return account;
}

}  // namespace service_accounts::v0
