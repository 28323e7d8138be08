// One call: its attempts, from checked options and an encoded body to a `Result`.
#ifndef SERVICE_ACCOUNTS_SRC_CALL_H_
#define SERVICE_ACCOUNTS_SRC_CALL_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <service_accounts/call_options.h>
#include <service_accounts/http_transport.h>
#include <service_accounts/result.h>

#include "client_core.h"
#include "response_mapping.h"
#include "token_source.h"

namespace service_accounts::internal {

/// An operation of the service: where it is, how its request is written and its reply read.
template <class Request, class T>
struct Operation {
  const char* name;
  const char* method;
  const char* path;                               ///< Behind the base URL.
  Result<std::string> (*encode)(const Request&);  ///< Refuses what cannot be sent.
  Decode<T> decode;
};

/// Where a call stands between its attempts. It decides and never waits: who drives it sends the
/// request and waits where it says so, on whatever thread, by whatever clock.
///
///   BeginAttempt -> (send) -> EndAttempt -> (wait) -> BeginAttempt -> ... -> Complete
class CallState {
 public:
  /// Its time begins here. `options` has to outlive the call.
  CallState(const ClientCore& core, const char* operation, const char* method, const char* path,
            const CallOptions& options);
  CallState(const CallState&) = delete;
  CallState& operator=(const CallState&) = delete;
  ~CallState() = default;

  /// What to send; an error ends the call before the first attempt.
  void SetBody(Result<std::string> body);

  /// Readies the request. An error ends the call before this attempt: it was refused, cancelled,
  /// too late, or there is no token.
  [[nodiscard]] std::optional<Error> BeginAttempt();

  [[nodiscard]] const HttpRequest& request() const noexcept { return request_; }
  [[nodiscard]] SendContext context() const;

  /// Takes note of an attempt, whose error is null if it succeeded, and blots the token out of it.
  /// Returns when the next attempt is to begin; no value: there is none.
  [[nodiscard]] std::optional<SteadyTime> EndAttempt(Error* error, ResponseMetadata* metadata,
                                                     const TransferTimes& times);

  /// Gives the error of an attempt that was not made to the call, which keeps what the attempts
  /// before it, if any, came to.
  void Interrupt(Error interruption, Error* error) const;

  /// The call's own part of what is given out; the error is null if it succeeded.
  void Complete(Error* error, ResponseMetadata* metadata);

 private:
  [[nodiscard]] std::optional<Error> Refuse() const;
  [[nodiscard]] std::optional<Error> EnsureToken();
  [[nodiscard]] std::optional<std::chrono::nanoseconds> WaitBeforeNext(Error* error);
  [[nodiscard]] bool ReplaceToken(Error* error);
  [[nodiscard]] std::optional<Error> Cancelled() const;
  [[nodiscard]] TokenContext token_context() const;
  void SetToken(Token token);
  [[nodiscard]] int attempt() const { return static_cast<int>(attempts_.size()); }
  template <class Event>
  void Notify(void (Observer::*function)(const Event&), const Event& event) const;

  const ClientCore& core_;
  const CallOptions& options_;
  const RetryPolicy& retry_;
  ObservedCall observed_;
  SteadyTime begun_;
  SteadyTime deadline_;
  HttpRequest request_;
  std::optional<Error> bad_body_;
  Token token_;
  bool token_replaced_ = false;
  SteadyTime attempt_begun_;
  SteadyTime attempt_ended_;
  std::vector<AttemptRecord> attempts_;
};

[[nodiscard]] TransferTimes TimesOf(const TransportResult& result);

/// The call on the caller's thread.
template <class Request, class T>
[[nodiscard]] Result<T> Call(const ClientCore& core, const Operation<Request, T>& operation,
                             const Request& request, const CallOptions& options) {
  CallState call(core, operation.name, operation.method, operation.path, options);
  call.SetBody(operation.encode(request));
  Mapped<T> mapped;
  for (;;) {
    if (auto interruption = call.BeginAttempt()) {
      call.Interrupt(*std::move(interruption), &mapped.error);
      break;
    }
    TransportResult reply = core.transport().Send(call.request(), call.context());
    const TransferTimes times = TimesOf(reply);
    mapped = MapResult(std::move(reply), operation.decode, core.clock().WallNow());
    const auto next =
        call.EndAttempt(mapped.value ? nullptr : &mapped.error, &mapped.metadata, times);
    if (!next) break;
    core.clock().WaitUntil(*next, options.cancellation);
  }
  call.Complete(mapped.value ? nullptr : &mapped.error, &mapped.metadata);
  if (!mapped.value) return {std::move(mapped.error), std::move(mapped.metadata)};
  return {*std::move(mapped.value), std::move(mapped.metadata)};
}

}  // namespace service_accounts::internal

#endif  // SERVICE_ACCOUNTS_SRC_CALL_H_
