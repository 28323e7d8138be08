// Texts from outside: are they UTF-8, and how are they shown on one line of a log?
#ifndef SERVICE_ACCOUNTS_SRC_TEXT_H_
#define SERVICE_ACCOUNTS_SRC_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace service_accounts::v0::internal {

/// Well-formed UTF-8, RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool IsUtf8(std::string_view text) noexcept;

/// How many bytes at the beginning JSON takes as they are, inside a string: no quotes, no
/// backslashes, no control characters.
[[nodiscard]] std::size_t PlainPrefix(std::string_view text) noexcept;

/// The text with everything that could break a line or steer a terminal written as "\n" or "\x1b",
/// bytes that are not UTF-8 too; cut after `limit` bytes of it, with "..." where it was cut.
[[nodiscard]] std::string OneLine(std::string_view text, std::size_t limit);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_TEXT_H_
