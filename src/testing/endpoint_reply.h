// A reply of the mock server, scripted or of the model's own, and its form on the wire.
#ifndef SERVICE_ACCOUNTS_SRC_TESTING_ENDPOINT_REPLY_H_
#define SERVICE_ACCOUNTS_SRC_TESTING_ENDPOINT_REPLY_H_

#include <string>
#include <string_view>
#include <vector>

#include <service_accounts/header.h>

namespace service_accounts::testing::internal {

/// A reply that has yet to be framed.
struct EndpointReply {
  int status = 0;
  std::vector<Header> headers;
  std::string body;
};

/// The value of the first field of that name, or null.
[[nodiscard]] const std::string* FindHeader(const std::vector<Header>& headers,
                                            std::string_view name);

/// The reply as bytes, `Content-Length` added unless its own headers frame the body. `to_head`: to
/// a HEAD request, which is told the length and spared the body.
[[nodiscard]] std::string Serialize(const EndpointReply& reply, bool to_head, bool keep_alive);

/// Whether the client may send its next request after this reply: not when its headers say so, nor
/// when their Content-Length is a wrong one, which then shows as a body cut short.
[[nodiscard]] bool KeepsConnection(const EndpointReply& reply);

}  // namespace service_accounts::testing::internal

#endif  // SERVICE_ACCOUNTS_SRC_TESTING_ENDPOINT_REPLY_H_
