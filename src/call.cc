#include "call.h"

#include <algorithm>
#include <variant>

#include "deadline.h"
#include "invalid_argument.h"
#include "redaction.h"
#include "request_headers.h"
#include "retry_decision.h"
#include "transport_loop.h"

namespace service_accounts::v0::internal {
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

}  // namespace

CallState::CallState(const ClientCore& core, const char* operation, const char* method,
                     const char* path, const CallOptions& options)
    : core_(core),
      options_(options),
      retry_(options.retry ? *options.retry : core.options().retry),
      begun_(core.clock().Now()),
      deadline_(DeadlineAfter(begun_, options.timeout.value_or(core.options().timeout))),
      attempt_ended_(begun_) {
  if (!HasOwnHeaders()) prepared_ = core.spare_requests().Take(path);
  if (prepared_ == nullptr) Prepare(method, path);
  body()->clear();
  observed_ = {core.CountCall(), operation, request().method, request().url};
}

CallState::~CallState() {
  if (!HasOwnHeaders()) core_.spare_requests().Return(std::move(prepared_));
}

void CallState::Prepare(const char* method, const char* path) {
  prepared_ = std::make_unique<PreparedRequest>();
  prepared_->path = path;
  HttpRequest& request = prepared_->request;
  request.method = method;
  request.url = core_.base_url() + path;
  request.headers = MergeHeaders(core_.headers(), options_.headers);
  if (options_.idempotency_key.empty()) return;
  request.headers =
      MergeHeaders(std::move(request.headers), {{kIdempotencyKey, options_.idempotency_key}});
}

void CallState::Check(std::optional<Error> bad_body) {
  if (auto refusal = Refuse()) {
    End(*std::move(refusal));
  } else if (bad_body) {
    End(*std::move(bad_body));
  }
}

/// Of this call alone.
bool CallState::HasOwnHeaders() const {
  return !options_.headers.empty() || !options_.idempotency_key.empty();
}

std::optional<Error> CallState::Refuse() const {
  if (core_.invalid()) return core_.invalid();
  if (options_.timeout) {
    if (auto error = CheckTimeout(*options_.timeout, "timeout")) return error;
  }
  if (!options_.headers.empty()) {
    if (auto error = CheckHeaders(options_.headers, "headers")) return error;
  }
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
    result_.emplace().error = std::move(interruption);
    return;
  }
  result_->error.message = interruption.message + "; the attempt before: " + result_->error.message;
  result_->error.kind = interruption.kind;
}

void CallState::BreakOff(std::string what) noexcept {
  // Nothing here takes memory, as there may be none.
  ended_ = failed_ = true;
  Error& error = result_.emplace().error;
  error.kind = ErrorKind::kConnection;
  error.message = std::move(what);
  if (!attempts_.empty()) attempts_.back().outcome = RequestOutcome::kUnknown;
}

bool CallState::NeedsToken() const { return needs_token_ && !ended_ && !cancelled(); }

/// Without another one in place of one that was rejected, the rejection is the call's end.
void CallState::GiveToken(Result<Token> token) {
  if (token) return UseToken(*std::move(token));
  if (token_rejected_) {
    ended_ = true;
    result_->error.message += "; no new token: " + token.error().message;
  } else {
    End(std::move(token).error());
  }
}

void CallState::UseToken(Token token) {
  needs_token_ = false;
  const bool same = prepared_->token != nullptr && *prepared_->token == *token;
  if (token_rejected_) {
    ended_ = same;
    if (ended_) return;
    Notify(&Observer::OnRetryScheduled,
           RetryScheduled{observed_, attempt() + 1, std::chrono::nanoseconds(0)});
  }
  if (same) return;
  std::vector<Header>& headers = prepared_->request.headers;
  if (prepared_->token != nullptr) headers.pop_back();
  headers.push_back({"Authorization", "Bearer " + *token});
  prepared_->token = std::move(token);
}

TokenContext CallState::token_context() const {
  return {core_.clock(), deadline_, options_.cancellation};
}

Error CallState::Interruption(ErrorKind kind, const std::string& what) const {
  Error error;
  error.kind = kind;
  error.outcome = RequestOutcome::kNotSent;
  error.message = what + " before the request was " + (attempts_.empty() ? "sent" : "repeated");
  return error;
}

