// A time as the service sent it.
//
//   if (account->created_at) {
//     std::cout << account->created_at->text() << '\n';             // as received
//     if (auto time = account->created_at->time()) { /* ... */ }    // as a point in time
//   }
#ifndef SERVICE_ACCOUNTS_TIMESTAMP_H_
#define SERVICE_ACCOUNTS_TIMESTAMP_H_

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <service_accounts/export.h>

namespace service_accounts {
inline namespace v0 {

/// A time, as the service sent it. It documents its times as strings without naming their format,
/// so the text is kept as received and read on request. A value type; equal when the texts are
/// equal.
class Timestamp {
 public:
  Timestamp() = default;  ///< With an empty text.

  /// Any text: it is not looked at before `time`.
  explicit Timestamp(std::string text) : text_(std::move(text)) {}

  /// The text as received, whatever it is.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  /// The point in time that the text names, or no value when it is not an RFC 3339 `date-time`
  /// ("2026-01-31T12:00:00Z", "2026-01-31T13:00:00.25+01:00"). Fractions finer than the system
  /// clock's tick are cut off; a leap second (":60") reads as the first second of the next minute.
  [[nodiscard]] SERVICE_ACCOUNTS_EXPORT std::optional<std::chrono::system_clock::time_point> time()
      const;

 private:
  std::string text_;
};

/// Equal texts: the same time in two spellings is not equal.
[[nodiscard]] inline bool operator==(const Timestamp& a, const Timestamp& b) {
  return a.text() == b.text();
}

/// Different texts.
[[nodiscard]] inline bool operator!=(const Timestamp& a, const Timestamp& b) { return !(a == b); }

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_TIMESTAMP_H_
