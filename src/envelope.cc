#include "envelope.h"

#include <utility>

namespace service_accounts::v0::internal {
namespace {

std::string ToObject(const FurtherMembers& members) {
  std::string json;
  if (members.empty()) return json;
  JsonObjectWriter writer(&json);
  for (const auto& [name, value] : members) writer.Raw(name, value);
  writer.Close();
  return json;
}

}  // namespace

std::string ReadEnvelope(std::string_view body, ObjectFields* data, Envelope* envelope) {
  std::optional<std::int64_t> code;
  std::array<Field, 4> fields = {{{"code", &code},
                                  {"data", data},
                                  {"message", &envelope->message},
                                  {"requestId", &envelope->request_id}}};
  ObjectFields object("", fields);
  std::string problem = ReadJson(body, &object);
  envelope->code = code.value_or(0);
  return problem;
}

ErrorBody ReadErrorBody(std::string_view body) {
  ErrorBody error;
  FurtherMembers further;
  std::string inner_code;
  std::string inner_message;
  std::optional<bool> success;
  std::array<Field, 2> inner_fields = {
      {{"code", TextOrInteger{&inner_code}}, {"message", &inner_message}}};
  ObjectFields inner("error.", inner_fields, Reading::kLenient, &further);
  std::array<Field, 5> fields = {{{"code", TextOrInteger{&error.code}},
                                  {"message", &error.message},
                                  {"requestId", &error.request_id},
                                  {"success", &success},
                                  {"error", &inner}}};
  ObjectFields object("", fields, Reading::kLenient, &further);
  if (!ReadJson(body, &object).empty()) return ErrorBody();
  if (error.code.empty()) error.code = std::move(inner_code);
  if (error.message.empty()) error.message = std::move(inner_message);
  error.details = ToObject(further);
  error.is_json = true;
  error.says_failure = success == false;
  return error;
}

}  // namespace service_accounts::v0::internal
