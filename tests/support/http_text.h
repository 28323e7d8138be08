// HTTP/1.1 as bytes, no more of it than the raw server and the raw client need to know where a
// message ends. It owes nothing to the library under test.
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_HTTP_TEXT_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_HTTP_TEXT_H_

#include <cstddef>
#include <string_view>

namespace service_accounts::tests {

/// Up to and with the empty line, or 0 as long as that has not come.
[[nodiscard]] std::size_t HeadLength(std::string_view bytes);

/// What the Content-Length of this head says; 0 without one.
[[nodiscard]] std::size_t BodyLength(std::string_view head);

/// Head and body of the first message in `bytes`, or 0 as long as it is not whole.
[[nodiscard]] std::size_t MessageLength(std::string_view bytes);

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_HTTP_TEXT_H_
