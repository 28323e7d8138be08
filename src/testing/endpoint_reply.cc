// Written by hand and not by Beast's serializer: a script may hold what that refuses, such as a
// status of four digits or a field of 100 KiB.
#include "testing/endpoint_reply.h"

#include "scanner.h"

namespace service_accounts::testing::internal {

const std::string* FindHeader(const std::vector<Header>& headers, std::string_view name) {
  for (const Header& header : headers) {
    if (service_accounts::internal::EqualsIgnoringCase(header.name, name)) return &header.value;
  }
  return nullptr;
}

std::string Serialize(const EndpointReply& reply, bool to_head, bool keep_alive) {
  const bool bodiless = reply.status < 200 || reply.status == 204 || reply.status == 304;
  const bool framed = FindHeader(reply.headers, "Content-Length") != nullptr ||
                      FindHeader(reply.headers, "Transfer-Encoding") != nullptr;
  // Ends in a space: the reason phrase is optional, the space before it is not.
  std::string bytes = "HTTP/1.1 " + std::to_string(reply.status) + " \r\n";
  for (const Header& header : reply.headers) bytes += header.name + ": " + header.value + "\r\n";
  if (!bodiless && !framed) {
    bytes += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  }
  if (!keep_alive && FindHeader(reply.headers, "Connection") == nullptr) {
    bytes += "Connection: close\r\n";
  }
  bytes += "\r\n";
  if (!bodiless && !to_head) bytes += reply.body;
  return bytes;
}

bool KeepsConnection(const EndpointReply& reply) {
  const std::string* const connection = FindHeader(reply.headers, "Connection");
  const std::string* const length = FindHeader(reply.headers, "Content-Length");
  return (connection == nullptr || *connection != "close") &&
         (length == nullptr || *length == std::to_string(reply.body.size()));
}

}  // namespace service_accounts::testing::internal
