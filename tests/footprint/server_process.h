// A service in a process of its own, which answers every request with an account, or none at all:
// the process under test shares nothing with it, no thread, no connection, no OpenSSL that was
// initialized before.
#ifndef SERVICE_ACCOUNTS_TESTS_FOOTPRINT_SERVER_PROCESS_H_
#define SERVICE_ACCOUNTS_TESTS_FOOTPRINT_SERVER_PROCESS_H_

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <string>

#include "tests/support/temporary_file.h"

namespace service_accounts::tests {

/// To be made while the process has a single thread. Ends with this object, and with the process
/// that made it, however that ends.
class ServerProcess {
 public:
  ServerProcess();
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  [[nodiscard]] const std::string& http_url() const { return http_url_; }

  /// Requests that were read there.
  [[nodiscard]] int http_requests() const { return *http_requests_; }

  /// Trusted by those who trust `ca_file()`.
  [[nodiscard]] const std::string& https_url() const { return https_url_; }
  /// This many requests to the two of them are read and not answered.
  static constexpr int kSilentRequests = 6;
  [[nodiscard]] const std::string& silent_http_url() const { return silent_http_url_; }
  [[nodiscard]] const std::string& silent_https_url() const { return silent_https_url_; }

  /// Answers as soon as all of those have been read.
  [[nodiscard]] const std::string& bell_url() const { return bell_url_; }

  [[nodiscard]] const std::string& ca_file() const { return ca_file_->path(); }

 private:
  std::atomic<int>* const http_requests_;  // Shared by the two processes.
  pid_t process_ = -1;
  int lifeline_ = -1;  // Closed with this process: the server's reads the end of it.
  std::string http_url_;
  std::string https_url_;
  std::string silent_http_url_;
  std::string silent_https_url_;
  std::string bell_url_;
  std::unique_ptr<TemporaryFile> ca_file_;
};

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_FOOTPRINT_SERVER_PROCESS_H_
