#include "response_mapping.h"

#include <algorithm>
#include <charconv>

#include "retry_after.h"
#include "scanner.h"
#include "text.h"

namespace service_accounts::v0::internal {
namespace {

constexpr std::size_t kLongestErrorBody = 64 * 1024;
constexpr std::size_t kLongestPlainMessage = 500;

bool IsSuccess(int status) { return status >= 200 && status <= 299; }

/// What a status says when the service itself says nothing, and what to do about it.
std::string WordsFor(ErrorKind kind, int status) {
  switch (kind) {
    case ErrorKind::kBadRequest:
      return "the service found the request wrong without saying why: check its members";
    case ErrorKind::kUnauthenticated:
      return "the service did not accept the token: it is wrong or expired, get a new one";
    case ErrorKind::kPermissionDenied:
      return "the token may not create service accounts: use one with that permission";
    case ErrorKind::kNotFound:
      return "the service knows no such path or organization: check base_url and the token's "
             "organization";
    case ErrorKind::kConflict:
      return "an account of that name exists, perhaps by an earlier call of your own: look it up";
    case ErrorKind::kRateLimited: return "the service asks for fewer requests: wait, then repeat";
    case ErrorKind::kMalformedResponse:
      return "the service answered with a success that says it failed: look for the account before "
             "repeating";
    case ErrorKind::kServerError:
      return "the service failed with status " + std::to_string(status) +
             ": look for the account before repeating";
    default: break;
  }
  if (status >= 300 && status <= 399) {
    return "the service answered with a redirect (" + std::to_string(status) +
           "), which is not followed: check base_url";
  }
  return "the service answered with status " + std::to_string(status) + ", which is not documented";
}

bool IsPlainText(std::string_view text) {
  constexpr std::string_view kMarkup = "<{[\"";
  return !text.empty() && text.size() <= kLongestPlainMessage &&
         kMarkup.find(text.front()) == std::string_view::npos && IsUtf8(text) &&
         std::none_of(text.begin(), text.end(), [](char c) {
           return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') ||
                  c == '\x7F';
         });
}

/// The best message that can be made of an error's reply; never empty.
std::string MessageFrom(const ErrorBody& error, std::string_view body, ErrorKind kind, int status) {
  if (!TrimSpace(error.message).empty()) return error.message;
  const std::string_view text = TrimSpace(body);
  if (!error.is_json && IsPlainText(text)) return std::string(text);
  std::string words = WordsFor(kind, status);
  if (!text.empty() && text.front() == '<') {
    words += " (the reply is a web page, as a proxy before the service sends)";
  }
  return words;
}

std::int64_t ToInteger(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

std::string RequestIdFrom(std::string from_body, const HeaderList& headers) {
  if (!from_body.empty()) return from_body;
  return std::string(headers.find("X-Request-Id").value_or(""));
}

/// What an error's reply says, judged as given. `status` is the one that it was judged by.
Described DescribeAs(Judgement judgement, int status, ErrorBody body, HttpResponse reply,
                     WallTime now) {
  Described described;
  Error& error = described.error;
  error.kind = judgement.kind;
  error.outcome = judgement.outcome;
  error.http_status = reply.status;
  error.message = MessageFrom(body, reply.body, judgement.kind, status);
  error.request_id = RequestIdFrom(body.request_id, reply.headers);
  error.body = reply.body.substr(0, kLongestErrorBody);
  error.retry_after = RetryAfter(reply.headers, now);
  Envelope envelope = {ToInteger(body.code), body.message, body.request_id};
  SetMetadata(&reply, &envelope, &described.metadata);
  error.code = std::move(body.code);
  error.details = std::move(body.details);
  return described;
}

Described DescribeAccepted(HttpResponse reply, ErrorKind kind, const std::string& cause,
                           Envelope envelope) {
  Described described;
  Error& error = described.error;
  error.kind = kind;
  error.outcome = RequestOutcome::kAccepted;
  error.http_status = reply.status;
  error.message = "the service answered " + std::to_string(reply.status) +
                  ", so the account was created, but the reply cannot be read: " + cause;
  error.request_id = RequestIdFrom(envelope.request_id, reply.headers);
  error.body = reply.body.substr(0, kLongestErrorBody);
  SetMetadata(&reply, &envelope, &described.metadata);
  return described;
}

}  // namespace

Judgement JudgeStatus(int status) noexcept {
  using Kind = ErrorKind;
  using Outcome = RequestOutcome;
  switch (status) {
    case 400: return {Kind::kBadRequest, Outcome::kRejected};
    case 401: return {Kind::kUnauthenticated, Outcome::kRejected};
    case 403: return {Kind::kPermissionDenied, Outcome::kRejected};
    case 404: return {Kind::kNotFound, Outcome::kRejected};
    case 409: return {Kind::kConflict, Outcome::kRejected};
    case 429: return {Kind::kRateLimited, Outcome::kRejected};
    case 408: return {Kind::kUnexpectedStatus, Outcome::kUnknown};
    case 301:
    case 302:
    case 307:
    case 308: return {Kind::kUnexpectedStatus, Outcome::kRejected};
    default: break;
  }
  if (status >= 400 && status <= 499) return {Kind::kUnexpectedStatus, Outcome::kRejected};
  if (status >= 500 && status <= 599) return {Kind::kServerError, Outcome::kUnknown};
  return {Kind::kUnexpectedStatus, Outcome::kUnknown};
}

void SetMetadata(HttpResponse* reply, Envelope* envelope, ResponseMetadata* metadata) {
  metadata->http_status = reply->status;
  metadata->request_id = RequestIdFrom(std::move(envelope->request_id), reply->headers);
  metadata->message = std::move(envelope->message);
  metadata->http_version = std::move(reply->http_version);
  metadata->body = std::move(reply->body);
  metadata->code = envelope->code;
  metadata->headers = std::move(reply->headers);
}

Described DescribeErrorReply(HttpResponse reply, WallTime now) {
  ErrorBody body = ReadErrorBody(reply.body);
  const int status = reply.status;
  return DescribeAs(JudgeStatus(status), status, std::move(body), std::move(reply), now);
}

Described DescribeFailure(TransportFailure failure, WallTime now) {
  const std::string cause =
      failure.message.empty() ? std::string(ToString(failure.kind)) : std::move(failure.message);
  const bool sent = failure.outcome != RequestOutcome::kNotSent;
  if (sent && IsSuccess(failure.partial.status)) {
    return DescribeAccepted(std::move(failure.partial), failure.kind, cause, Envelope());
  }
  if (sent && failure.partial.status >= 200) {
    return DescribeErrorReply(std::move(failure.partial), now);
  }
  // An interim status (1xx) says nothing of the outcome, so it is none.
  Described described;
  described.error.kind = failure.kind;
  described.error.outcome = failure.outcome;
  described.error.message = cause;
  return described;
}

Described DescribeUnreadable(HttpResponse reply, const Envelope& envelope, std::string_view problem,
                             bool lacks_value) {
  if (lacks_value) {
    ErrorBody body = ReadErrorBody(reply.body);
    const std::int64_t number = ToInteger(body.code);
    const bool denied = number >= 400 && number <= 599;
    const int code = denied ? static_cast<int>(number) : 0;
    if (denied || body.says_failure) {
      const Judgement unclear = {ErrorKind::kMalformedResponse, RequestOutcome::kUnknown};
      return DescribeAs(denied ? JudgeStatus(code) : unclear, code, std::move(body),
                        std::move(reply), {});
    }
  }
  const std::string cause(TrimSpace(reply.body).empty() ? "it is empty" : problem);
  return DescribeAccepted(std::move(reply), ErrorKind::kMalformedResponse, cause, envelope);
}

}  // namespace service_accounts::v0::internal
