// A transport without a network, for tests of code that uses the client.
//
//   auto fake = std::make_shared<testing::FakeTransport>();
//   fake->Reply(200, R"({"code": 200, "data": {"id": "sa_1"}, "message": "success"})");
//   fake->Fail(ErrorKind::kTimeout, RequestOutcome::kUnknown);
//   options.transport = fake;
//
// Link `service_accounts::testing`.
#ifndef SERVICE_ACCOUNTS_TESTING_FAKE_TRANSPORT_H_
#define SERVICE_ACCOUNTS_TESTING_FAKE_TRANSPORT_H_

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include <service_accounts/http_transport.h>

/// For the tests of code that uses the client: a transport without a network, and the endpoint on
/// loopback. Linked as `service_accounts::testing`.
namespace service_accounts::testing {

/// Answers each request with the next scripted reply or failure, at once, and records what it was
/// sent. A request beyond the script fails with `ErrorKind::kConnection`, not sent, saying so. All
/// but `requests` may be called from any thread; answers are given in the order of the requests.
class FakeTransport final : public HttpTransport {
 public:
  /// The next answer is this reply. `body` is sent as it is.
  void Reply(int status, std::string body, HeaderList headers = {});

  /// The next answer is this failure; an empty message becomes "scripted failure".
  void Fail(ErrorKind kind, RequestOutcome outcome, std::string message = {});

  /// The next answer, of any shape.
  void Answer(TransportResult answer);

  /// What was sent, in order, token and all. Read it while no call is under way.
  [[nodiscard]] const std::vector<HttpRequest>& requests() const noexcept { return requests_; }

  /// Takes the next answer; deadline and cancellation are not looked at.
  [[nodiscard]] TransportResult Send(const HttpRequest& request,
                                     const SendContext& context) override;

 private:
  std::mutex mutex_;
  std::deque<TransportResult> answers_;
  std::vector<HttpRequest> requests_;
};

}  // namespace service_accounts::testing

#endif  // SERVICE_ACCOUNTS_TESTING_FAKE_TRANSPORT_H_
