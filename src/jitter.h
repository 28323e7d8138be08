// Random numbers for the waits between attempts: seeded, so that tests know them.
#ifndef SERVICE_ACCOUNTS_SRC_JITTER_H_
#define SERVICE_ACCOUNTS_SRC_JITTER_H_

#include <cstdint>
#include <mutex>
#include <random>

namespace service_accounts::v0::internal {

/// Safe for use from any thread.
class Jitter {
 public:
  explicit Jitter(std::uint64_t seed) : engine_(seed) {}

  /// From [0, 1).
  [[nodiscard]] double Next() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return static_cast<double>(engine_() >> 11U) * 0x1p-53;
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_JITTER_H_
