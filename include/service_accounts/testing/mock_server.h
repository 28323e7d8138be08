// The endpoint on loopback, for tests and demonstrations: a real HTTP server that behaves as the
// service is documented to.
//
//   testing::MockServer server;
//   ClientOptions options;
//   options.base_url = server.base_url();
//   options.credentials = BearerToken(server.token());
//   server.Reply(503, {{"Retry-After", "1"}}, "busy");   // the next reply, in place of its own
//
// Link `service_accounts::testing`.
#ifndef SERVICE_ACCOUNTS_TESTING_MOCK_SERVER_H_
#define SERVICE_ACCOUNTS_TESTING_MOCK_SERVER_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <service_accounts/header.h>
#include <service_accounts/http_transport.h>
#include <service_accounts/service_account.h>

namespace service_accounts::testing {

/// Listens on 127.0.0.1, on a free port, from construction to destruction; all calls may come from
/// any thread. Throws `std::runtime_error` when no port can be had.
///
/// `POST /v1/service-accounts` answers
/// - 401 without `Authorization: Bearer <token()>`,
/// - 400 for a body that is not JSON and for each member that is missing, empty or of the wrong
///   type, with its name in `data.field`,
/// - 409 for a name that exists,
/// - 200 with the documented envelope, and an id and times of its own making.
///
/// Another path answers 404, another method 405. Every reply names itself in `requestId`.
class MockServer {
 public:
  MockServer();
  ~MockServer();
  MockServer(const MockServer&) = delete;
  MockServer& operator=(const MockServer&) = delete;

  /// "http://127.0.0.1:<port>"
  [[nodiscard]] std::string base_url() const;

  /// The token that it takes for the right one.
  [[nodiscard]] std::string token() const;

  /// Answers the next request with this, in place of the endpoint's own reply; several calls queue
  /// up. Nothing is created then. `Content-Length` is added unless `headers` frame the body.
  void Reply(int status, std::vector<Header> headers, std::string body);

  /// Holds the answer to the next request back for so long; several calls queue up. It goes with
  /// `Reply`: both apply to the same next request.
  void Delay(std::chrono::milliseconds delay);

  /// The accounts created so far, in order.
  [[nodiscard]] std::vector<ServiceAccount> accounts() const;

  /// The requests read so far, in order, as they were sent. `url` holds the request's target.
  [[nodiscard]] std::vector<HttpRequest> requests() const;

  /// How many connections were accepted so far.
  [[nodiscard]] std::size_t connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace service_accounts::testing

#endif  // SERVICE_ACCOUNTS_TESTING_MOCK_SERVER_H_
