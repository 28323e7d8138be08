// Servers that are none of ours, on loopback, each with a configuration of its own: nginx before
// the mock server, and Tinyproxy on the way there. What they write is in the folder that
// ./scripts/real-servers names.
#ifndef SERVICE_ACCOUNTS_TESTS_REAL_SERVERS_H_
#define SERVICE_ACCOUNTS_TESTS_REAL_SERVERS_H_

#include <service_accounts/service_accounts.h>
#include <service_accounts/testing/mock_server.h>
#include <sys/types.h>

#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temporary_file.h"

namespace service_accounts::tests {

/// A reverse proxy with two workers. What it does to a request, its path says: a base URL is one of
/// those below with one of these behind it.
///
///   ""         hands it on
///   /once      ... and closes the connection behind the reply (HTTP/1.1)
///   /thrice    ... and closes it behind the third reply (HTTP/1.1)
///   /limited   ... or answers 429 beyond a hundred a second
///   /small     refuses a body of more than 1 KiB
///   /impatient waits a tenth of a second for the service
///   /down      has a service that is not there
class Nginx {
 public:
  explicit Nginx(const std::string& service_url);

  [[nodiscard]] std::string plain() const { return Url("http", 0); }
  [[nodiscard]] std::string tls() const { return Url("https", 1); }      ///< HTTP/1.1 only.
  [[nodiscard]] std::string http2() const { return Url("https", 2); }    ///< And HTTP/2.
  [[nodiscard]] std::string members() const { return Url("https", 3); }  ///< Asks for certificates.
  [[nodiscard]] std::string fickle() const { return Url("https", 4); }   ///< HTTP/2, but briefly.
  [[nodiscard]] std::string nowhere() const { return Url("https", 5); }  ///< Nobody listens there.

  /// New workers take over; the old ones close what is idle, and end when they have answered.
  void Reload() const { process_.Signal(SIGHUP); }

  /// The same, and returns when only new ones are there.
  void ReloadAndWait() const;

  /// In the middle of whatever they do; there are new ones when it returns.
  void KillWorkers() const;

 private:
  void AwaitReplaced(const std::vector<pid_t>& workers) const;
  [[nodiscard]] std::string Url(const char* scheme, std::size_t port) const;
  [[nodiscard]] std::string Configuration(const std::string& service_url) const;

  std::vector<int> ports_;
  TemporaryFile identity_;
  ChildProcess process_;
};

/// A forward proxy that lets nobody through but with "user" and "secret-password".
class Tinyproxy {
 public:
  Tinyproxy();

  [[nodiscard]] std::string url(const std::string& password = "secret-password") const {
    return "http://user:" + password + "@127.0.0.1:" + std::to_string(port_);
  }

 private:
  int port_;
  ChildProcess process_;
};

/// One way to the service.
struct Route {
  const char* name;
  ClientOptions options;  ///< Of a client that tries once.
  const char* http_version;
  /// Tinyproxy closes a plain connection behind the reply, and does not say so before: the next
  /// request may meet its end, and nobody knows then what came of it.
  bool keeps_connections;
};

/// The mock server, and all ways to it.
class RealServers {
 public:
  [[nodiscard]] testing::MockServer& mock() { return mock_; }
  [[nodiscard]] Nginx& nginx() { return nginx_; }
  [[nodiscard]] const Tinyproxy& proxy() const { return proxy_; }

  [[nodiscard]] std::vector<Route> routes() const;

  /// Those on which a second call with the same client is as good as the first.
  [[nodiscard]] std::vector<Route> lasting_routes() const;

  /// Of a client that trusts the nginx, and tries once.
  [[nodiscard]] ClientOptions Options(const std::string& base_url) const;

 private:
  testing::MockServer mock_;
  Nginx nginx_{mock_.base_url()};
  Tinyproxy proxy_;
};

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_REAL_SERVERS_H_
