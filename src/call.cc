#include "call.h"

#include <algorithm>
#include <variant>

#include "deadline.h"
#include "invalid_argument.h"
#include "redaction.h"
#include "request_headers.h"
#include "retry_decision.h"

namespace service_accounts::internal {
namespace {

constexpr std::size_t kLongestIdempotencyKey = 255;
constexpr const char* kIdempotencyKey = "Idempotency-Key";

std::optional<Error> CheckIdempotencyKey(const std::string& key) {
  if (key.size() > kLongestIdempotencyKey) {
    return InvalidArgument("idempotency_key: is longer than 255 characters");
  }
  if (!IsPrintable(key)) {
    return InvalidArgument("idempotency_key: holds a character that is not printable ASCII");
  }
  return std::nullopt;
}

Error NotSent(ErrorKind kind, std::string message) {
  Error error;
  error.kind = kind;
  error.outcome = RequestOutcome::kNotSent;
  error.message = std::move(message);
  return error;
}

}  // namespace

TransferTimes TimesOf(const TransportResult& result) {
  if (const auto* failure = std::get_if<TransportFailure>(&result)) return failure->partial.times;
  return std::get<HttpResponse>(result).times;
}

CallState::CallState(const ClientCore& core, const char* operation, const char* method,
                     const char* path, const CallOptions& options)
    : core_(core),
      options_(options),
      retry_(options.retry ? *options.retry : core.options().retry),
      begun_(core.clock().Now()),
      deadline_(DeadlineAfter(begun_, options.timeout.value_or(core.options().timeout))),
      attempt_ended_(begun_) {
  request_.method = method;
  request_.url = core.base_url() + path;
  request_.headers = MergeHeaders(core.headers(), options.headers);
  if (!options.idempotency_key.empty()) {
    request_.headers =
        MergeHeaders(std::move(request_.headers), {{kIdempotencyKey, options.idempotency_key}});
  }
  observed_ = {core.CountCall(), operation, request_.method, request_.url};
}

void CallState::SetBody(Result<std::string> body) {
  if (body) {
    request_.body = *std::move(body);
  } else {
    bad_body_ = std::move(body).error();
  }
}

/// What an observer does to itself must not reach the call.
template <class Event>
void CallState::Notify(void (Observer::*function)(const Event&), const Event& event) const {
  if (core_.options().observer == nullptr) return;
  try {
    (core_.options().observer.get()->*function)(event);
  } catch (...) {
    // There is nobody to tell.
  }
}

std::optional<Error> CallState::Refuse() const {
  if (core_.invalid()) return core_.invalid();
  if (bad_body_) return bad_body_;
  if (options_.timeout) {
    if (auto error = CheckTimeout(*options_.timeout, "timeout")) return error;
  }
  if (auto error = CheckHeaders(options_.headers, "headers")) return error;
  if (options_.retry) {
    if (auto error = CheckRetryPolicy(*options_.retry)) return error;
  }
  return CheckIdempotencyKey(options_.idempotency_key);
}

std::optional<Error> CallState::BeginAttempt() {
  if (attempts_.empty()) {
    if (auto error = Refuse()) return error;
  }
  if (auto error = Cancelled()) return error;
  if (auto error = EnsureToken()) return error;
  // Once more: to fetch a token may have taken a while.
  if (auto error = Cancelled()) return error;
  attempt_begun_ = core_.clock().Now();
  if (attempt_begun_ >= deadline_) {
    return NotSent(ErrorKind::kTimeout, "the time allowed passed before the request was sent");
  }
  AttemptRecord record;
  if (!attempts_.empty()) record.wait_before = attempt_begun_ - attempt_ended_;
  attempts_.push_back(record);
  Notify(&Observer::OnAttemptBegun, AttemptBegun{observed_, attempt()});
  return std::nullopt;
}

std::optional<Error> CallState::Cancelled() const {
  if (!options_.cancellation.cancelled()) return std::nullopt;
  return NotSent(ErrorKind::kCancelled, "the call was cancelled before the request was sent");
}

SendContext CallState::context() const {
  return {deadline_, core_.options().connect_timeout, core_.options().max_response_bytes,
          options_.cancellation};
}

std::optional<SteadyTime> CallState::EndAttempt(Error* error, ResponseMetadata* metadata,
                                                const TransferTimes& times) {
  attempt_ended_ = core_.clock().Now();
  Redact(*token_, metadata);
  for (const std::string& secret : core_.proxy_secrets()) Redact(secret, metadata);
  AttemptRecord& record = attempts_.back();
  record.http_status = metadata->http_status;
  record.times = times;
  record.total = attempt_ended_ - attempt_begun_;
  if (error != nullptr) {
    Redact(*token_, error);
    for (const std::string& secret : core_.proxy_secrets()) Redact(secret, error);
    record.outcome = error->outcome;
  }
  Notify(&Observer::OnAttemptEnded, AttemptEnded{observed_, attempt(), &record, error});
  if (error == nullptr) return std::nullopt;
  const auto wait = WaitBeforeNext(error);
  if (!wait) return std::nullopt;
  Notify(&Observer::OnRetryScheduled, RetryScheduled{observed_, attempt() + 1, *wait});
  return attempt_ended_ + std::chrono::ceil<SteadyTime::duration>(*wait);
}

std::optional<std::chrono::nanoseconds> CallState::WaitBeforeNext(Error* error) {
  if (ReplaceToken(error)) return std::chrono::nanoseconds(0);
  return WaitBeforeRepeating(retry_, *error, attempt(), deadline_ - attempt_ended_, core_.Random());
}

void CallState::Interrupt(Error interruption, Error* error) const {
  if (attempts_.empty()) {
    *error = std::move(interruption);
    return;
  }
  error->message = interruption.message + "; the attempt before: " + error->message;
  error->kind = interruption.kind;
}

void CallState::Complete(Error* error, ResponseMetadata* metadata) {
  metadata->elapsed = core_.clock().Now() - begun_;
  if (error != nullptr) {
    // What an earlier attempt may have done is not undone by a later one: the gravest counts.
    for (const AttemptRecord& attempt : attempts_) {
      if (attempt.outcome) error->outcome = std::max(error->outcome, *attempt.outcome);
    }
    error->attempts = attempt();
  }
  Notify(&Observer::OnCallEnded, CallEnded{observed_, attempt(), metadata->http_status,
                                           metadata->request_id, metadata->elapsed, error});
  metadata->attempts = std::move(attempts_);
}

std::optional<Error> CallState::EnsureToken() {
  if (token_ != nullptr) return std::nullopt;
  auto token = core_.options().credentials.source()->GetToken(token_context());
  if (!token) return std::move(token).error();
  SetToken(*std::move(token));
  return std::nullopt;
}

/// A 401 says that nothing was done, and perhaps only that the token has just been replaced.
bool CallState::ReplaceToken(Error* error) {
  if (error->kind != ErrorKind::kUnauthenticated) return false;
  const TokenSource& source = *core_.options().credentials.source();
  source.Reject(token_);
  if (token_replaced_ || attempt() >= retry_.max_attempts) return false;
  token_replaced_ = true;
  auto token = source.ReplaceToken(token_, token_context());
  if (!token) {
    error->message += "; no new token: " + token.error().message;
    return false;
  }
  if (**token == *token_) return false;
  SetToken(*std::move(token));
  return true;
}

TokenContext CallState::token_context() const {
  return {core_.clock(), deadline_, options_.cancellation};
}

void CallState::SetToken(Token token) {
  if (token_ != nullptr) request_.headers.pop_back();
  token_ = std::move(token);
  request_.headers.push_back({"Authorization", "Bearer " + *token_});
}

}  // namespace service_accounts::internal
