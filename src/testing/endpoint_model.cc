// The endpoint's checks, in the order in which the service makes them: path, method, token, body,
// name taken. The first that fails is the reply.
#include "testing/endpoint_model.h"

#include <ctime>
#include <optional>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace service_accounts::testing::internal {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kPath = "/v1/service-accounts";

/// What is wrong with a member of the body. Without a field: with the body as a whole.
struct Complaint {
  std::string field;
  std::string message;
};

Complaint Complain(const std::string& field, const char* what) {
  return {field, field + ' ' + what};
}

std::optional<Complaint> CheckText(const std::string& field, const Json& value) {
  if (!value.is_string()) return Complain(field, "must be a string");
  if (value.get_ref<const std::string&>().empty()) return Complain(field, "must not be empty");
  return std::nullopt;
}

std::optional<Complaint> CheckName(const Json& body) {
  const auto name = body.find("name");
  if (name == body.end()) return Complain("name", "is required");
  return CheckText("name", *name);
}

std::optional<Complaint> CheckPermissions(const Json& body) {
  const auto permissions = body.find("permissions");
  if (permissions == body.end()) return Complain("permissions", "is required");
  if (!permissions->is_array()) return Complain("permissions", "must be an array of strings");
  for (std::size_t i = 0; i < permissions->size(); ++i) {
    auto complaint = CheckText("permissions[" + std::to_string(i) + "]", (*permissions)[i]);
    if (complaint) return complaint;
  }
  return std::nullopt;
}

std::optional<Complaint> CheckDescription(const Json& body) {
  const auto description = body.find("description");
  const bool fine = description == body.end() || description->is_null() || description->is_string();
  return fine ? std::nullopt : std::optional(Complain("description", "must be a string"));
}

std::optional<Complaint> CheckBody(const Json& body) {
  if (body.is_discarded()) return Complaint{"", "the body must be JSON"};
  if (!body.is_object()) return Complaint{"", "the body must be a JSON object"};
  auto complaint = CheckName(body);
  if (!complaint) complaint = CheckPermissions(body);
  if (!complaint) complaint = CheckDescription(body);
  return complaint;
}

Json Envelope(int status, const std::string& message, const std::string& request_id) {
  return {{"code", status}, {"message", message}, {"requestId", request_id}};
}

EndpointReply ReplyOf(int status, const Json& body) {
  return {status, {{"Content-Type", "application/json"}}, body.dump()};
}

EndpointReply Refusal(int status, const std::string& message, const std::string& request_id) {
  return ReplyOf(status, Envelope(status, message, request_id));
}

EndpointReply BadRequest(const Complaint& complaint, const std::string& request_id) {
  Json body = Envelope(400, complaint.message, request_id);
  if (!complaint.field.empty()) body["data"]["field"] = complaint.field;
  return ReplyOf(400, body);
}

Json ToJson(const ServiceAccount& account) {
  Json json = {{"id", account.id},
               {"name", account.name},
               {"organizationId", account.organization_id},
               {"createdBy", account.created_by},
               {"permissions", account.permissions},
               {"status", account.status_text},
               {"createdAt", account.created_at->text()},
               {"updatedAt", account.updated_at->text()}};
  if (account.description) json["description"] = *account.description;
  return json;
}

std::string Numbered(const char* prefix, std::size_t number) {
  const std::string digits = std::to_string(number);
  return prefix + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

/// RFC 3339 in UTC, e.g. "2026-01-31T12:00:00Z".
Timestamp ToTimestamp(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[sizeof "2026-01-31T12:00:00Z"] = "";
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return Timestamp(std::string(text, size));
}

/// `body` has passed `CheckBody`.
ServiceAccount ToAccount(const Json& body, std::size_t number, const Timestamp& now) {
  ServiceAccount account;
  account.id = Numbered("sa_", number);
  account.name = body["name"].get<std::string>();
  account.organization_id = "org_mock";
  account.created_by = "usr_mock";
  account.permissions = body["permissions"].get<std::vector<std::string>>();
  account.status = ServiceAccountStatus::kActive;
  account.status_text = "active";
  account.created_at = now;
  account.updated_at = now;
  const auto description = body.find("description");
  if (description != body.end() && description->is_string()) {
    account.description = description->get<std::string>();
  }
  return account;
}

}  // namespace

EndpointModel::EndpointModel(std::string token) : authorization_("Bearer " + std::move(token)) {}

EndpointReply EndpointModel::Answer(const HttpRequest& request,
                                    std::chrono::system_clock::time_point now) {
  const std::string request_id = Numbered("req_", ++answered_);
  if (request.url.substr(0, request.url.find('?')) != kPath) {
    return Refusal(404, "there is nothing at this path", request_id);
  }
  if (request.method != "POST") {
    EndpointReply reply = Refusal(405, "only POST is allowed here", request_id);
    reply.headers.push_back({"Allow", "POST"});
    return reply;
  }
  const std::string* const authorization = FindHeader(request.headers, "Authorization");
  if (authorization == nullptr || *authorization != authorization_) {
    EndpointReply reply = Refusal(401, "the token is missing or wrong", request_id);
    reply.headers.push_back({"WWW-Authenticate", "Bearer"});
    return reply;
  }
  return Create(request, request_id, now);
}

EndpointReply EndpointModel::Create(const HttpRequest& request, const std::string& request_id,
                                    std::chrono::system_clock::time_point now) {
  const Json body = Json::parse(request.body, nullptr, false);
  if (const auto complaint = CheckBody(body)) return BadRequest(*complaint, request_id);
  ServiceAccount account = ToAccount(body, accounts_.size() + 1, ToTimestamp(now));
  if (!names_.insert(account.name).second) {
    return Refusal(409, "a service account of this name exists", request_id);
  }
  Json envelope = Envelope(200, "success", request_id);
  envelope["data"] = ToJson(account);
  accounts_.push_back(std::move(account));
  return ReplyOf(200, envelope);
}

}  // namespace service_accounts::testing::internal
