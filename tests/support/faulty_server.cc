#include "tests/support/faulty_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "tests/support/http_text.h"

namespace service_accounts::tests {
namespace {

/// Of a hundred requests.
constexpr std::pair<FaultyServer::Turn, unsigned> kShares[] = {
    {FaultyServer::Turn::kRateLimited, 8}, {FaultyServer::Turn::kServerError, 5},
    {FaultyServer::Turn::kBadRequest, 5},  {FaultyServer::Turn::kClosed, 5},
    {FaultyServer::Turn::kReset, 5},       {FaultyServer::Turn::kTruncated, 5},
    {FaultyServer::Turn::kGarbage, 5},     {FaultyServer::Turn::kDoomed, 5},
};

void Check(bool good, const char* what) {
  if (!good) throw std::system_error(errno, std::generic_category(), what);
}

std::string NameIn(std::string_view request) {
  constexpr std::string_view kBegin = R"("name":")";
  const std::size_t begin = request.find(kBegin) + kBegin.size();
  return std::string(request.substr(begin, request.find('"', begin) - begin));
}

std::string AccountNamed(const std::string& name) {
  return R"({"data":{"id":"sa_)" + name + R"(","name":")" + name + R"("}})";
}

/// Short, so that the socket's buffer takes it whole.
void Write(int socket, std::string_view bytes) {
  [[maybe_unused]] const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void ResetWhenClosed(int socket) {
  const linger at_once{1, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

FaultyServer::FaultyServer(std::uint64_t seed)
    : random_(seed), listener_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
  Check(listener_ >= 0, "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  Check(bind(listener_, generic, size) == 0, "bind");
  Check(getsockname(listener_, generic, &size) == 0, "getsockname");
  Check(listen(listener_, SOMAXCONN) == 0, "listen");
  Check(pipe(stop_) == 0, "pipe");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Run(); });
}

FaultyServer::~FaultyServer() { Finish(); }

std::string FaultyServer::base_url() const { return "http://127.0.0.1:" + std::to_string(port_); }

void FaultyServer::Finish() {
  if (!thread_.joinable()) return;
  [[maybe_unused]] const ssize_t written = write(stop_[1], "", 1);
  thread_.join();
  for (const Connection& connection : open_) close(connection.socket);
  close(listener_);
  for (const int end : stop_) close(end);
}

void FaultyServer::Run() {
  for (;;) {
    std::vector<pollfd> ends = {{stop_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const Connection& connection : open_) ends.push_back({connection.socket, POLLIN, 0});
    if (poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) return;
    // From the last one, as those that have ended make place for it.
    for (std::size_t i = open_.size(); i-- > 0;) {
      if (ends[i + 2].revents == 0 || Read(&open_[i])) continue;
      close(open_[i].socket);
      std::swap(open_[i], open_.back());
      open_.pop_back();
    }
    // What has arrived by the end is served before it.
    if (ends[1].revents != 0) {
      Accept();
    } else if (ends[0].revents != 0) {
      return;
    }
  }
}

void FaultyServer::Accept() {
  const int accepted = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
  if (accepted < 0) return;
  const int at_once = 1;
  setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  // A few meet their end before anything of them is read.
  open_.push_back({accepted, "", ++connections_ % 20 == 0});
}

bool FaultyServer::Read(Connection* connection) {
  if (connection->doomed) return false;
  char block[4096];
  const ssize_t count = recv(connection->socket, block, sizeof block, 0);
  if (count <= 0) return count < 0 && errno == EAGAIN;
  connection->input.append(block, static_cast<std::size_t>(count));
  const std::size_t length = MessageLength(connection->input);
  if (length == 0) return true;
  ++posts_;
  const std::string request = connection->input.substr(0, length);
  connection->input.erase(0, length);
  return Serve(connection, request);
}

FaultyServer::Turn FaultyServer::Draw() {
  std::uint64_t lot = random_() % 100;
  for (const auto& [turn, share] : kShares) {
    if (lot < share) return turn;
    lot -= share;
  }
  return Turn::kCreated;
}

bool FaultyServer::Serve(Connection* connection, std::string_view request) {
  const std::string name = NameIn(request);
  const std::string created = HttpReply(200, AccountNamed(name));
  const auto create = [&] { ++accounts_[name]; };
  const auto perhaps_create = [&] {
    if (Toss()) create();
  };
  const int socket = connection->socket;
  const Turn turn = Draw();
  ++turns_[turn];
  switch (turn) {
    case Turn::kRateLimited: Write(socket, HttpReply(429, "no", "Retry-After: 0\r\n")); return true;
    case Turn::kBadRequest: Write(socket, HttpReply(400, "no")); return true;
    case Turn::kServerError:
      perhaps_create();
      Write(socket, HttpReply(500, "no"));
      return true;
    case Turn::kClosed: perhaps_create(); return false;
    case Turn::kReset:
      perhaps_create();
      ResetWhenClosed(socket);
      return false;
    case Turn::kTruncated:
      create();
      Write(socket, std::string_view(created).substr(0, created.size() - 5));
      return false;
    case Turn::kGarbage:
      perhaps_create();
      Write(socket, "HTTP/1.1 what\r\n\r\n");
      return false;
    case Turn::kDoomed: connection->doomed = true; break;
    case Turn::kCreated: break;
  }
  create();
  Write(socket, created);
  return true;
}

}  // namespace service_accounts::tests
