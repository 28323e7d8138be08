#include "tests/support/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "tests/support/http_text.h"

namespace service_accounts::tests {

RawClient::RawClient(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  const timeval patience{10, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    close(socket_);
    throw std::system_error(error, std::generic_category(), "RawClient cannot connect");
  }
}

RawClient::~RawClient() { close(socket_); }

void RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // The server is gone; the missing reply will tell.
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void RawClient::FinishSending() { shutdown(socket_, SHUT_WR); }

bool RawClient::Receive() {
  char block[65536];
  const ssize_t count = recv(socket_, block, sizeof block, 0);
  if (count < 0 && errno == EAGAIN) {
    throw std::system_error(errno, std::generic_category(), "RawClient waits in vain");
  }
  if (count <= 0) return false;
  received_.append(block, static_cast<std::size_t>(count));
  return true;
}

std::string RawClient::ReadReply() {
  while (MessageLength(received_) == 0 && Receive()) {
  }
  std::size_t length = MessageLength(received_);
  if (length == 0) length = received_.size();
  std::string reply = received_.substr(0, length);
  received_.erase(0, length);
  return reply;
}

std::string RawClient::ReadToEnd() {
  while (Receive()) {
  }
  std::string rest;
  rest.swap(received_);
  return rest;
}

std::string Exchange(int port, std::string_view request_bytes) {
  RawClient client(port);
  client.Send(request_bytes);
  client.FinishSending();
  return client.ReadToEnd();
}

int StatusOf(std::string_view reply) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  int status = 0;
  if (reply.substr(0, kVersion.size()) == kVersion) {
    std::from_chars(reply.data() + kVersion.size(), reply.data() + reply.size(), status);
  }
  return status;
}

std::optional<std::string> HeaderOf(std::string_view reply, std::string_view name) {
  const std::string_view head = reply.substr(0, HeadLength(reply));
  const std::string start = "\r\n" + std::string(name) + ": ";
  const std::size_t found = head.find(start);
  if (found == std::string_view::npos) return std::nullopt;
  const std::size_t value = found + start.size();
  return std::string(head.substr(value, head.find("\r\n", value) - value));
}

std::string BodyOf(std::string_view reply) { return std::string(reply.substr(HeadLength(reply))); }

}  // namespace service_accounts::tests
