// Any body behind the status 200: an account that is fit for use, or an error that says what
// happened.
#include <algorithm>

#include <service_accounts/json.h>

#include "differential.h"
#include "response_mapping.h"
#include "service_account_json.h"
#include "text.h"

namespace service_accounts::fuzz {
namespace {

void CheckAccount(const ServiceAccount& account, const nlohmann::json& other) {
  Require(!account.id.empty(), "an account has an id");
  Require(account.id.find('\0') == std::string::npos, "an id holds no NUL");
  for (const std::string* text : {&account.id, &account.name, &account.organization_id,
                                  &account.created_by, &account.status_text}) {
    Require(internal::IsUtf8(*text), "what an account holds is UTF-8");
  }
  Require((account.status == ServiceAccountStatus::kUnspecified) == account.status_text.empty(),
          "a status has its word");
  const auto json = ToJson(account);
  Require(json.has_value(), "what was read can be written");
  const auto again = ServiceAccountFromJson(*json);
  Require(again && *again == account, "and reads back as the same");

  if (other.is_discarded()) return;
  const nlohmann::json& data = other["data"];
  Require(data["id"] == account.id &&
              data.value("permissions", nlohmann::json()).size() == account.permissions.size(),
          "the independent parser reads the same account");
  if (data.contains("description") && data["description"].is_string())
    Require(data["description"] == account.description.value_or(""), "and the same description");
}

/// Whether the independent parser finds a code of these bounds in it: only that turns a 200 into
/// something else than an account that was made.
bool HasCode(const nlohmann::json& body, std::int64_t least, std::int64_t most) {
  const auto is_within = [=](const nlohmann::json& holder) {
    if (!holder.is_object() || !holder.contains("code")) return false;
    const nlohmann::json& code = holder["code"];
    std::int64_t number = 0;
    if (code.is_number_integer()) number = code.get<std::int64_t>();
    if (code.is_string())
      number = std::strtol(code.get_ref<const std::string&>().c_str(), nullptr, 10);
    return number >= least && number <= most;
  };
  return body.is_object() &&
         (is_within(body) || (body.contains("error") && is_within(body["error"])));
}

/// Whether a name that may deny the success perhaps stands there twice: then we take the first of
/// the two, and the other parser the last.
bool IsAmbiguous(std::string_view body) {
  const auto is_repeated = [&](std::string_view name) {
    return body.find(name) != body.rfind(name);
  };
  return is_repeated("success") || is_repeated("error") || is_repeated("code") ||
         body.find('\\') != std::string_view::npos;
}

void CheckError(const Error& error, std::string_view body, const nlohmann::json& other) {
  Require(error.http_status == 200 && !error.message.empty(), "an error says why");
  Require(error.body == body.substr(0, 65536), "an error holds the reply");
  Require(error.outcome != RequestOutcome::kNotSent, "what was answered was sent");
  if (error.outcome == RequestOutcome::kAccepted) {
    return Require(error.kind == ErrorKind::kMalformedResponse, "what is accepted is malformed");
  }
  if (IsAmbiguous(body) || !other.is_object()) return;
  if (error.outcome == RequestOutcome::kRejected) {
    return Require(HasCode(other, 400, 499), "it was rejected because the body says so");
  }
  const bool denied = other.contains("success") && other["success"] == false;
  Require(denied || HasCode(other, 408, 408) || HasCode(other, 500, 599),
          "its outcome is open because the body says so");
}

}  // namespace

void Try(std::string_view input) {
  HttpResponse reply;
  reply.status = 200;
  reply.body = input;
  std::optional<ServiceAccount> account;
  internal::Described described;
  internal::MapResult(TransportResult(std::move(reply)), &internal::DecodeServiceAccountReply,
                      internal::SystemClock(), &account, &described);
  Require(described.metadata.body == input, "the metadata holds the reply");
  Require(described.metadata.http_status == 200, "and its status");
  const nlohmann::json other = ParseIndependently(input);
  if (!account) return CheckError(described.error, input, other);
  RequireAgreement(input, true, other.is_object());
  CheckAccount(*account, other);
}

}  // namespace service_accounts::fuzz
