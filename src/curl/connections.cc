#include "curl/connections.h"

#include <algorithm>

#include "contain.h"
#include "curl/socket.h"

namespace service_accounts::v0::internal {

bool Connections::Add(curl_socket_t socket) noexcept {
  return !Contain([&] {
    connected_.reserve(connected_.size() + new_.size() + 1);
    new_.push_back(socket);
  });
}

void Connections::Remove(curl_socket_t socket) noexcept {
  new_.erase(std::remove(new_.begin(), new_.end(), socket), new_.end());
  const auto found = std::find_if(FirstAt(LocalPort(socket)), connected_.end(),
                                  [=](const Connection& each) { return each.socket == socket; });
  if (found != connected_.end()) connected_.erase(found);
}

bool Connections::IsOpen(int local_port) noexcept {
  if (local_port <= 0) return false;  // libcurl has closed it, with other requests still on it.
  auto each = FirstAt(local_port);
  if (each == connected_.end() || each->local_port != local_port) {
    TakeConnected();
    each = FirstAt(local_port);
  }
  // To different servers there may be several from one port.
  for (; each != connected_.end() && each->local_port == local_port; ++each) {
    if (!OtherSideHasEnded(each->socket)) return true;
  }
  return false;
}

Connections::Iterator Connections::FirstAt(int local_port) noexcept {
  return std::lower_bound(connected_.begin(), connected_.end(), local_port,
                          [](const Connection& each, int port) { return each.local_port < port; });
}

void Connections::TakeConnected() noexcept {
  const auto is_taken = [this](curl_socket_t socket) {
    const int port = LocalPort(socket);
    if (port == 0) return false;
    connected_.insert(FirstAt(port), {port, socket});
    return true;
  };
  new_.erase(std::remove_if(new_.begin(), new_.end(), is_taken), new_.end());
}

}  // namespace service_accounts::v0::internal
