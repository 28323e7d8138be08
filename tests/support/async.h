// Results of asynchronous calls, from the thread that brings them to the one that looks at them.
//
//   Inbox inbox;
//   client.CreateServiceAccountAsync(Request("x"), {}, inbox.Slot());
//   REQUIRE(inbox.Await(1));
//   CHECK(inbox.results().front());
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_ASYNC_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_ASYNC_H_

#include <service_accounts/service_accounts.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <future>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/client.h"

namespace service_accounts::tests {

/// A wait for what does not come ends here: the test fails then, instead of hanging.
constexpr std::chrono::seconds kLongestWait{20};

/// Safe from any thread.
class Inbox {
 public:
  using Done = std::function<void(Result<ServiceAccount>)>;

  void Put(Result<ServiceAccount> result) {
    const std::lock_guard<std::mutex> lock(mutex_);
    results_.push_back(std::move(result));
    threads_.insert(std::this_thread::get_id());
    changed_.notify_all();
  }

  /// Where a call is to put its result.
  [[nodiscard]] Done Slot() {
    return [this](Result<ServiceAccount> result) { Put(std::move(result)); };
  }

  /// Whether so many have come in the end.
  [[nodiscard]] bool Await(std::size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, kLongestWait, [&] { return results_.size() >= count; });
  }

  /// In the order of their coming.
  [[nodiscard]] std::vector<Result<ServiceAccount>> results() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return results_;
  }

  /// That brought them.
  [[nodiscard]] std::set<std::thread::id> threads() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return threads_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Result<ServiceAccount>> results_;
  std::set<std::thread::id> threads_;
};

/// Something that happens once, and those who wait for it. Safe from any thread.
class Event {
 public:
  void Happen() {
    const std::lock_guard<std::mutex> lock(mutex_);
    happened_ = true;
    changed_.notify_all();
  }

  /// Whether it has, in the end.
  bool Await() {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, kLongestWait, [this] { return happened_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool happened_ = false;
};

/// So many threads that meet. Safe from any thread.
class Meeting {
 public:
  explicit Meeting(std::size_t count) : missing_(count) {}

  /// Whether all have come, in the end.
  bool Attend() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (missing_ > 0 && --missing_ == 0) changed_.notify_all();
    return changed_.wait_for(lock, kLongestWait, [this] { return missing_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t missing_;
};

/// The result, or a failure that no call has when it does not come.
inline Result<ServiceAccount> Awaited(std::future<Result<ServiceAccount>> future) {
  if (future.wait_for(kLongestWait) == std::future_status::ready) return future.get();
  Error error;
  error.message = "the future was never ready";
  error.attempts = -1;
  return error;
}

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_ASYNC_H_
