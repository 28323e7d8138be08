#include "clock.h"

#include <condition_variable>
#include <mutex>
#include <new>

namespace service_accounts::v0::internal {
namespace {

class RealClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime Now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] WallTime WallNow() const override { return std::chrono::system_clock::now(); }

  void WaitUntil(SteadyTime time, const CancellationToken& cancellation) const override {
    std::mutex mutex;
    std::condition_variable woken;
    const CancellationCallback wake(cancellation, [&] {
      // Under the lock, so that it cannot fall between the waiter's look and its sleep.
      const std::lock_guard<std::mutex> lock(mutex);
      woken.notify_all();
    });
    std::unique_lock<std::mutex> lock(mutex);
    woken.wait_until(lock, time, [&] { return cancellation.cancelled(); });
  }
};

}  // namespace

const Clock& SystemClock() {
  // Never destroyed: calls may outlive the static objects of their program. And not on the heap,
  // where it would stay behind when a plugin is unloaded.
  alignas(RealClock) static unsigned char storage[sizeof(RealClock)];
  static const Clock& clock = *new (storage) RealClock;
  return clock;
}

}  // namespace service_accounts::v0::internal
