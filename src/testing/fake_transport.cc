// The transport without a network. One lock around the script and the record of it: a client may
// send from many threads.
#include <service_accounts/testing/fake_transport.h>

#include <utility>

namespace service_accounts::testing {

void FakeTransport::Reply(int status, std::string body, HeaderList headers) {
  HttpResponse reply;
  reply.status = status;
  reply.http_version = "HTTP/1.1";
  reply.headers = std::move(headers);
  reply.body = std::move(body);
  Answer(std::move(reply));
}

void FakeTransport::Fail(ErrorKind kind, RequestOutcome outcome, std::string message) {
  if (message.empty()) message = "scripted failure";
  Answer(TransportFailure{kind, outcome, std::move(message), {}});
}

void FakeTransport::Answer(TransportResult answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  answers_.push_back(std::move(answer));
}

TransportResult FakeTransport::Send(const HttpRequest& request, const SendContext& /*context*/) {
  const std::lock_guard<std::mutex> lock(mutex_);
  requests_.push_back(request);
  if (answers_.empty()) {
    return TransportFailure{ErrorKind::kConnection,
                            RequestOutcome::kNotSent,
                            "FakeTransport has no answer left: script one with Reply() or Fail() "
                            "for each request",
                            {}};
  }
  TransportResult answer = std::move(answers_.front());
  answers_.pop_front();
  return answer;
}

}  // namespace service_accounts::testing
