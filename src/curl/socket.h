// The sockets of libcurl's connections, as the system has them.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_SOCKET_H_
#define SERVICE_ACCOUNTS_SRC_CURL_SOCKET_H_

#include <curl/curl.h>

#include <service_accounts/version.h>

namespace service_accounts::v0::internal {

/// `CURL_SOCKET_BAD`: there is none to be had. A program that the host starts does not get it.
[[nodiscard]] curl_socket_t OpenSocket(const curl_sockaddr& address) noexcept;

/// Not 0: the system has something against it.
int CloseSocket(curl_socket_t socket) noexcept;

/// 0: none, as it is not connected.
[[nodiscard]] int LocalPort(curl_socket_t socket) noexcept;

/// Also where there is something left to be read. Only Linux tells; elsewhere it has not, as far as
/// is known.
[[nodiscard]] bool OtherSideHasEnded(curl_socket_t socket) noexcept;

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_SOCKET_H_
