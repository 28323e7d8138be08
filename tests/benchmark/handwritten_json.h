// The JSON of a careful programmer who has no library: RapidJSON's Writer for the request, its DOM
// for the reply, every member's type checked before it is used.
#ifndef BENCHMARK_HANDWRITTEN_JSON_H_
#define BENCHMARK_HANDWRITTEN_JSON_H_

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness.h"

namespace handwritten {

inline void WriteRequest(const std::string& name, const std::vector<std::string>& permissions,
                         const std::string& description, rapidjson::StringBuffer* out) {
  const auto length = [](const std::string& s) {
    return static_cast<rapidjson::SizeType>(s.size());
  };
  out->Clear();
  rapidjson::Writer<rapidjson::StringBuffer> writer(*out);
  writer.StartObject();
  writer.Key("name");
  writer.String(name.data(), length(name));
  writer.Key("permissions");
  writer.StartArray();
  for (const std::string& permission : permissions) {
    writer.String(permission.data(), length(permission));
  }
  writer.EndArray();
  writer.Key("description");
  writer.String(description.data(), length(description));
  writer.EndObject();
}

inline void ReadText(const rapidjson::Value& object, const char* member, std::string* out) {
  const auto found = object.FindMember(member);
  if (found == object.MemberEnd() || !found->value.IsString()) return;
  out->assign(found->value.GetString(), found->value.GetStringLength());
}

inline void ReadText(const rapidjson::Value& object, const char* member,
                     std::optional<std::string>* out) {
  const auto found = object.FindMember(member);
  if (found == object.MemberEnd() || !found->value.IsString()) return;
  out->emplace(found->value.GetString(), found->value.GetStringLength());
}

/// From `data` of a reply; false without an id.
inline bool ReadAccount(const rapidjson::Value& data, benchmark::Account* account) {
  if (!data.IsObject()) return false;
  ReadText(data, "id", &account->id);
  ReadText(data, "name", &account->name);
  ReadText(data, "organizationId", &account->organization_id);
  ReadText(data, "createdBy", &account->created_by);
  ReadText(data, "description", &account->description);
  ReadText(data, "status", &account->status);
  ReadText(data, "createdAt", &account->created_at);
  ReadText(data, "updatedAt", &account->updated_at);
  ReadText(data, "disabledAt", &account->disabled_at);
  const auto permissions = data.FindMember("permissions");
  if (permissions != data.MemberEnd() && permissions->value.IsArray()) {
    account->permissions.reserve(permissions->value.Size());
    for (const rapidjson::Value& permission : permissions->value.GetArray()) {
      if (!permission.IsString()) continue;
      account->permissions.emplace_back(permission.GetString(), permission.GetStringLength());
    }
  }
  return !account->id.empty();
}

/// From the whole reply.
inline bool ReadReply(std::string_view body, benchmark::Account* account) {
  rapidjson::Document reply;
  reply.Parse(body.data(), body.size());
  if (reply.HasParseError() || !reply.IsObject()) return false;
  const auto data = reply.FindMember("data");
  return data != reply.MemberEnd() && ReadAccount(data->value, account);
}

}  // namespace handwritten

#endif  // BENCHMARK_HANDWRITTEN_JSON_H_
