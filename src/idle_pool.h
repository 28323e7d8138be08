// Things that are lent to one thread at a time, and keep their connections meanwhile.
#ifndef SERVICE_ACCOUNTS_SRC_IDLE_POOL_H_
#define SERVICE_ACCOUNTS_SRC_IDLE_POOL_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "contain.h"
#include "process_id.h"

namespace service_accounts::v0::internal {

/// Those that nobody uses at the moment, the last one used on top: its connection is the warmest.
template <class T>
class IdlePool {
 public:
  explicit IdlePool(std::size_t most) : most_(most) {}
  ~IdlePool() { AbandonAfterFork(); }
  IdlePool(const IdlePool&) = delete;
  IdlePool& operator=(const IdlePool&) = delete;

  /// Null: there is none.
  [[nodiscard]] std::unique_ptr<T> Take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    AbandonAfterFork();
    if (idle_.empty()) return nullptr;
    std::unique_ptr<T> taken = std::move(idle_.back());
    idle_.pop_back();
    return taken;
  }

  /// One too many is destroyed, and so is one for which there is no memory.
  void Return(std::unique_ptr<T> returned) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.size() < most_) (void)Contain([&] { idle_.push_back(std::move(returned)); });
  }

 private:
  /// In a forked child the connections are still the parent's: to use them would mix up the replies
  /// of the two, and to close them properly would end the parent's TLS sessions. So they are left.
  void AbandonAfterFork() {
    if (process_ == CurrentProcess()) return;
    process_ = CurrentProcess();
    for (std::unique_ptr<T>& each : idle_) static_cast<void>(each.release());
    idle_.clear();
  }

  const std::size_t most_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;
  int process_ = CurrentProcess();
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_IDLE_POOL_H_
