// A transport that shows requests instead of sending them: exactly those that the client would
// send, since it is the client that makes them.
//
//   options.transport = std::make_shared<RequestPrinter>(std::cout);
//   ServiceAccountsClient(options).CreateServiceAccount(request);   // printed, and not sent
#ifndef SERVICE_ACCOUNTS_EXAMPLES_REQUEST_PRINTER_H_
#define SERVICE_ACCOUNTS_EXAMPLES_REQUEST_PRINTER_H_

#include <service_accounts/http_transport.h>

#include <ostream>
#include <string>
#include <utility>

/// One call at a time. Each line begins with the prefix; the token is blotted out.
class RequestPrinter final : public service_accounts::HttpTransport {
 public:
  explicit RequestPrinter(std::ostream& out, std::string prefix = "")
      : out_(out), prefix_(std::move(prefix)) {}

  [[nodiscard]] service_accounts::TransportResult Send(
      const service_accounts::HttpRequest& request,
      const service_accounts::SendContext& /*context*/) override {
    out_ << prefix_ << request.method << ' ' << request.url << '\n';
    for (const service_accounts::Header& header : request.headers) {
      const bool secret = header.name == "Authorization";
      out_ << prefix_ << header.name << ": " << (secret ? "Bearer [redacted]" : header.value)
           << '\n';
    }
    out_ << prefix_ << '\n' << prefix_ << request.body << '\n';
    return service_accounts::TransportFailure{service_accounts::ErrorKind::kConnection,
                                              service_accounts::RequestOutcome::kNotSent,
                                              "printed, and not sent",
                                              {}};
  }

 private:
  std::ostream& out_;
  std::string prefix_;
};

#endif  // SERVICE_ACCOUNTS_EXAMPLES_REQUEST_PRINTER_H_
