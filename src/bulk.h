// Many calls as one, on the caller's thread: at most so many at a time, results in order.
#ifndef SERVICE_ACCOUNTS_SRC_BULK_H_
#define SERVICE_ACCOUNTS_SRC_BULK_H_

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <service_accounts/bulk_options.h>

#include "async_call.h"
#include "bulk_pace.h"
#include "call_loop.h"
#include "invalid_argument.h"

namespace service_accounts::v0::internal {

class BulkCall;

/// What the calls of a batch have in common, but for their type: who goes next.
class Batch {
 public:
  Batch(const ClientCore& core, const BulkOptions& options, std::size_t total);
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  virtual ~Batch() = default;

  void Run();

  [[nodiscard]] const ClientCore& core() const noexcept { return core_; }
  [[nodiscard]] const BulkOptions& options() const noexcept { return options_; }

 protected:
  [[nodiscard]] virtual std::unique_ptr<BulkCall> NewCall(std::size_t index) = 0;

 private:
  friend class BulkCall;

  void PostCalls();
  [[nodiscard]] std::optional<SteadyTime> HoldUntil(BulkCall* call);
  void OnAttemptEnded(BulkCall* call) noexcept;
  void OnEnded(BulkCall* call, bool created) noexcept;
  void LeaveRoom(BulkCall* call);
  void ResumeWaiting();
  void Remove(BulkCall* call);
  void Stop();
  [[nodiscard]] SteadyTime PauseEnd(const Error& error) const;

  const ClientCore& core_;
  const BulkOptions& options_;
  BulkPace pace_;
  BulkProgress progress_;
  std::size_t next_ = 0;                 ///< The first request that has no call yet.
  bool stopped_ = false;                 ///< By an error: no further attempt is made.
  std::vector<BulkCall*> under_way_;     ///< Each at its `place_`; with room for all, as the next.
  std::vector<BulkCall*> without_room_;  ///< Of those, in the order of their coming.
  CallLoop* loop_ = nullptr;
};

/// One of a batch. Its call is made, and its time begins, when there is room for its first attempt.
class BulkCall : public LoopCall {
 public:
  explicit BulkCall(Batch* batch) : LoopCall(batch->options().call.cancellation), batch_(batch) {}

  [[nodiscard]] std::optional<SteadyTime> HoldUntil() final { return batch_->HoldUntil(this); }
  void OnAttemptEnded() noexcept final { batch_->OnAttemptEnded(this); }
  void OnEnded() noexcept final { batch_->OnEnded(this, TakeResult()); }

 protected:
  [[nodiscard]] virtual bool begun() const = 0;

  /// Puts the result where it belongs; false: it is an error.
  virtual bool TakeResult() noexcept = 0;

 private:
  friend class Batch;

  Batch* const batch_;
  std::size_t place_ = 0;
  bool has_room_ = false;
};

/// A request of its own options, if it has an idempotency key; and why it cannot be made.
[[nodiscard]] CallOptions OptionsFor(const BulkOptions& options, std::size_t index,
                                     std::optional<Error>* problem);

/// Of a request whose turn has not come.
[[nodiscard]] Error NotBegun();

/// Makes it the error of a request whose turn had come, and for which there was no memory. It takes
/// none itself.
void MakeOutOfMemory(Error* not_begun) noexcept;

template <class Request, class T>
class TypedBatch final : public Batch {
 public:
  TypedBatch(const ClientCore& core, const Operation<Request, T>& operation,
             const std::vector<Request>& requests, const BulkOptions& options,
             std::vector<Result<T>>* results)
      : Batch(core, options, requests.size()),
        operation_(operation),
        requests_(requests),
        results_(*results) {}

 private:
  class Item final : public BulkCall {
   public:
    Item(TypedBatch* batch, std::size_t index) : BulkCall(batch), batch_(*batch), index_(index) {}

    [[nodiscard]] CallState& state() override {
      if (!call_) Make();
      return *call_;
    }

   private:
    void Make() {
      std::optional<Error> problem;
      options_ = OptionsFor(batch_.options(), index_, &problem);
      call_.emplace(batch_.core(), batch_.operation_, batch_.requests_[index_], options_);
      if (problem) call_->End(*std::move(problem));
    }
    [[nodiscard]] bool begun() const override { return call_.has_value(); }
    bool TakeResult() noexcept override {
      Result<T>& result = batch_.results_[index_];
      if (call_) {
        result = call_->Finish();
      } else {
        MakeOutOfMemory(&result.error());
      }
      return result.has_value();
    }

    TypedBatch& batch_;
    const std::size_t index_;
    CallOptions options_;
    std::optional<TypedCall<T>> call_;
  };

  [[nodiscard]] std::unique_ptr<BulkCall> NewCall(std::size_t index) override {
    return std::make_unique<Item>(this, index);
  }

  const Operation<Request, T>& operation_;
  const std::vector<Request>& requests_;
  std::vector<Result<T>>& results_;
};

/// What is wrong with the options themselves.
[[nodiscard]] std::optional<Error> CheckBulkOptions(const BulkOptions& options);

template <class Request, class T>
[[nodiscard]] std::vector<Result<T>> CallAll(const ClientCore& core,
                                             const Operation<Request, T>& operation,
                                             const std::vector<Request>& requests,
                                             const BulkOptions& options) {
  const auto problem = CheckBulkOptions(options);
  std::vector<Result<T>> results(requests.size(), problem ? *problem : NotBegun());
  if (!problem) TypedBatch<Request, T>(core, operation, requests, options, &results).Run();
  return results;
}

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_BULK_H_
