// A server on loopback that replies to every request after the same time, and not a moment before
// it: nginx by itself cannot wait, and what waits by whole milliseconds would be off by one in
// twenty. HTTP/1.1 without TLS, one thread, and only as much of it as the benchmark's programs use.
//   slow_server MILLISECONDS        prints its URL, then serves until it is ended
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

using Clock = std::chrono::steady_clock;

std::string Reply() {
  const std::string body = R"({"code":200,"data":{"id":"sa_01HZX3V9K2M4N6P8","name":"deploy-bot"},)"
                           R"("message":"success","requestId":"req_01HZX3V9K2"})";
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id: req_01HZX3V9K2\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// The length of the whole request at the beginning of `text`; 0 while it is not all there.
std::size_t RequestLength(const std::string& text) {
  const std::size_t head = text.find("\r\n\r\n");
  const std::size_t length = text.find("Content-Length: ");
  if (head == std::string::npos || length == std::string::npos) return 0;
  const std::size_t all = head + 4 + std::strtoul(text.c_str() + length + 16, nullptr, 10);
  return text.size() < all ? 0 : all;
}

class Server {
 public:
  explicit Server(std::chrono::milliseconds delay)
      : delay_(delay),
        reply_(Reply()),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (bind(listener_, generic, size) != 0 || listen(listener_, 1024) != 0 ||
        getsockname(listener_, generic, &size) != 0) {
      std::perror("slow_server");
      std::exit(1);
    }
    std::printf("slow=http://127.0.0.1:%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    Watch(listener_);
    Watch(timer_);
  }

  [[noreturn]] void Serve() {
    for (;;) {
      std::array<epoll_event, 64> events{};
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const int ready = events[static_cast<std::size_t>(i)].data.fd;
        if (ready == listener_) {
          Accept();
        } else if (ready != timer_) {
          Read(ready);
        }
      }
      SendDue();
    }
  }

 private:
  struct Due {
    Clock::time_point time;
    int connection;
  };

  void Watch(int descriptor) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }

  void Accept() const {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const int on = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Watch(connection);
  }

  void Read(int connection) {
    std::array<char, 4096> buffer{};
    const ssize_t got = read(connection, buffer.data(), buffer.size());
    std::string& text = received_[connection];
    if (got <= 0) {
      received_.erase(connection);
      close(connection);
      return;
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
    for (std::size_t length = RequestLength(text); length > 0; length = RequestLength(text)) {
      text.erase(0, length);
      due_.push_back({Clock::now() + delay_, connection});
    }
  }

  /// All wait for the same time, so the first to come is the first to go.
  void SendDue() {
    while (!due_.empty() && due_.front().time <= Clock::now()) {
      if (send(due_.front().connection, reply_.data(), reply_.size(), MSG_NOSIGNAL) < 0) {
        std::perror("slow_server: send");
      }
      due_.pop_front();
    }
    itimerspec next{};  // All zeros: no alarm.
    if (!due_.empty()) {
      const auto at = std::chrono::duration_cast<std::chrono::nanoseconds>(
          due_.front().time.time_since_epoch());
      next.it_value.tv_sec = at.count() / 1'000'000'000;
      next.it_value.tv_nsec = at.count() % 1'000'000'000;
    }
    timerfd_settime(timer_, TFD_TIMER_ABSTIME, &next, nullptr);
  }

  const std::chrono::milliseconds delay_;
  const std::string reply_;
  const int epoll_;
  const int listener_;
  const int timer_;
  std::unordered_map<int, std::string> received_;
  std::deque<Due> due_;
};

}  // namespace

int main(int argc, char** argv) {
  const long milliseconds = argc == 2 ? std::strtol(argv[1], nullptr, 10) : 0;
  if (milliseconds <= 0) {
    std::fprintf(stderr, "usage: slow_server MILLISECONDS\n");
    return 2;
  }
  Server(std::chrono::milliseconds(milliseconds)).Serve();
}
