// Any text as a JSON value and as a JSON object, by us and by an independent parser.
#include "differential.h"
#include "text.h"

namespace service_accounts::fuzz {

void Try(std::string_view input) {
  const nlohmann::json other = ParseIndependently(input);

  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  const bool has_mark = input.substr(0, kByteOrderMark.size()) == kByteOrderMark;
  const bool is_value = internal::CheckJsonValue(input, 0).empty();
  // Before a whole text both skip a byte order mark; a value inside another text has none.
  if (has_mark) {
    Require(!is_value, "a value does not begin with a byte order mark");
  } else {
    RequireAgreement(input, is_value, !other.is_discarded());
  }

  // The same by the decoder of objects, which walks through the members that it does not know; once
  // it leaves them out, and once it keeps them.
  // No member has such a name.
  std::string none;
  std::array<internal::Field, 1> fields = {{{"\xFF", &none}}};
  internal::ObjectFields skipping("", fields);
  const bool is_object = internal::ReadJson(input, &skipping).empty();
  RequireAgreement(input, is_object, other.is_object());
  if (!has_mark) Require(!is_object || is_value, "an object is a value");

  internal::FurtherMembers further;
  internal::ObjectFields keeping("", fields, internal::Reading::kLenient, &further);
  Require(internal::ReadJson(input, &keeping).empty() == is_object,
          "what is kept is as good as what is skipped");
  for (const auto& [name, value] : further) {
    Require(internal::IsUtf8(name) && internal::IsUtf8(value), "what is kept is UTF-8");
    if (is_object) Require(internal::CheckJsonValue(value, 1).empty(), "what is kept is JSON");
  }
  if (!is_object || other.is_discarded()) return;
  for (const auto& [name, value] : other.items()) {
    const auto is_it = [&, wanted = name](const auto& member) { return member.first == wanted; };
    Require(std::any_of(further.begin(), further.end(), is_it), "what is kept is all of it");
  }
}

}  // namespace service_accounts::fuzz
