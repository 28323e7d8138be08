// A call that hands its result to a function.
#ifndef SERVICE_ACCOUNTS_SRC_ASYNC_CALL_H_
#define SERVICE_ACCOUNTS_SRC_ASYNC_CALL_H_

#include <functional>
#include <memory>
#include <utility>

#include "block_pool.h"
#include "call_loop.h"
#include "contain.h"

namespace service_accounts::v0::internal {

/// Runs a function of the program's own, and tells the observer of an exception from it.
template <class Function>
void RunContained(const CallState& call, Function function) noexcept {
  const auto threw = Contain(function);
  if (threw) call.Notify(&Observer::OnCallbackFailed, CallbackFailed{call.observed(), *threw});
}

/// Holds on to the core until it has ended, so that a client may go before its calls do.
template <class Request, class T>
class AsyncCall final : public LoopCall, public FromBlockPool {
 public:
  AsyncCall(std::shared_ptr<const ClientCore> core, const Operation<Request, T>& operation,
            const Request& request, CallOptions options, std::function<void(Result<T>)> done)
      : LoopCall(options_.cancellation),
        core_(std::move(core)),
        options_(std::move(options)),
        call_(*core_, operation, request, options_),
        done_(std::move(done)) {}

  /// In memory of an earlier one.
  template <class... Arguments>
  [[nodiscard]] static std::unique_ptr<LoopCall> Make(const std::shared_ptr<const ClientCore>& core,
                                                      Arguments&&... arguments) {
    return std::unique_ptr<LoopCall>(new (core->blocks())
                                         AsyncCall(core, std::forward<Arguments>(arguments)...));
  }

  [[nodiscard]] CallState& state() override { return call_; }

  void OnEnded() noexcept override {
    RunContained(call_, [this] { done_(call_.Finish()); });
  }

 private:
  const std::shared_ptr<const ClientCore> core_;
  const CallOptions options_;
  TypedCall<T> call_;
  std::function<void(Result<T>)> done_;
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_ASYNC_CALL_H_
