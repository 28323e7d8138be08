#include "tests/support/raw_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "tests/support/http_text.h"

namespace service_accounts::tests {
namespace {

/// The number, or an exception that names what was tried.
int Checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

struct BoundSocket {
  int socket;
  int port;
};

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

BoundSocket BindLoopback() {
  const int bound = Checked(socket(AF_INET, SOCK_STREAM, 0), "socket");
  sockaddr_in address = Loopback(0);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  Checked(bind(bound, generic, size), "bind");
  Checked(getsockname(bound, generic, &size), "getsockname");
  return {bound, ntohs(address.sin_port)};
}

struct Ready {
  bool socket;
  bool stop;
};

/// Waits for these events of the socket or for the server's end; neither after the timeout.
Ready WaitFor(int socket, short events, int stop, int timeout_ms = -1) {
  pollfd ends[] = {{socket, events, 0}, {stop, POLLIN, 0}};
  while (poll(ends, 2, timeout_ms) < 0 && errno == EINTR) {
  }
  return {ends[0].revents != 0, ends[1].revents != 0};
}

}  // namespace

void RequestLog::CountPost() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++posts_;
}

void RequestLog::Add(std::string request) {
  const std::lock_guard<std::mutex> lock(mutex_);
  requests_.push_back(std::move(request));
}

int RequestLog::posts() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return posts_;
}

std::vector<std::string> RequestLog::requests() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

void RequestStream::Add(std::string_view bytes) {
  bytes_ += bytes;
  while (!bytes.empty()) {
    const std::size_t of_body = std::min(body_left_, bytes.size());
    body_left_ -= of_body;
    bytes.remove_prefix(of_body);
    const std::size_t before = head_.size();
    head_ += bytes;
    // The end may straddle the pieces, by three bytes at most; what is before was looked at.
    const std::size_t searched = before < 3 ? 0 : before - 3;
    const std::size_t found = HeadLength(std::string_view(head_).substr(searched));
    if (found == 0) return;
    const std::size_t length = searched + found;
    if (head_.rfind("POST ", 0) == 0) log_.CountPost();
    body_left_ = BodyLength(std::string_view(head_).substr(0, length));
    head_.clear();
    bytes.remove_prefix(length - before);
  }
}

std::string RequestStream::TakeRequest() {
  std::string request = bytes_.substr(0, MessageLength(bytes_));
  bytes_.erase(0, request.size());
  if (!request.empty()) log_.Add(request);
  return request;
}

std::string RequestStream::TakeAll() { return std::exchange(bytes_, ""); }

RawConnection::RawConnection(RawServer& server, int socket)
    : server_(server), socket_(socket), input_(server.log_) {
  // What was written goes out, rather than wait for the peer to acknowledge what went before.
  const int at_once = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
}

RawConnection::~RawConnection() {
  Close();
  WaitForPeer();
  if (socket_ >= 0) close(socket_);
}

// The socket before the stop: what has arrived is always read, however late the thread comes to it.
bool RawConnection::Receive() {
  if (socket_ < 0 || !WaitFor(socket_, POLLIN, server_.stop_[0]).socket) return false;
  char block[65536];
  const ssize_t count = recv(socket_, block, sizeof block, 0);
  if (count <= 0) return false;
  input_.Add({block, static_cast<std::size_t>(count)});
  return true;
}

std::string RawConnection::ReadRequest() {
  std::string request = input_.TakeRequest();
  while (request.empty() && Receive()) request = input_.TakeRequest();
  return request;
}

std::string RawConnection::ReadSome() {
  std::string bytes = input_.TakeAll();
  if (bytes.empty() && Receive()) bytes = input_.TakeAll();
  return bytes;
}

bool RawConnection::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (socket_ < 0 || WaitFor(socket_, POLLOUT, server_.stop_[0]).stop) return false;
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// MSG_MORE keeps the last segment back until the FIN joins it.
void RawConnection::WriteAndClose(std::string_view bytes) {
  if (socket_ >= 0) send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_MORE);
  Close();
}

void RawConnection::Close() {
  if (socket_ >= 0) shutdown(socket_, SHUT_WR);
}

void RawConnection::Reset() {
  if (socket_ < 0) return;
  while (WaitFor(socket_, POLLIN, server_.stop_[0], 0).socket && Receive()) {
  }
  const linger at_once{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(std::exchange(socket_, -1));
}

void RawConnection::WaitForPeer() {
  while (Receive()) (void)input_.TakeAll();
}

bool RawConnection::Pause(std::chrono::milliseconds time) {
  const Ready ready = WaitFor(socket_, 0, server_.stop_[0], static_cast<int>(time.count()));
  return !ready.socket && !ready.stop;
}

RawServer::RawServer(std::vector<Behaviour> behaviours) : behaviours_(std::move(behaviours)) {
  const BoundSocket bound = BindLoopback();
  listener_ = bound.socket;
  port_ = bound.port;
  Checked(listen(listener_, SOMAXCONN), "listen");
  // A client may be gone again between poll and accept, which then must not block.
  Checked(fcntl(listener_, F_SETFL, O_NONBLOCK), "fcntl");
  Checked(pipe(stop_), "pipe");
  acceptor_ = std::thread([this] { AcceptAll(); });
}

RawServer::~RawServer() { (void)Finish(); }

std::string RawServer::base_url() const { return "http://127.0.0.1:" + std::to_string(port_); }

// Here too the socket comes before the stop: the backlog is accepted to its end.
void RawServer::AcceptAll() {
  for (;;) {
    const Ready ready = WaitFor(listener_, POLLIN, stop_[0]);
    const int accepted = ready.socket ? accept(listener_, nullptr, nullptr) : -1;
    if (accepted >= 0) {
      Serve(accepted);
    } else if (ready.stop) {
      return;
    }
  }
}

void RawServer::Serve(int socket) {
  const auto number = static_cast<std::size_t>(connections_++);
  threads_.emplace_back([this, socket, number] {
    RawConnection connection(*this, socket);
    if (!behaviours_.empty()) behaviours_[std::min(number, behaviours_.size() - 1)](connection);
  });
}

int RawServer::Finish() {
  if (acceptor_.joinable()) {
    // Written and never read; not closed, which a forked child's copy would keep from showing.
    [[maybe_unused]] const ssize_t written = write(stop_[1], "", 1);
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
    for (const int end : stop_) close(end);
  }
  return posts();
}

int RawServer::posts() const { return log_.posts(); }

int RawServer::connections() const { return connections_; }

std::vector<std::string> RawServer::requests() const { return log_.requests(); }

RawServer::Behaviour Answer(std::string bytes) {
  return [bytes = std::move(bytes)](RawConnection& client) {
    client.ReadRequest();
    client.Write(bytes);
  };
}

RawServer::Behaviour Silence() {
  return [](RawConnection& client) { client.WaitForPeer(); };
}

int ClosedPort() {
  static const int port = BindLoopback().port;
  return port;
}

// A backlog of none takes one connection, and is full once that has been acknowledged.
BlackHole::BlackHole() : filler_(Checked(socket(AF_INET, SOCK_STREAM, 0), "socket")) {
  const BoundSocket bound = BindLoopback();
  listener_ = bound.socket;
  port_ = bound.port;
  Checked(listen(listener_, 0), "listen");
  const sockaddr_in address = Loopback(port_);
  Checked(connect(filler_, reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
  pollfd full{listener_, POLLIN, 0};
  Checked(poll(&full, 1, -1), "poll");
}

BlackHole::~BlackHole() {
  close(filler_);
  close(listener_);
}

}  // namespace service_accounts::tests
