#include "tests/support/raw_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "tests/support/raw_client.h"

namespace service_accounts::tests {
namespace {

using namespace std::string_literals;

int ConnectTo(int port) {
  const int target = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (connect(target, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::system_error(errno, std::generic_category(), "the raw proxy cannot connect");
  }
  return target;
}

void SendAll(int target, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(target, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// A thread for each direction. The second one only writes to the client's connection, which the
/// first one only reads. It ends because the target closes once it has read to the end.
void Join(RawConnection& client, int target_port) {
  const int target = ConnectTo(target_port);
  std::thread back([&client, target] {
    char block[16384];
    for (;;) {
      const ssize_t count = recv(target, block, sizeof block, 0);
      if (count <= 0) break;
      client.Write({block, static_cast<std::size_t>(count)});
    }
    client.Close();
  });
  for (std::string bytes; !(bytes = client.ReadSome()).empty();) SendAll(target, bytes);
  shutdown(target, SHUT_WR);
  back.join();
  close(target);
}

/// "POST http://host/path" becomes "POST /path", and the proxy's own fields go.
std::string AsForTheTarget(std::string request) {
  const std::size_t url = request.find("http://");
  request.erase(url, request.find('/', url + 7) - url);
  for (std::size_t at = 0; (at = request.find("\r\nProxy-")) != std::string::npos;) {
    request.erase(at, request.find("\r\n", at + 2) - at);
  }
  return request;
}

}  // namespace

RawServer::Behaviour Tunnel(int target_port) {
  return [target_port](RawConnection& client) {
    if (client.ReadRequest().empty()) return;
    client.Write("HTTP/1.1 200 Connection established\r\n\r\n");
    Join(client, target_port);
  };
}

RawServer::Behaviour Forward(int target_port) {
  return [target_port](RawConnection& client) {
    for (std::string request; !(request = client.ReadRequest()).empty();) {
      RawClient target(target_port);
      target.Send(AsForTheTarget(std::move(request)));
      client.Write(target.ReadReply());
    }
  };
}

RawServer::Behaviour Socks(int target_port, std::string* heard) {
  return [target_port, heard](RawConnection& client) {
    // Each message of the client is one segment: it waits for the answer to each.
    const std::string hello = client.ReadSome();
    if (hello.empty()) return;
    *heard += hello;
    const bool password = hello.find('\x02', 2) != std::string::npos;
    client.Write(password ? "\x05\x02"s : "\x05\x00"s);
    if (password) {
      *heard += client.ReadSome();
      client.Write("\x01\x00"s);
    }
    *heard += client.ReadSome();
    client.Write("\x05\x00\x00\x01\0\0\0\0\0\0"s);
    Join(client, target_port);
  };
}

}  // namespace service_accounts::tests