bool CallState::BeginAttempt() {
  if (ended_) return false;
  if (cancelled()) {
    End(Interruption(ErrorKind::kCancelled, "the call was cancelled"));
    return false;
  }
  attempt_begun_ = core_.clock().Now();
  if (attempt_begun_ >= deadline_) {
    End(Interruption(ErrorKind::kTimeout, "the time allowed passed"));
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

std::optional<SteadyTime> CallState::EndAttempt(TransportResult&& reply) {
  attempt_ended_ = core_.clock().Now();
  AttemptRecord& record = attempts_.back();
  record.times = TimesOf(reply);
  if (!result_) result_.emplace();
  failed_ = !Read(std::move(reply), &*result_);
  BlotOutSecrets();
  record.http_status = result_->metadata.http_status;
  record.total = attempt_ended_ - attempt_begun_;
  if (failed_) record.outcome = result_->error.outcome;
  Notify(&Observer::OnAttemptEnded, AttemptEnded{observed_, attempt(), &record, error()});
  ended_ = !failed_;
  if (ended_) return std::nullopt;
  if (WantsAnotherToken()) return attempt_ended_;
  const auto wait = WaitBeforeRepeating(retry_, result_->error, attempt(),
                                        deadline_ - attempt_ended_, core_.Random());
  ended_ = !wait;
  if (ended_) return std::nullopt;
  if (cancelled()) return attempt_ended_;  // Only now: of a call's own end it takes nothing away.
  Notify(&Observer::OnRetryScheduled, RetryScheduled{observed_, attempt() + 1, *wait});
  return attempt_ended_ + std::chrono::ceil<SteadyTime::duration>(*wait);
}

void CallState::BlotOutSecrets() {
  const auto blot_out = [this](const std::string& secret) {
    Redact(secret, &result_->metadata);
    if (failed_) Redact(secret, &result_->error);
  };
  blot_out(*prepared_->token);
  for (const std::string& secret : core_.proxy_secrets()) blot_out(secret);
}

/// A 401 says that nothing was done, and perhaps only that the token has just been replaced.
bool CallState::WantsAnotherToken() {
  if (result_->error.kind != ErrorKind::kUnauthenticated) return false;
  core_.options().credentials.source()->Reject(prepared_->token);
  if (token_rejected_ || attempt() >= retry_.max_attempts) return false;
  token_rejected_ = needs_token_ = true;
  return true;
}

void CallState::Complete() {
  result_->metadata.elapsed = core_.clock().Now() - begun_;
  if (failed_) {
    // What an earlier attempt may have done is not undone by a later one: the gravest counts.
    for (const AttemptRecord& attempt : attempts_) {
      if (attempt.outcome)
        result_->error.outcome = std::max(result_->error.outcome, *attempt.outcome);
    }
    result_->error.attempts = attempt();
  }
  Notify(&Observer::OnCallEnded,
         CallEnded{observed_, attempt(), result_->metadata.http_status,
                   result_->metadata.request_id, result_->metadata.elapsed, error()});
  result_->metadata.attempts = std::move(attempts_);
}

namespace {

TransportResult Send(HttpTransport* transport, const HttpRequest& request,
                     const SendContext& context) {
  std::optional<TransportResult> result;
  const auto threw = Contain([&] { result = transport->Send(request, context); });
  return threw ? TransportThrew(*threw) : *std::move(result);
}

void DriveOrThrow(CallState* call) {
  const ClientCore& core = call->core();
  for (;;) {
    if (call->NeedsToken()) {
      const TokenSource& source = *core.options().credentials.source();
      if (Token token = source.TokenAtHand(core.clock())) {
        call->UseToken(std::move(token));
      } else {
        call->GiveToken(source.GetToken(call->token_context()));
      }
    }
    if (!call->BeginAttempt()) return;
    const auto next = call->EndAttempt(Send(&core.transport(), call->request(), call->context()));
    if (!next) return;
    if (*next > core.clock().Now()) core.clock().WaitUntil(*next, call->context().cancellation);
  }
}

}  // namespace

void Drive(CallState* call) noexcept {
  auto threw = Contain([=] { DriveOrThrow(call); });
  if (threw) call->BreakOff(*std::move(threw));
}

}  // namespace service_accounts::v0::internal
