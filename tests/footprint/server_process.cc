#include "tests/footprint/server_process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string_view>
#include <system_error>

#include "tests/support/certificates.h"
#include "tests/support/http_text.h"
#include "tests/support/raw_server.h"
#include "tests/support/tls_server.h"

namespace service_accounts::tests {
namespace {

/// Closed on exec, so that nobody but the two processes can keep an end open.
std::array<int, 2> Pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  return ends;
}

/// Up to the end: until nobody has the other end open any more.
std::string ReadAll(int descriptor) {
  std::string all;
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t count = read(descriptor, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return all;
    all.append(block.data(), static_cast<std::size_t>(count));
  }
}

/// So many things that are awaited.
class Countdown {
 public:
  explicit Countdown(int left) : left_(left) {}
  void Count() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--left_ == 0) done_.notify_all();
  }
  void Await() {
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return left_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  int left_;
};

std::atomic<int>* SharedCounter() {
  void* const memory = mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  return new (memory) std::atomic<int>(0);
}

/// Says where it is, and serves until the lifeline ends.
void Serve(int report, int lifeline, std::atomic<int>* http_requests) {
  const Authority authority;
  TlsServerOptions options;
  options.certificate = authority.Issue();
  const RawServer http({[=](RawConnection& connection) {
    while (!connection.ReadRequest().empty()) {
      ++*http_requests;
      connection.Write(HttpReply(200, kAccount));
    }
  }});
  const TlsServer https(options, {AnswerAll});
  Countdown unread(ServerProcess::kSilentRequests);
  const auto keep_waiting = [&](auto& connection) {
    while (!connection.ReadRequest().empty()) unread.Count();
  };
  const RawServer silent_http({keep_waiting});
  const TlsServer silent_https(options, {keep_waiting});
  const RawServer bell({[&](RawConnection& connection) {
    if (connection.ReadRequest().empty()) return;
    unread.Await();
    connection.Write(HttpReply(200, kAccount));
  }});
  std::string text;
  for (const std::string& url : {http.base_url(), https.base_url(), silent_http.base_url(),
                                 silent_https.base_url(), bell.base_url()}) {
    text += url + '\n';
  }
  text += authority.pem();
  // Less than a pipe holds, so it is written at once.
  if (write(report, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return;
  close(report);
  (void)ReadAll(lifeline);
}

}  // namespace

ServerProcess::ServerProcess() : http_requests_(SharedCounter()) {
  const std::array<int, 2> report = Pipe();
  const std::array<int, 2> lifeline = Pipe();
  // NOLINTNEXTLINE(cppcoreguidelines-prefer-member-initializer): the pipes have to be there before.
  process_ = fork();
  if (process_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (process_ == 0) {
    close(report[0]);
    close(lifeline[1]);
    Serve(report[1], lifeline[0], http_requests_);
    _exit(0);  // What the process that forked has to do at its exit is not this one's business.
  }
  close(report[1]);
  close(lifeline[0]);
  lifeline_ = lifeline[1];
  const std::string text = ReadAll(report[0]);
  close(report[0]);
  std::size_t begin = 0;
  for (std::string* url :
       {&http_url_, &https_url_, &silent_http_url_, &silent_https_url_, &bell_url_}) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) throw std::runtime_error("the server did not start");
    *url = text.substr(begin, end - begin);
    begin = end + 1;
  }
  ca_file_ = std::make_unique<TemporaryFile>(std::string_view(text).substr(begin));
}

ServerProcess::~ServerProcess() {
  close(lifeline_);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  munmap(http_requests_, sizeof *http_requests_);
}

}  // namespace service_accounts::tests
