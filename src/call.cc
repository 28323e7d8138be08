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

TransferTimes TimesOf(const TransportResult& result) {
  if (const auto* failure = std::get_if<TransportFailure>(&result)) return failure->partial.times;
  return std::get<HttpResponse>(result).times;
}

Error NotSent(ErrorKind kind, std::string message) {
  Error error;
  error.kind = kind;
  error.outcome = RequestOutcome::kNotSent;
  error.message = std::move(message);
  return error;
}

}  // namespace

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
  if (auto refusal = Refuse()) {
    End(*std::move(refusal));
  } else if (!body) {
    End(std::move(body).error());
  } else {
    request_.body = *std::move(body);
  }
}

std::optional<Error> CallState::Refuse() const {
  if (core_.invalid()) return core_.invalid();
  if (options_.timeout) {
    if (auto error = CheckTimeout(*options_.timeout, "timeout")) return error;
  }
  if (auto error = CheckHeaders(options_.headers, "headers")) return error;
  if (options_.retry) {
    if (auto error = CheckRetryPolicy(*options_.retry)) return error;
  }
  return CheckIdempotencyKey(options_.idempotency_key);
}

bool CallState::cancelled() const noexcept {
  return cancelled_ || options_.cancellation.cancelled();
}

/// An attempt that is not made leaves to the call what the attempts before it, if any, came to.
void CallState::End(Error interruption) {
  ended_ = true;
  if (attempts_.empty()) {
    error_ = std::move(interruption);
    return;
  }
  error_.message = interruption.message + "; the attempt before: " + error_.message;
  error_.kind = interruption.kind;
}

bool CallState::NeedsToken() const { return needs_token_ && !ended_ && !cancelled(); }

void CallState::GiveToken(Result<Token> token) {
  needs_token_ = false;
  if (token_rejected_) {
    GiveAnotherToken(std::move(token));
  } else if (token) {
    UseToken(*std::move(token));
  } else {
    End(std::move(token).error());
  }
}

/// In place of the one that was rejected. Without one, the rejection is the call's end.
void CallState::GiveAnotherToken(Result<Token> token) {
  ended_ = true;
  if (!token) {
    error_.message += "; no new token: " + token.error().message;
  } else if (**token != *token_) {
    ended_ = false;
    UseToken(*std::move(token));
    Notify(&Observer::OnRetryScheduled,
           RetryScheduled{observed_, attempt() + 1, std::chrono::nanoseconds(0)});
  }
}

void CallState::UseToken(Token token) {
  if (token_ != nullptr) request_.headers.pop_back();
  token_ = std::move(token);
  request_.headers.push_back({"Authorization", "Bearer " + *token_});
}

TokenContext CallState::token_context() const {
  return {core_.clock(), deadline_, options_.cancellation};
}

bool CallState::BeginAttempt() {
  if (ended_) return false;
  if (cancelled()) {
    End(NotSent(ErrorKind::kCancelled, "the call was cancelled before the request was sent"));
    return false;
  }
  attempt_begun_ = core_.clock().Now();
  if (attempt_begun_ >= deadline_) {
    End(NotSent(ErrorKind::kTimeout, "the time allowed passed before the request was sent"));
    return false;
  }
  AttemptRecord record;
  if (!attempts_.empty()) record.wait_before = attempt_begun_ - attempt_ended_;
  attempts_.push_back(record);
  Notify(&Observer::OnAttemptBegun, AttemptBegun{observed_, attempt()});
  return true;
}

SendContext CallState::context() const {
  return {deadline_, core_.options().connect_timeout, core_.options().max_response_bytes,
          options_.cancellation};
}

std::optional<SteadyTime> CallState::EndAttempt(TransportResult reply) {
  attempt_ended_ = core_.clock().Now();
  AttemptRecord& record = attempts_.back();
  record.times = TimesOf(reply);
  failed_ = !Read(std::move(reply), core_.clock().WallNow());
  BlotOutSecrets();
  record.http_status = metadata_.http_status;
  record.total = attempt_ended_ - attempt_begun_;
  if (failed_) record.outcome = error_.outcome;
  Notify(&Observer::OnAttemptEnded, AttemptEnded{observed_, attempt(), &record, error()});
  ended_ = !failed_;
  if (ended_) return std::nullopt;
  if (WantsAnotherToken()) return attempt_ended_;
  const auto wait =
      WaitBeforeRepeating(retry_, error_, attempt(), deadline_ - attempt_ended_, core_.Random());
  ended_ = !wait;
  if (ended_) return std::nullopt;
  Notify(&Observer::OnRetryScheduled, RetryScheduled{observed_, attempt() + 1, *wait});
  return attempt_ended_ + std::chrono::ceil<SteadyTime::duration>(*wait);
}

void CallState::BlotOutSecrets() {
  const auto blot_out = [this](const std::string& secret) {
    Redact(secret, &metadata_);
    if (failed_) Redact(secret, &error_);
  };
  blot_out(*token_);
  for (const std::string& secret : core_.proxy_secrets()) blot_out(secret);
}

/// A 401 says that nothing was done, and perhaps only that the token has just been replaced.
bool CallState::WantsAnotherToken() {
  if (error_.kind != ErrorKind::kUnauthenticated) return false;
  core_.options().credentials.source()->Reject(token_);
  if (token_rejected_ || attempt() >= retry_.max_attempts) return false;
  token_rejected_ = needs_token_ = true;
  return true;
}

void CallState::Complete() {
  metadata_.elapsed = core_.clock().Now() - begun_;
  if (failed_) {
    // What an earlier attempt may have done is not undone by a later one: the gravest counts.
    for (const AttemptRecord& attempt : attempts_) {
      if (attempt.outcome) error_.outcome = std::max(error_.outcome, *attempt.outcome);
    }
    error_.attempts = attempt();
  }
  Notify(&Observer::OnCallEnded, CallEnded{observed_, attempt(), metadata_.http_status,
                                           metadata_.request_id, metadata_.elapsed, error()});
  metadata_.attempts = std::move(attempts_);
}

void Drive(CallState* call) {
  const ClientCore& core = call->core();
  for (;;) {
    if (call->NeedsToken()) {
      call->GiveToken(core.options().credentials.source()->GetToken(call->token_context()));
    }
    if (!call->BeginAttempt()) return;
    const auto next = call->EndAttempt(core.transport().Send(call->request(), call->context()));
    if (!next) return;
    if (*next > core.clock().Now()) core.clock().WaitUntil(*next, call->context().cancellation);
  }
}

}  // namespace service_accounts::internal
