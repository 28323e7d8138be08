#include <service_accounts/cancellation.h>

#include <atomic>
#include <mutex>
#include <utility>

namespace service_accounts::v0 {
namespace internal {

/// Whether it was cancelled, and who wants to know: a list without allocations, of callbacks that
/// live in the calls that wait.
class CancellationState {
 public:
  [[nodiscard]] bool cancelled() const noexcept {
    return cancelled_.load(std::memory_order_acquire);
  }

  void Cancel() {
    // The functions run under the lock: whoever destroys a callback then waits for it.
    const std::lock_guard<std::mutex> lock(mutex_);
    if (cancelled_.exchange(true, std::memory_order_release)) return;
    for (CancellationCallback* each = first_; each != nullptr; each = each->next_)
      each->function_();
  }

  void Add(CancellationCallback* callback) {
    const std::lock_guard<std::mutex> lock(mutex_);
    callback->next_ = first_;
    if (first_ != nullptr) first_->previous_ = callback;
    first_ = callback;
    if (cancelled()) callback->function_();
  }

  void Remove(CancellationCallback* callback) {
    const std::lock_guard<std::mutex> lock(mutex_);
    (callback->previous_ != nullptr ? callback->previous_->next_ : first_) = callback->next_;
    if (callback->next_ != nullptr) callback->next_->previous_ = callback->previous_;
  }

 private:
  std::mutex mutex_;
  std::atomic<bool> cancelled_{false};
  CancellationCallback* first_ = nullptr;
};

}  // namespace internal

CancellationToken::CancellationToken(std::shared_ptr<internal::CancellationState> state) noexcept
    : state_(std::move(state)) {}

bool CancellationToken::cancelled() const noexcept {
  return state_ != nullptr && state_->cancelled();
}

CancellationSource::CancellationSource()
    : state_(std::make_shared<internal::CancellationState>()) {}

void CancellationSource::Cancel() const { state_->Cancel(); }

CancellationToken CancellationSource::token() const noexcept { return CancellationToken(state_); }

CancellationCallback::CancellationCallback(const CancellationToken& token,
                                           std::function<void()> function)
    : state_(token.state_), function_(std::move(function)) {
  if (state_ != nullptr) state_->Add(this);
}

CancellationCallback::~CancellationCallback() {
  if (state_ != nullptr) state_->Remove(this);
}

}  // namespace service_accounts::v0
