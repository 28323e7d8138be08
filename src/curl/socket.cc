#include "curl/socket.h"

#if !defined(_WIN32)
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace service_accounts::v0::internal {

curl_socket_t OpenSocket(const curl_sockaddr& address) noexcept {
#if defined(SOCK_CLOEXEC)
  return socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
#else
  return socket(address.family, address.socktype, address.protocol);
#endif
}

int CloseSocket(curl_socket_t socket) noexcept {
#if defined(_WIN32)
  return closesocket(socket);
#else
  return close(socket);
#endif
}

int LocalPort(curl_socket_t socket) noexcept {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return address.ss_family == AF_INET6
             ? ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port)
             : ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

bool OtherSideHasEnded([[maybe_unused]] curl_socket_t socket) noexcept {
#if defined(POLLRDHUP)
  pollfd descriptor{socket, POLLRDHUP, 0};
  return poll(&descriptor, 1, 0) > 0;
#else
  return false;
#endif
}

}  // namespace service_accounts::v0::internal
