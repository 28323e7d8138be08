// Other people's servers, run by a test: a process that ends with it, and ports to listen on.
//
//   const int port = FreePorts(1).front();
//   ChildProcess nginx({"/usr/sbin/nginx", "-c", file}, "nginx.log");
//   nginx.AwaitListening(port);
//   nginx.Signal(SIGHUP);
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_CHILD_PROCESS_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_CHILD_PROCESS_H_

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace service_accounts::tests {

/// Runs from construction to destruction, and never longer than the test does, however that ends:
/// the system sends it SIGTERM then.
class ChildProcess {
 public:
  /// The command's first word is a path; what it prints goes into the file. Throws
  /// `std::system_error` when there can be no process. A command that is not there ends with 127.
  ChildProcess(std::vector<std::string> command, std::string log_file);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Returns as soon as something listens there. Throws `std::runtime_error`, with what the process
  /// printed, when it ends before or takes longer than 20 seconds.
  void AwaitListening(int port);

  void Signal(int signal) const;

  /// Of the processes that it started itself, in no order.
  [[nodiscard]] std::vector<pid_t> children() const;

 private:
  [[nodiscard]] bool HasEnded();

  std::string log_file_;
  pid_t id_ = -1;
};

/// On 127.0.0.1, all different. Nobody keeps them free: they are to be taken soon.
[[nodiscard]] std::vector<int> FreePorts(std::size_t count);

/// What an environment variable says. Throws `std::runtime_error` with these words if nothing.
[[nodiscard]] std::string Environment(const char* name, const char* words);

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_CHILD_PROCESS_H_
