// Any secret and any text, in lines of their own: what is left of the text does not hold the
// secret.
#include <string>

#include "redaction.h"

#include "fuzz.h"

namespace service_accounts::fuzz {
namespace {

std::string Replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// A text that was cut inside the secret ends with the beginning of it.
bool EndsWithBeginningOf(std::string_view secret, std::string_view text) {
  for (std::size_t size = 8; size < secret.size() && size <= text.size(); ++size) {
    if (text.substr(text.size() - size) == secret.substr(0, size)) return true;
  }
  return false;
}

}  // namespace

void Try(std::string_view input) {
  std::string_view rest = input;
  const std::string secret(TakeUntil(&rest, '\n'));
  const std::string text(rest);
  // No secret holds a bracket: a token has none, and a proxy's credentials have it encoded.
  if (secret.find_first_of("[]\\") != std::string::npos) return;

  std::string clean = text;
  internal::Redact(secret, &clean);
  if (secret.size() < internal::kShortestRedacted) {
    Require(clean == text, "what is too short to be a secret is left alone");
    return;
  }
  const std::string escaped = Replaced(secret, "/", "\\/");
  for (const std::string& form : {secret, escaped}) {
    Require(clean.find(form) == std::string::npos, "the secret is gone");
    Require(!EndsWithBeginningOf(form, clean), "and no beginning of it is left at the end");
  }
  std::string again = clean;
  internal::Redact(secret, &again);
  Require(again == clean, "to do it twice changes nothing");

  const bool held = text.find(secret) != std::string::npos ||
                    text.find(escaped) != std::string::npos || EndsWithBeginningOf(secret, text) ||
                    EndsWithBeginningOf(escaped, text);
  if (!held) Require(clean == text, "a text without the secret is left alone");
  const bool plain = text.find('[') == std::string::npos && escaped == secret &&
                     !EndsWithBeginningOf(secret, text);
  if (plain) {
    Require(Replaced(clean, internal::kRedacted, secret) == text, "nothing else is changed");
  }
}

}  // namespace service_accounts::fuzz
