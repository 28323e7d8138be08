// How fast a bulk call goes: pure.
#ifndef SERVICE_ACCOUNTS_SRC_BULK_PACE_H_
#define SERVICE_ACCOUNTS_SRC_BULK_PACE_H_

#include <algorithm>
#include <cstddef>

#include "clock.h"

namespace service_accounts::v0::internal {

/// Lets a number of attempts be on their way at a time. When the service asks for fewer requests,
/// none begins until the time that it asks for; then it is one at a time, and one more with each
/// success, so that the number doubles with each round until it is asked again.
class BulkPace {
 public:
  explicit BulkPace(std::size_t most) : most_(most), allowed_(most) {}

  /// Not before then, however few are on their way.
  [[nodiscard]] SteadyTime pause_end() const noexcept { return pause_end_; }

  /// For so many more attempts.
  [[nodiscard]] std::size_t room() const noexcept {
    return sending_ < allowed_ ? allowed_ - sending_ : 0;
  }

  void Begin() noexcept { ++sending_; }
  void End() noexcept { --sending_; }

  /// What succeeds in a pause was sent before it, and says nothing.
  void OnSuccess(SteadyTime now) noexcept {
    if (now >= pause_end_) allowed_ = std::min(most_, allowed_ + 1);
  }
  void OnRateLimited(SteadyTime pause_end) noexcept {
    allowed_ = 1;
    pause_end_ = std::max(pause_end_, pause_end);
  }

 private:
  std::size_t most_;
  std::size_t allowed_;
  std::size_t sending_ = 0;
  SteadyTime pause_end_ = SteadyTime::min();
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_BULK_PACE_H_
