#include "curl/connections.h"

#include <algorithm>

#if !defined(_WIN32)
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#endif

#include "contain.h"

namespace service_accounts::v0::internal {
namespace {

/// 0: none.
int LocalPort(curl_socket_t socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return address.ss_family == AF_INET6
             ? ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port)
             : ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

/// Also where there is something left to be read.
bool OtherSideHasEnded([[maybe_unused]] curl_socket_t socket) {
#if defined(POLLRDHUP)
  pollfd descriptor{socket, POLLRDHUP, 0};
  return poll(&descriptor, 1, 0) > 0;
#else
  return false;  // Only Linux tells. What libcurl finds by itself has to do elsewhere.
#endif
}

}  // namespace

bool Connections::Add(curl_socket_t socket) noexcept {
  return !Contain([&] { open_.push_back({socket, 0}); });
}

void Connections::Remove(curl_socket_t socket) noexcept {
  const auto found = std::find_if(open_.begin(), open_.end(),
                                  [=](const Connection& each) { return each.socket == socket; });
  if (found == open_.end()) return;
  *found = open_.back();
  open_.pop_back();
}

bool Connections::IsOpen(int local_port) noexcept {
  if (local_port <= 0) return false;  // libcurl has closed it, with other requests still on it.
  return std::any_of(open_.begin(), open_.end(), [=](Connection& each) {
    if (each.local_port == 0) each.local_port = LocalPort(each.socket);
    return each.local_port == local_port && !OtherSideHasEnded(each.socket);
  });
}

}  // namespace service_accounts::v0::internal
