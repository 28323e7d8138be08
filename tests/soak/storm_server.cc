#include "tests/soak/storm_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <random>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/soak/faults.h"
#include "tests/support/http_text.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock::time_point;

/// The number, or an exception that names what was tried.
int Checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

/// Bound to the port, or to any one for 0; does not listen.
int Bind(int port, int* bound_port) {
  const int bound =
      Checked(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  const int yes = 1;
  Checked(setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), "setsockopt");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  Checked(bind(bound, generic, size), "bind");
  Checked(getsockname(bound, generic, &size), "getsockname");
  *bound_port = ntohs(address.sin_port);
  return bound;
}

struct Connection {
  int socket = -1;
  std::string input;
  std::string output;
  Plan plan;             // What is still to be done of it.
  std::size_t next = 0;  // Its piece.
  Time due;              // When that is to be written.
  bool busy = false;     // With the plan.
  bool doomed = false;   // Closed as soon as anything more comes.
  bool deaf = false;     // Nothing is read.
};

/// One thread for all connections.
class Storm {
 public:
  Storm(int listener, Ledger* ledger, std::uint64_t seed)
      : listener_(listener), ledger_(*ledger), random_(seed) {}

  void Run(int lifeline);

 private:
  [[nodiscard]] int TimeoutMs() const;
  void TurnListenerOnOrOff();
  void Accept();
  // False: the connection has ended.
  [[nodiscard]] bool Go(Connection* connection, short events);
  [[nodiscard]] bool Read(Connection* connection);
  [[nodiscard]] bool Serve(Connection* connection);
  [[nodiscard]] bool Proceed(Connection* connection);
  [[nodiscard]] bool End(Connection* connection);

  int listener_;
  Ledger& ledger_;
  std::mt19937_64 random_;
  bool listening_ = false;
  Time turn_;
  Time now_;
  std::vector<Connection> open_;
};

void ResetWhenClosed(int socket) {
  const linger at_once{1, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): it is one loop over what poll says.
void Storm::Run(int lifeline) {
  for (;;) {
    now_ = std::chrono::steady_clock::now();
    if (now_ >= turn_) TurnListenerOnOrOff();
    std::vector<pollfd> ends = {{lifeline, POLLIN, 0}, {listening_ ? listener_ : -1, POLLIN, 0}};
    for (const Connection& c : open_) {
      short events = c.busy || c.deaf ? POLLRDHUP : POLLIN;
      if (!c.output.empty()) events = static_cast<short>(events | POLLOUT);
      ends.push_back({c.socket, events, 0});
    }
    if (poll(ends.data(), ends.size(), TimeoutMs()) < 0 && errno != EINTR) Checked(-1, "poll");
    if (ends[0].revents != 0) return;
    now_ = std::chrono::steady_clock::now();
    // From the last one, as those that have ended make place for it.
    for (std::size_t i = open_.size(); i-- > 0;) {
      if (Go(&open_[i], ends[i + 2].revents)) continue;
      close(open_[i].socket);
      if (i + 1 < open_.size()) open_[i] = std::move(open_.back());
      open_.pop_back();
    }
    if (ends[1].revents != 0) Accept();
  }
}

int Storm::TimeoutMs() const {
  Time next = turn_;
  for (const Connection& c : open_) {
    if (c.busy && c.output.empty()) next = std::min(next, c.due);
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now_);
  return static_cast<int>(std::max(left, 0ms).count());
}

// It stays bound meanwhile, so that nobody else comes to have the port.
void Storm::TurnListenerOnOrOff() {
  listening_ = !listening_;
  if (listening_) {
    Checked(listen(listener_, SOMAXCONN), "listen");
  } else {
    Checked(shutdown(listener_, SHUT_RD), "shutdown");
  }
  turn_ = now_ + (listening_ ? 500ms : 20ms) + std::chrono::milliseconds(random_() % 100);
}

void Storm::Accept() {
  for (;;) {
    Connection connection;
    connection.socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection.socket < 0) return;
    const int at_once = 1;
    setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    switch (random_() % 100) {
      case 0: close(connection.socket); continue;
      case 1:
        ResetWhenClosed(connection.socket);
        close(connection.socket);
        continue;
      case 2: connection.doomed = true; break;
      case 3: connection.deaf = random_() % 4 == 0; break;
      default: break;
    }
    open_.push_back(std::move(connection));
  }
}

