#include "tests/footprint/server_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "tests/support/certificates.h"
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

/// Says where it is, and serves until the lifeline ends.
void Serve(int report, int lifeline) {
  const Authority authority;
  TlsServerOptions options;
  options.certificate = authority.Issue();
  const RawServer http({AnswerAll});
  const TlsServer https(options, {AnswerAll});
  const std::string text = http.base_url() + '\n' + https.base_url() + '\n' + authority.pem();
  // Less than a pipe holds, so it is written at once.
  if (write(report, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return;
  close(report);
  (void)ReadAll(lifeline);
}

}  // namespace

ServerProcess::ServerProcess() {
  const std::array<int, 2> report = Pipe();
  const std::array<int, 2> lifeline = Pipe();
  process_ = fork();
  if (process_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (process_ == 0) {
    close(report[0]);
    close(lifeline[1]);
    Serve(report[1], lifeline[0]);
    _exit(0);  // What the process that forked has to do at its exit is not this one's business.
  }
  close(report[1]);
  close(lifeline[0]);
  lifeline_ = lifeline[1];
  const std::string text = ReadAll(report[0]);
  close(report[0]);
  const std::size_t http_end = text.find('\n');
  const std::size_t https_end = text.find('\n', http_end + 1);
  if (https_end == std::string::npos) throw std::runtime_error("the server did not start");
  http_url_ = text.substr(0, http_end);
  https_url_ = text.substr(http_end + 1, https_end - http_end - 1);
  ca_file_ = std::make_unique<TemporaryFile>(std::string_view(text).substr(https_end + 1));
}

ServerProcess::~ServerProcess() {
  close(lifeline_);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace service_accounts::tests
