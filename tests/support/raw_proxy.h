// Behaviours that make a `RawServer` an HTTP or SOCKS proxy. Whatever host a client asks for, it is
// taken to a port of 127.0.0.1.
//
//   RawServer proxy({Tunnel(target.port())});
//   options.proxy = ProxyOptions::Url(proxy.base_url());
//   ... call the client ...
//   CHECK(proxy.requests().front().rfind("CONNECT ", 0) == 0);
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_RAW_PROXY_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_RAW_PROXY_H_

#include <string>

#include "tests/support/raw_server.h"

namespace service_accounts::tests {

/// Answers CONNECT with 200, and joins the client to the port until both have closed.
[[nodiscard]] RawServer::Behaviour Tunnel(int target_port);

/// Takes requests for an http:// URL to the port, each over a connection of its own and without the
/// fields that are the proxy's, and brings the replies back.
[[nodiscard]] RawServer::Behaviour Forward(int target_port);

/// Joins the client to the port by SOCKS 5, "NO AUTHENTICATION" or "USERNAME/PASSWORD". Appends
/// what the client said until then to `heard`, which is to be read when the server has finished.
[[nodiscard]] RawServer::Behaviour Socks(int target_port, std::string* heard);

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_RAW_PROXY_H_