bool Storm::Go(Connection* connection, short events) {
  if ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0) return false;
  if (connection->busy) {
    // Who waits no longer for the reply, or does not want to read all of it, closes.
    if ((events & POLLRDHUP) != 0) return false;
    return Proceed(connection);
  }
  if (connection->deaf) return (events & POLLRDHUP) == 0;
  return (events & POLLIN) == 0 || Read(connection);
}

bool Storm::Read(Connection* connection) {
  if (connection->doomed) return false;
  char block[16384];
  // A few are read in part, and then never again.
  const bool in_part = random_() % 500 == 0;
  const ssize_t count = recv(connection->socket, block, in_part ? 50 : sizeof block, 0);
  if (count <= 0) return count < 0 && errno == EAGAIN;
  if (in_part) return false;
  connection->input.append(block, static_cast<std::size_t>(count));
  return MessageLength(connection->input) == 0 || Serve(connection);
}

bool Storm::Serve(Connection* connection) {
  const std::size_t length = MessageLength(connection->input);
  const std::string request = connection->input.substr(0, length);
  connection->input.erase(0, length);
  ++ledger_.posts();
  const std::size_t fault = DrawFault(&random_);
  ++ledger_.faults(fault);
  Turn turn(request, &ledger_, &random_);
  connection->plan = Faults()[fault].plan(turn);
  connection->next = 0;
  connection->due = now_;
  connection->busy = true;
  if (!connection->plan.pieces.empty()) connection->due += connection->plan.pieces[0].wait;
  return Proceed(connection);
}

bool Storm::Proceed(Connection* connection) {
  Connection& c = *connection;
  for (;;) {
    while (!c.output.empty()) {
      const ssize_t sent = send(c.socket, c.output.data(), c.output.size(), MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN;
      c.output.erase(0, static_cast<std::size_t>(sent));
    }
    if (c.next == c.plan.pieces.size()) return End(&c);
    if (now_ < c.due) return true;
    c.output = std::move(c.plan.pieces[c.next++].bytes);
    if (c.next < c.plan.pieces.size()) c.due = now_ + c.plan.pieces[c.next].wait;
  }
}

bool Storm::End(Connection* connection) {
  connection->busy = false;
  switch (connection->plan.ending) {
    case Ending::kKeep: return true;
    case Ending::kClose: return false;
    case Ending::kReset: ResetWhenClosed(connection->socket); return false;
    case Ending::kDoomed: break;
  }
  connection->doomed = true;
  return true;
}

}  // namespace

StormServer::StormServer(Ledger* ledger, std::uint64_t seed) {
  // A port that was asked for by its number stays the socket's also while that does not listen.
  close(Bind(0, &port_));
  const int listener = Bind(port_, &port_);
  std::array<int, 2> lifeline{};
  Checked(pipe2(lifeline.data(), O_CLOEXEC), "pipe2");
  // NOLINTNEXTLINE(cppcoreguidelines-prefer-member-initializer): the pipes have to be there before.
  process_ = Checked(fork(), "fork");
  if (process_ == 0) {
    close(lifeline[1]);
    int status = 0;
    try {
      Storm(listener, ledger, seed).Run(lifeline[0]);
    } catch (const std::exception& problem) {
      std::fprintf(stderr, "the server: %s\n", problem.what());
      status = 1;
    }
    _exit(
        status);  // What the process that forked has to do at its exit is not this one's business.
  }
  close(listener);
  close(lifeline[0]);
  lifeline_ = lifeline[1];
}

StormServer::~StormServer() {
  if (process_ >= 0) (void)Finish();
}

std::string StormServer::base_url() const { return "http://127.0.0.1:" + std::to_string(port_); }

bool StormServer::Finish() {
  close(lifeline_);
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace service_accounts::tests
