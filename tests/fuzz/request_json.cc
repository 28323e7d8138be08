// Any text as a request: what is accepted says the same when it is written again.
#include <service_accounts/json.h>

#include "differential.h"
#include "text.h"

namespace service_accounts::fuzz {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

void Try(std::string_view input) {
  const auto request = CreateServiceAccountRequestFromJson(input);
  if (!request) {
    Require(request.error().kind == ErrorKind::kInvalidArgument, "a refusal is the caller's fault");
    Require(internal::IsUtf8(request.error().ToString()), "and says why in UTF-8");
    return;
  }
  Require(!request->name.empty(), "a request has a name");
  const auto json = ToJson(*request);
  Require(json.has_value(), "what was read can be written");
  const auto again = CreateServiceAccountRequestFromJson(*json);
  Require(again && *again == *request, "and reads back as the same");
  Require(json->substr(0, kByteOrderMark.size()) != kByteOrderMark, "and is plain JSON");

  const nlohmann::json before = ParseIndependently(input);
  const nlohmann::json after = ParseIndependently(*json);
  RequireAgreement(input, true, before.is_object());
  RequireAgreement(*json, true, after.is_object());
  if (before.is_discarded() || after.is_discarded()) return;
  nlohmann::json expected = before;
  // A description that is null is none.
  if (expected.contains("description") && expected["description"].is_null())
    expected.erase("description");
  Require(expected == after, "the independent parser finds the same in both");
}

}  // namespace service_accounts::fuzz
