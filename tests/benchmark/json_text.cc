// One request to JSON text, or one account from it, again and again: this library's public
// functions, or RapidJSON with its DOM. To be run under callgrind.
//   json_text ours|rapidjson encode|decode COUNT
#include <service_accounts/json.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "handwritten_json.h"
#include "harness.h"

namespace sa = service_accounts;

namespace {

constexpr std::string_view kAccount =
    R"({"createdAt":"2026-01-31T12:00:00Z","createdBy":"user_01HZX3V9K2",)"
    R"("description":"Rolls out the web site","disabledAt":"2026-02-28T12:00:00Z",)"
    R"("id":"sa_01HZX3V9K2M4N6P8","name":"deploy-bot-00000000",)"
    R"("organizationId":"org_01HZX3V9K2","permissions":["org:read","workflow:create"],)"
    R"("status":"active","updatedAt":"2026-01-31T12:00:00Z"})";

bool Encode(bool ours) {
  if (ours) {
    static const sa::CreateServiceAccountRequest request = {
        benchmark::Name(0), benchmark::Permissions(), benchmark::Description(), {}};
    return sa::ToJson(request).has_value();
  }
  static const std::string name = benchmark::Name(0);
  const auto text = [](const std::string& s) {  // Without a copy: it is there long enough.
    return rapidjson::StringRef(s.data(), static_cast<rapidjson::SizeType>(s.size()));
  };
  rapidjson::Document request(rapidjson::kObjectType);
  auto& allocator = request.GetAllocator();
  rapidjson::Value permissions(rapidjson::kArrayType);
  for (const std::string& each : benchmark::Permissions()) {
    permissions.PushBack(rapidjson::Value(text(each)), allocator);
  }
  request.AddMember("name", rapidjson::Value(text(name)), allocator);
  request.AddMember("permissions", permissions, allocator);
  request.AddMember("description", rapidjson::Value(text(benchmark::Description())), allocator);
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  request.Accept(writer);
  // A text of its own, as the other side returns one.
  return !std::string(buffer.GetString(), buffer.GetSize()).empty();
}

bool Decode(bool ours) {
  if (ours) return sa::ServiceAccountFromJson(kAccount).has_value();
  rapidjson::Document data;
  data.Parse(kAccount.data(), kAccount.size());
  benchmark::Account account;
  return !data.HasParseError() && handwritten::ReadAccount(data, &account);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const bool ours = std::string_view(argv[1]) == "ours";
  const bool encode = std::string_view(argv[2]) == "encode";
  const long count = std::strtol(argv[3], nullptr, 10);
  long good = 0;
  for (long i = 0; i < count; ++i) {
    if (encode ? Encode(ours) : Decode(ours)) ++good;
  }
  std::printf("{\"calls\": %ld, \"created\": %ld}\n", count, good);
  return good == count ? 0 : 1;
}
