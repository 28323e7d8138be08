// An event loop around libcurl: drives transfers, on whatever thread runs it.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_LOOP_H_
#define SERVICE_ACCOUNTS_SRC_CURL_LOOP_H_

#include <atomic>
#include <memory>

#include <curl/curl.h>

#include "curl/transfer.h"

namespace service_accounts::internal {

struct CloseMulti {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};

/// A multi handle, which owns the connections of its transfers. One thread at a time, but for
/// `Wake`.
class Loop {
 public:
  explicit Loop(long most_idle_connections);

  /// libcurl's words for why it cannot, or null. The transfer has to be prepared.
  [[nodiscard]] const char* Add(Transfer* transfer);

  /// Ends the transfer wherever it is. Its connection lives on if the transfer was whole.
  void Remove(Transfer* transfer) noexcept;

  /// Drives the transfers until one of them has ended, and returns that; null when the loop was
  /// woken. Ends at the deadline of a transfer at the latest, since that ends the transfer.
  [[nodiscard]] Transfer* Run();

  /// Makes `Run` return soon, or at once the next time. From any thread.
  void Wake() noexcept;

  /// False when libcurl has failed in a way that leaves its state unclear: not to be used again.
  [[nodiscard]] bool usable() const noexcept { return usable_; }

 private:
  [[nodiscard]] Transfer* TakeEnded();

  std::unique_ptr<CURLM, CloseMulti> multi_;
  std::atomic<bool> woken_{false};
  bool usable_;
};

}  // namespace service_accounts::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_LOOP_H_
