#include "tests/support/http_text.h"

#include <algorithm>
#include <charconv>

namespace service_accounts::tests {
namespace {

char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string HttpReply(int status, std::string_view body, std::string_view extra_headers) {
  std::string reply = "HTTP/1.1 " + std::to_string(status) + " \r\n";
  reply += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  reply.append(extra_headers).append("\r\n").append(body);
  return reply;
}

std::size_t HeadLength(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  return end == std::string_view::npos ? 0 : end + 4;
}

std::size_t BodyLength(std::string_view head) {
  constexpr std::string_view kName = "\r\ncontent-length:";
  const auto* const name = std::search(head.begin(), head.end(), kName.begin(), kName.end(),
                                       [](char a, char b) { return ToLower(a) == b; });
  if (name == head.end()) return 0;
  const char* const digits =
      std::find_if(name + kName.size(), head.end(), [](char c) { return c != ' '; });
  std::size_t length = 0;
  std::from_chars(digits, head.end(), length);
  return length;
}

std::size_t MessageLength(std::string_view bytes) {
  const std::size_t head = HeadLength(bytes);
  const std::size_t length = head + BodyLength(bytes.substr(0, head));
  return head == 0 || bytes.size() < length ? 0 : length;
}

}  // namespace service_accounts::tests
