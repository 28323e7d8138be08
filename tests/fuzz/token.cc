// Any text as a token: RFC 6750's alphabet and no more, and a refusal that gives nothing away.
#include <string>

#include "token_source.h"

#include "fuzz.h"

namespace service_accounts::fuzz {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";

/// b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
bool IsB64Token(std::string_view text) {
  const std::size_t end = text.find_last_not_of('=');
  return end != std::string_view::npos &&
         text.substr(0, end + 1).find_first_not_of(kAlphabet) == std::string_view::npos;
}

}  // namespace

void Try(std::string_view input) {
  const auto error = internal::CheckToken(input, "token");
  Require(error.has_value() == !(IsB64Token(input) && input.size() <= internal::kLongestToken),
          "a token is what RFC 6750 says, and not too long");
  if (!error) return;
  // With its good characters replaced, another token is refused in the same words.
  std::string other(input);
  for (char& c : other) {
    if (kAlphabet.find(c) != std::string_view::npos) c = c == 'A' ? 'B' : 'A';
  }
  const auto refusal = internal::CheckToken(other, "token");
  Require(refusal && refusal->message == error->message, "a refusal says nothing of the token");
}

}  // namespace service_accounts::fuzz
