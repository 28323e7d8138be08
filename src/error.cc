#include <service_accounts/error.h>

#include <ostream>

#include "text.h"

namespace service_accounts::v0 {
namespace {

constexpr std::size_t kLongestMessage = 1000;
constexpr std::size_t kLongestId = 200;

std::string_view Advice(RequestOutcome outcome) {
  switch (outcome) {
    case RequestOutcome::kNotSent: return "not sent";
    case RequestOutcome::kRejected: return "rejected";
    case RequestOutcome::kUnknown:
      return "outcome unknown: it may have been created, look before repeating";
    case RequestOutcome::kAccepted: return "accepted: it was created, look it up";
  }
  return "outcome unknown";
}

void AppendPart(std::string* line, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  line->append("; ").append(name).append(" ").append(internal::OneLine(text, kLongestId));
}

}  // namespace

std::string_view ToString(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::kInvalidArgument: return "invalid argument";
    case ErrorKind::kBadRequest: return "bad request";
    case ErrorKind::kUnauthenticated: return "unauthenticated";
    case ErrorKind::kPermissionDenied: return "permission denied";
    case ErrorKind::kNotFound: return "not found";
    case ErrorKind::kConflict: return "conflict";
    case ErrorKind::kRateLimited: return "rate limited";
    case ErrorKind::kServerError: return "server error";
    case ErrorKind::kUnexpectedStatus: return "unexpected status";
    case ErrorKind::kConnection: return "connection";
    case ErrorKind::kTls: return "TLS";
    case ErrorKind::kTimeout: return "timeout";
    case ErrorKind::kCancelled: return "cancelled";
    case ErrorKind::kMalformedResponse: return "malformed response";
    case ErrorKind::kResponseTooLarge: return "response too large";
  }
  return "unknown error";
}

std::string_view ToString(RequestOutcome outcome) noexcept {
  switch (outcome) {
    case RequestOutcome::kNotSent: return "not sent";
    case RequestOutcome::kRejected: return "rejected";
    case RequestOutcome::kUnknown: return "unknown";
    case RequestOutcome::kAccepted: return "accepted";
  }
  return "unknown";
}

std::string Error::ToString() const {
  std::string line(service_accounts::ToString(kind));
  line.append(": ").append(internal::OneLine(message, kLongestMessage));
  line.append(" [").append(Advice(outcome));
  if (http_status != 0) AppendPart(&line, "HTTP", std::to_string(http_status));
  AppendPart(&line, "code", code);
  AppendPart(&line, "request", request_id);
  if (retry_after)
    line.append("; retry after ").append(std::to_string(retry_after->count())).append(" ms");
  if (attempts > 1) AppendPart(&line, "attempts", std::to_string(attempts));
  return line + "]";
}

std::ostream& operator<<(std::ostream& out, const Error& error) { return out << error.ToString(); }

std::ostream& operator<<(std::ostream& out, ErrorKind kind) { return out << ToString(kind); }

std::ostream& operator<<(std::ostream& out, RequestOutcome outcome) {
  return out << ToString(outcome);
}

}  // namespace service_accounts::v0
