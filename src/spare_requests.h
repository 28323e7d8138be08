// Requests of earlier calls, for later ones that differ in nothing but the body.
#ifndef SERVICE_ACCOUNTS_SRC_SPARE_REQUESTS_H_
#define SERVICE_ACCOUNTS_SRC_SPARE_REQUESTS_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <service_accounts/http_transport.h>

#include "token_source.h"

namespace service_accounts::v0::internal {

/// All but the body.
struct PreparedRequest {
  const char* path = nullptr;  ///< Of its operation.
  HttpRequest request;
  Token token;  ///< In the last header; null: in none.
};

/// To build the headers anew would be a tenth of a call's own work. Safe for use from any thread.
class SpareRequests {
 public:
  SpareRequests() { spare_.reserve(kMost); }

  /// Null if there is none for that path.
  [[nodiscard]] std::unique_ptr<PreparedRequest> Take(const char* path) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (spare_.empty() || spare_.back()->path != path) return nullptr;
    std::unique_ptr<PreparedRequest> taken = std::move(spare_.back());
    spare_.pop_back();
    return taken;
  }

  /// One too many is destroyed.
  void Return(std::unique_ptr<PreparedRequest> prepared) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (spare_.size() < kMost) spare_.push_back(std::move(prepared));
  }

 private:
  static constexpr std::size_t kMost = 64;

  std::mutex mutex_;
  std::vector<std::unique_ptr<PreparedRequest>> spare_;
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_SPARE_REQUESTS_H_
