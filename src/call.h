// One call: its attempts, from checked options and an encoded body to a `Result`.
#ifndef SERVICE_ACCOUNTS_SRC_CALL_H_
#define SERVICE_ACCOUNTS_SRC_CALL_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <service_accounts/call_options.h>
#include <service_accounts/http_transport.h>
#include <service_accounts/result.h>

#include "client_core.h"
#include "contain.h"
#include "response_mapping.h"
#include "token_source.h"

namespace service_accounts::v0::internal {

/// An operation of the service: where it is, how its request is written and its reply read.
template <class Request, class T>
struct Operation {
  const char* name;
  const char* method;
  const char* path;  ///< Behind the base URL.

  /// Writes the body to the end of a text, or refuses what cannot be sent.
  std::optional<Error> (*encode)(const Request&, std::string* body);
  Decode<T> decode;
};

/// Where a call stands between its attempts. It decides and never waits: who drives it fetches the
/// token, sends the request and waits where it says so, on whatever thread, by whatever clock.
///
///   (token) -> BeginAttempt -> (send) -> EndAttempt -> (wait) -> (token) -> BeginAttempt -> ...
class CallState {
 public:
  CallState(const CallState&) = delete;
  CallState& operator=(const CallState&) = delete;
  virtual ~CallState();

  /// Whether the next step is to give it one, or the reason why there is none, which ends the call.
  [[nodiscard]] bool NeedsToken() const;
  void UseToken(Token token);
  void GiveToken(Result<Token> token);
  [[nodiscard]] TokenContext token_context() const;

  /// Readies the request; false: the call has ended instead of making this attempt, since it was
  /// refused, cancelled, too late, or has no token.
  [[nodiscard]] bool BeginAttempt();

  [[nodiscard]] const HttpRequest& request() const noexcept { return prepared_->request; }
  [[nodiscard]] SendContext context() const;

  /// Takes what came of the attempt, and blots the secrets out of it. Returns when the next attempt
  /// is to begin; no value: the call has ended.
  [[nodiscard]] std::optional<SteadyTime> EndAttempt(TransportResult&& reply);

  /// As if its token had been cancelled: there is no further attempt.
  void Cancel() noexcept { cancelled_ = true; }

  /// There is no further attempt, for this reason. Not while one is under way.
  void End(Error interruption);

  /// A step threw this: the call ends, and says that its outcome is unknown if an attempt began.
  void BreakOff(std::string what) noexcept;
  [[nodiscard]] bool cancelled() const noexcept;

  [[nodiscard]] const ClientCore& core() const noexcept { return core_; }
  [[nodiscard]] SteadyTime deadline() const noexcept { return deadline_; }

  /// Of the last attempt, or of the call that made none; null: the last attempt succeeded.
  [[nodiscard]] const Error* error() const noexcept { return failed_ ? &result_->error : nullptr; }

  /// Tells the observer, if there is one, what its `function` is for. An exception stays there.
  template <class Event>
  void Notify(void (Observer::*function)(const Event&), const Event& event) const;
  [[nodiscard]] const ObservedCall& observed() const noexcept { return observed_; }

 protected:
  /// Its time begins here. `options` has to outlive the call.
  CallState(const ClientCore& core, const char* operation, const char* method, const char* path,
            const CallOptions& options);

  /// Where the body is to be written, once.
  [[nodiscard]] std::string* body() noexcept { return &prepared_->request.body; }

  /// The body is written, or this is wrong with it: then the call ends before the first attempt.
  void Check(std::optional<Error> bad_body);

  /// Reads a reply, into the value if it can, and into the result what there is to say beside it.
  /// Whether there is a value.
  [[nodiscard]] virtual bool Read(TransportResult&& reply, Described* result) = 0;

  [[nodiscard]] Described& result() noexcept { return *result_; }

  /// The call's own part of what is given out, once it has ended.
  void Complete();

 private:
  [[nodiscard]] std::optional<Error> Refuse() const;
  [[nodiscard]] Error Interruption(ErrorKind kind, const std::string& what) const;
  [[nodiscard]] bool HasOwnHeaders() const;
  void BlotOutSecrets();
  [[nodiscard]] bool WantsAnotherToken();
  void Prepare(const char* method, const char* path);
  [[nodiscard]] int attempt() const { return static_cast<int>(attempts_.size()); }

  const ClientCore& core_;
  const CallOptions& options_;
  const RetryPolicy& retry_;
  ObservedCall observed_;
  SteadyTime begun_;
  SteadyTime deadline_;
  std::unique_ptr<PreparedRequest> prepared_;
  std::optional<Described> result_;  ///< Once an attempt, or the call, has ended.
  bool needs_token_ = true;
  bool token_rejected_ = false;  ///< The one in use was, and another one was asked for, once.
  bool cancelled_ = false;
  bool failed_ = true;
  bool ended_ = false;
  SteadyTime attempt_begun_;
  SteadyTime attempt_ended_;
  std::vector<AttemptRecord> attempts_;
};

template <class Event>
void CallState::Notify(void (Observer::*function)(const Event&), const Event& event) const {
  if (core_.options().observer == nullptr) return;
  // There is nobody to tell of what it throws.
  (void)Contain([&] { (core_.options().observer.get()->*function)(event); });
}

/// A call of one operation, which knows the type of its value.
template <class T>
class TypedCall final : public CallState {
 public:
  template <class Request>
  TypedCall(const ClientCore& core, const Operation<Request, T>& operation, const Request& request,
            const CallOptions& options)
      : CallState(core, operation.name, operation.method, operation.path, options),
        decode_(operation.decode) {
    Check(operation.encode(request, body()));
  }

  /// Once it has ended.
  [[nodiscard]] Result<T> Finish() {
    Complete();
    if (error() != nullptr) return {std::move(result().error), std::move(result().metadata)};
    return {*std::move(value_), std::move(result().metadata)};
  }

 private:
  bool Read(TransportResult&& reply, Described* result) override {
    MapResult(std::move(reply), decode_, core().clock(), &value_, result);
    return value_.has_value();
  }

  const Decode<T> decode_;
  std::optional<T> value_;
};

/// Drives the call to its end, on this thread.
void Drive(CallState* call) noexcept;

/// The call on the caller's thread.
template <class Request, class T>
[[nodiscard]] Result<T> Call(const ClientCore& core, const Operation<Request, T>& operation,
                             const Request& request, const CallOptions& options) {
  TypedCall<T> call(core, operation, request, options);
  Drive(&call);
  return call.Finish();
}

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CALL_H_
