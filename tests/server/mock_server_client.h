// What the tests of the mock server share: requests as bytes, and the replies to them.
#ifndef SERVICE_ACCOUNTS_TESTS_SERVER_MOCK_SERVER_CLIENT_H_
#define SERVICE_ACCOUNTS_TESTS_SERVER_MOCK_SERVER_CLIENT_H_

#include <string>

#include <service_accounts/testing/mock_server.h>

#include "tests/support/raw_client.h"

namespace service_accounts::tests {

constexpr const char* kPath = "/v1/service-accounts";
constexpr const char* kGoodBody = R"({"name": "bot", "permissions": ["org:read"]})";

inline int PortOf(const testing::MockServer& server) {
  const std::string url = server.base_url();
  return std::stoi(url.substr(url.rfind(':') + 1));
}

inline std::string BearerLine(const testing::MockServer& server) {
  return "Authorization: Bearer " + server.token() + "\r\n";
}

/// `headers` are whole lines.
inline std::string RequestBytes(const std::string& method, const std::string& target,
                                const std::string& headers, const std::string& body) {
  return method + ' ' + target + " HTTP/1.1\r\nHost: mock\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// A POST of this body with the right token.
inline std::string PostBytes(const testing::MockServer& server, const std::string& body) {
  return RequestBytes("POST", kPath, BearerLine(server), body);
}

/// The server's answer to it, on a connection of its own.
inline std::string Post(const testing::MockServer& server, const std::string& body) {
  return Exchange(PortOf(server), PostBytes(server, body));
}

/// A good body; the name needs no escape.
inline std::string BodyNamed(const std::string& name) {
  return R"({"name": ")" + name + R"(", "permissions": []})";
}

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SERVER_MOCK_SERVER_CLIENT_H_
