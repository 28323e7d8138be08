// A clock that stands still until somebody moves it, or waits: a wait is over at once, and it is
// later then.
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_FAKE_CLOCK_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_FAKE_CLOCK_H_

#include <functional>
#include <mutex>
#include <vector>

#include "clock.h"

namespace service_accounts::tests {

class FakeClock final : public internal::Clock {
 public:
  [[nodiscard]] internal::SteadyTime Now() const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return now_;
  }

  [[nodiscard]] internal::WallTime WallNow() const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return wall_now_;
  }

  /// `on_wait`, if set, runs first: what happens meanwhile. A wait that is cancelled takes no time.
  void WaitUntil(internal::SteadyTime time, const CancellationToken& cancellation) const override {
    if (on_wait) on_wait();
    const std::lock_guard<std::mutex> lock(mutex_);
    waits_.push_back(time - now_);
    if (cancellation.cancelled() || time <= now_) return;
    wall_now_ += std::chrono::duration_cast<internal::WallTime::duration>(time - now_);
    now_ = time;
  }

  void Advance(std::chrono::nanoseconds time) {
    const std::lock_guard<std::mutex> lock(mutex_);
    now_ += std::chrono::duration_cast<internal::SteadyTime::duration>(time);
    wall_now_ += std::chrono::duration_cast<internal::WallTime::duration>(time);
  }

  /// The wall clock alone, as when somebody sets it.
  void SetWall(internal::WallTime time) {
    const std::lock_guard<std::mutex> lock(mutex_);
    wall_now_ = time;
  }

  /// What was waited for so far.
  [[nodiscard]] std::vector<std::chrono::nanoseconds> waits() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return waits_;
  }

  std::function<void()> on_wait;

 private:
  mutable std::mutex mutex_;
  mutable internal::SteadyTime now_{std::chrono::hours(1000)};
  mutable internal::WallTime wall_now_{std::chrono::hours(24 * 365 * 50)};
  mutable std::vector<std::chrono::nanoseconds> waits_;
};

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_FAKE_CLOCK_H_
