// Keeps the token out of everything that the library gives away: whatever a reply echoes is blotted
// out of an error and of the metadata before the caller sees them.
#ifndef SERVICE_ACCOUNTS_SRC_REDACTION_H_
#define SERVICE_ACCOUNTS_SRC_REDACTION_H_

#include <cstddef>
#include <string>
#include <string_view>

#include <service_accounts/error.h>
#include <service_accounts/response_metadata.h>

namespace service_accounts::v0::internal {

/// What stands in the place of a secret.
constexpr std::string_view kRedacted = "[redacted]";

/// A shorter secret is found in any text, so blotting it out would hide nothing and garble all.
constexpr std::size_t kShortestRedacted = 4;

/// Replaces the secret wherever it occurs, also with its slashes escaped as JSON allows ("\/"), and
/// a text's end in which only the beginning of it stands, because the text was cut there.
void Redact(std::string_view secret, std::string* text);

void Redact(std::string_view secret, Error* error);
void Redact(std::string_view secret, ResponseMetadata* metadata);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_REDACTION_H_
