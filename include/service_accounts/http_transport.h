// The one seam below the client: another HTTP stack, or a fake in tests.
//
//   class MyTransport final : public HttpTransport {
//     TransportResult Send(const HttpRequest& request, const SendContext& context) override {
//       HttpResponse reply;
//       reply.status = MyHttpStack::Post(request.url, request.body, &reply.body);
//       return reply;
//     }
//   };
//   options.transport = std::make_shared<MyTransport>();
#ifndef SERVICE_ACCOUNTS_HTTP_TRANSPORT_H_
#define SERVICE_ACCOUNTS_HTTP_TRANSPORT_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include <service_accounts/attempt_record.h>
#include <service_accounts/cancellation.h>
#include <service_accounts/error.h>
#include <service_accounts/export.h>
#include <service_accounts/header.h>

namespace service_accounts {
inline namespace v0 {

/// One request, ready to be sent: every member has been checked. `headers` holds the token.
struct HttpRequest {
  std::string method;           ///< "POST"
  std::string url;              ///< Whole, e.g. "https://accounts.example.com/v1/service-accounts".
  std::vector<Header> headers;  ///< All that are to be sent, but those that frame the message.
  std::string body;             ///< JSON in UTF-8.
};

/// The bounds that a transport has to keep to while it sends.
struct SendContext {
  std::chrono::steady_clock::time_point deadline;  ///< `Send` returns by then.
  std::chrono::milliseconds connect_timeout{};     ///< For lookup, connect and handshake.
  std::size_t max_response_bytes = 0;              ///< A longer body is a failure.
  CancellationToken cancellation;                  ///< `Send` returns at once when it is cancelled.
};

/// A reply, whatever its status.
struct HttpResponse {
  int status = 0;            ///< 0 only in `TransportFailure::partial`: no status arrived.
  std::string http_version;  ///< As in the status line, e.g. "HTTP/1.1".
  HeaderList headers;        ///< As received, in order.
  std::string body;          ///< Without its framing; in `partial` as far as it came.
  TransferTimes times;       ///< If the transport measures them.
};

/// No whole reply came back: why, and what there is of it.
struct TransportFailure {
  /// `kConnection`, `kTls`, `kTimeout`, `kCancelled` or `kResponseTooLarge`.
  ErrorKind kind = ErrorKind::kConnection;

  /// `kNotSent` only if it is certain that no byte of the request was written; otherwise
  /// `kUnknown`. What follows from a status in `partial` is not the transport's business.
  RequestOutcome outcome = RequestOutcome::kUnknown;

  std::string message;   ///< The cause in words.
  HttpResponse partial;  ///< What arrived before the failure.
};

/// Any reply is a success here, a failure is the lack of one.
using TransportResult = std::variant<HttpResponse, TransportFailure>;

/// Sends one request and waits for its reply. Implementations send at most once: they neither
/// repeat a request nor follow a redirect. They are called from many threads at once.
class SERVICE_ACCOUNTS_EXPORT HttpTransport {
 public:
  HttpTransport() = default;
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;
  virtual ~HttpTransport();

  /// Returns the reply whatever its status is, or what kept it from coming, within the bounds of
  /// `context`. An exception counts as a lost connection, `RequestOutcome::kUnknown`.
  [[nodiscard]] virtual TransportResult Send(const HttpRequest& request,
                                             const SendContext& context) = 0;

  /// The same for asynchronous and bulk calls, without waiting: `done` has to be called once with
  /// what came of it, from any thread, also before this returns; at once when it is cancelled, as a
  /// client's end waits for it. `request` and `context` stay as they are until then.
  ///
  /// This one calls `Send`: a transport that leaves it at that serves such calls one after another.
  virtual void SendAsync(const HttpRequest& request, const SendContext& context,
                         std::function<void(TransportResult)> done);
};

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_HTTP_TRANSPORT_H_
