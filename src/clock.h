// Time, as something that a call is given: tests give it their own, and wait for nothing.
#ifndef SERVICE_ACCOUNTS_SRC_CLOCK_H_
#define SERVICE_ACCOUNTS_SRC_CLOCK_H_

#include <chrono>

#include <service_accounts/cancellation.h>

namespace service_accounts::v0::internal {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

/// Safe for use from any thread.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  /// What deadlines and waits are measured on.
  [[nodiscard]] virtual SteadyTime Now() const = 0;

  /// What the world calls it: only for dates that others name.
  [[nodiscard]] virtual WallTime WallNow() const = 0;

  /// Blocks until then, or until the token is cancelled.
  virtual void WaitUntil(SteadyTime time, const CancellationToken& cancellation) const = 0;
};

/// The computer's own.
[[nodiscard]] const Clock& SystemClock();

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CLOCK_H_
