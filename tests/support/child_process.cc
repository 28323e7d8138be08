#include "tests/support/child_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace service_accounts::tests {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kLongestStart{20};
constexpr std::chrono::seconds kLongestEnd{5};
// Other processes cannot be waited for but by looking again.
constexpr std::chrono::milliseconds kBetweenLooks{10};

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

bool IsListening(int port) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  const int result =
      connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  close(connection);
  return result == 0;
}

std::string ContentsOf(const std::string& path) {
  std::ostringstream contents;
  contents << std::ifstream(path).rdbuf();
  return contents.str();
}

/// In the child, where between fork and exec nothing may allocate.
[[noreturn]] void Become(char* const* command, int log, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);  // It was gone before it was said.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, 0);
  dup2(log, 1);
  dup2(log, 2);
  execv(command[0], command);
  _exit(127);
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> command, std::string log_file)
    : log_file_(std::move(log_file)) {
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  const int log = open(log_file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (log < 0) throw std::system_error(errno, std::generic_category(), log_file_);
  const pid_t parent = getpid();
  id_ = fork();
  if (id_ == 0) Become(words.data(), log, parent);
  close(log);
  if (id_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
}

ChildProcess::~ChildProcess() {
  Signal(SIGTERM);
  const auto end = steady_clock::now() + kLongestEnd;
  while (!HasEnded()) {
    if (steady_clock::now() > end) Signal(SIGKILL);
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

void ChildProcess::AwaitListening(int port) {
  const auto end = steady_clock::now() + kLongestStart;
  while (!IsListening(port)) {
    if (HasEnded() || steady_clock::now() > end) {
      throw std::runtime_error("a server did not start: " + ContentsOf(log_file_));
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

void ChildProcess::Signal(int signal) const {
  if (id_ > 0) kill(id_, signal);
}

std::vector<pid_t> ChildProcess::children() const {
  const std::string id = std::to_string(id_);
  std::istringstream ids(ContentsOf("/proc/" + id + "/task/" + id + "/children"));
  std::vector<pid_t> children;
  for (pid_t child = 0; ids >> child;) children.push_back(child);
  return children;
}

bool ChildProcess::HasEnded() {
  if (id_ > 0 && waitpid(id_, nullptr, WNOHANG) == id_) id_ = -1;
  return id_ < 0;
}

std::vector<int> FreePorts(std::size_t count) {
  std::vector<int> sockets;
  std::vector<int> ports;
  for (std::size_t i = 0; i < count; ++i) {
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof address;
    sockets.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (bind(sockets.back(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        getsockname(sockets.back(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::system_error(errno, std::generic_category(), "no free port");
    }
    ports.push_back(ntohs(address.sin_port));
  }
  // All were open at the same time, so that they differ.
  for (const int one : sockets) close(one);
  return ports;
}

std::string Environment(const char* name, const char* words) {
  const char* const value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set: " + words);
  return value;
}

}  // namespace service_accounts::tests
