// The header fields that callers add: which are refused, and which take another's place.
#ifndef SERVICE_ACCOUNTS_SRC_REQUEST_HEADERS_H_
#define SERVICE_ACCOUNTS_SRC_REQUEST_HEADERS_H_

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include <service_accounts/error.h>
#include <service_accounts/header.h>

namespace service_accounts::v0::internal {

constexpr std::size_t kMostHeaders = 100;
constexpr std::size_t kMostHeaderBytes = 64 * 1024;

/// The first field that may not be sent, named "<where>[i]"; nothing when all may.
[[nodiscard]] std::optional<Error> CheckHeaders(const std::vector<Header>& headers,
                                                std::string_view where);

/// Nothing but printable ASCII, spaces inside included.
[[nodiscard]] bool IsPrintable(std::string_view text);

/// `base` without the names that `added` has, then `added`.
[[nodiscard]] std::vector<Header> MergeHeaders(std::vector<Header> base,
                                               const std::vector<Header>& added);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_REQUEST_HEADERS_H_
