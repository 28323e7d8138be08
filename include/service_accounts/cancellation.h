// Ending a call from another thread.
//
//   CancellationSource source;
//   CallOptions call;
//   call.cancellation = source.token();
//   std::thread watcher([&] { if (UserPressedEscape()) source.Cancel(); });
//   auto account = client.CreateServiceAccount(request, call);   // ErrorKind::kCancelled, at once
//
// All of it may be used from any thread.
#ifndef SERVICE_ACCOUNTS_CANCELLATION_H_
#define SERVICE_ACCOUNTS_CANCELLATION_H_

#include <functional>
#include <memory>

#include <service_accounts/export.h>

namespace service_accounts {
inline namespace v0 {

namespace internal {
class CancellationState;
}  // namespace internal

/// Tells whether the source that it came from was cancelled. Copies share one source, and may
/// outlive it. One that came from none is never cancelled.
class SERVICE_ACCOUNTS_EXPORT CancellationToken {
 public:
  CancellationToken() = default;  ///< Never cancelled.

  /// Whether `CancellationSource::Cancel` was called; true for good then.
  [[nodiscard]] bool cancelled() const noexcept;

 private:
  friend class CancellationSource;
  friend class CancellationCallback;
  explicit CancellationToken(std::shared_ptr<internal::CancellationState> state) noexcept;

  std::shared_ptr<internal::CancellationState> state_;
};

/// Cancels every call that was given its token, wherever they are: name lookup, connect, reply, a
/// wait before the next attempt. `Error::outcome` says what may have happened until then. Copies
/// share one state; destroying a source cancels nothing.
class SERVICE_ACCOUNTS_EXPORT CancellationSource {
 public:
  CancellationSource();  ///< Not cancelled.

  /// Once and for all; a second time does nothing. Returns when every `CancellationCallback` has
  /// run.
  void Cancel() const;

  /// To give to calls, any number of them, now or later.
  [[nodiscard]] CancellationToken token() const noexcept;

 private:
  std::shared_ptr<internal::CancellationState> state_;
};

/// Runs a function when a token is cancelled, on the thread that cancels; at once if it was
/// already. For transports of one's own that have to be woken. The function must be quick, must not
/// throw, and must neither create nor destroy a callback of the same token. The destructor waits
/// for a function that is running; afterwards it will not run.
class SERVICE_ACCOUNTS_EXPORT CancellationCallback {
 public:
  /// The function runs before this returns if the token was cancelled already.
  CancellationCallback(const CancellationToken& token, std::function<void()> function);
  ~CancellationCallback();  ///< Waits for the function if it is running.
  CancellationCallback(const CancellationCallback&) = delete;
  CancellationCallback& operator=(const CancellationCallback&) = delete;

 private:
  friend class internal::CancellationState;

  std::shared_ptr<internal::CancellationState> state_;
  std::function<void()> function_;
  // Its place in the state's list.
  CancellationCallback* previous_ = nullptr;
  CancellationCallback* next_ = nullptr;
};

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_CANCELLATION_H_
