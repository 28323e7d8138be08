// HTTP/1.1 as bytes, no more of it than the raw server and the raw client need to know where a
// message ends. It owes nothing to the library under test.
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_HTTP_TEXT_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_HTTP_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace service_accounts::tests {

/// The least of a body that a success may have.
constexpr const char* kAccount = R"({"data":{"id":"sa_1"}})";

/// A whole reply with its Content-Length. `extra_headers` are lines, each with its "\r\n".
[[nodiscard]] std::string HttpReply(int status, std::string_view body,
                                    std::string_view extra_headers = "");

/// Up to and with the empty line, or 0 as long as that has not come.
[[nodiscard]] std::size_t HeadLength(std::string_view bytes);

/// What the Content-Length of this head says; 0 without one.
[[nodiscard]] std::size_t BodyLength(std::string_view head);

/// Head and body of the first message in `bytes`, or 0 as long as it is not whole.
[[nodiscard]] std::size_t MessageLength(std::string_view bytes);

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_HTTP_TEXT_H_
