// A call that hands its result to a function.
#ifndef SERVICE_ACCOUNTS_SRC_ASYNC_CALL_H_
#define SERVICE_ACCOUNTS_SRC_ASYNC_CALL_H_

#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "block_pool.h"
#include "call_loop.h"

namespace service_accounts::internal {

/// Runs a function of the program's own, and tells the observer of an exception from it.
template <class Function>
void RunContained(const CallState& call, Function function) noexcept {
  const auto tell = [&](const char* what) {
    call.Notify(&Observer::OnCallbackFailed, CallbackFailed{call.observed(), what});
  };
  try {
    function();
  } catch (const std::exception& e) {
    tell(e.what());
  } catch (...) {
    tell("");
  }
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

}  // namespace service_accounts::internal

#endif  // SERVICE_ACCOUNTS_SRC_ASYNC_CALL_H_
