// The `Retry-After` header, RFC 9110 section 10.2.3: a number of seconds, or an HTTP date.
#ifndef SERVICE_ACCOUNTS_SRC_RETRY_AFTER_H_
#define SERVICE_ACCOUNTS_SRC_RETRY_AFTER_H_

#include <chrono>
#include <optional>
#include <string_view>

#include <service_accounts/header.h>

namespace service_accounts::v0::internal {

/// The longest wait that is taken for what somebody meant.
constexpr std::chrono::hours kMaxRetryAfter{24};

/// How long the reply asks to wait, at most `kMaxRetryAfter`; a date in the past is zero. No value
/// when the header is missing or is neither form. A date is counted from the reply's own `Date`, so
/// that the two clocks need not agree, and from `now` only where that is missing.
[[nodiscard]] std::optional<std::chrono::milliseconds> RetryAfter(
    const HeaderList& headers, std::chrono::system_clock::time_point now);

/// RFC 9110 section 5.6.7 in all its three forms. A two-digit year is the one within 50 years of
/// 2000 (RFC 850's dates are long out of use).
[[nodiscard]] std::optional<std::chrono::seconds> ParseHttpDate(std::string_view text);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_RETRY_AFTER_H_
