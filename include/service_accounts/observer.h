// Watching calls: for logs, metrics and traces.
//
//   options.observer = std::make_shared<LogObserver>();          // one line each on standard error
//
//   class Metrics final : public Observer {
//     void OnCallEnded(const CallEnded& e) override { latency.Record(e.elapsed); }
//   };
#ifndef SERVICE_ACCOUNTS_OBSERVER_H_
#define SERVICE_ACCOUNTS_OBSERVER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <mutex>
#include <optional>
#include <string_view>

#include <service_accounts/attempt_record.h>
#include <service_accounts/error.h>
#include <service_accounts/export.h>

namespace service_accounts {
inline namespace v0 {

/// Which call an event is about. Texts are valid during the event.
struct ObservedCall {
  std::uint64_t number = 0;    ///< Counts the client's calls from 1.
  std::string_view operation;  ///< "CreateServiceAccount"
  std::string_view method;     ///< "POST"
  std::string_view url;        ///< Without secrets: the base URL may hold none.
};

/// A request is about to be sent.
struct AttemptBegun {
  ObservedCall call;  ///< Whose attempt it is.
  int attempt = 1;    ///< Counts from 1.
};

/// What came of that attempt.
struct AttemptEnded {
  ObservedCall call;                      ///< Whose attempt it was.
  int attempt = 1;                        ///< Counts from 1.
  const AttemptRecord* record = nullptr;  ///< Never null.
  const Error* error = nullptr;           ///< Null: it created the account.
};

/// The request will be sent once more.
struct RetryScheduled {
  ObservedCall call;                 ///< Whose request it is.
  int attempt = 2;                   ///< The number of the attempt to come.
  std::chrono::nanoseconds wait{0};  ///< Before it.
};

/// The call returns, also one that was refused before any attempt.
struct CallEnded {
  ObservedCall call;            ///< Which call.
  int attempts = 0;             ///< 0: it was refused before any.
  int http_status = 0;          ///< Of the last reply; 0: none.
  std::string_view request_id;  ///< As `ResponseMetadata::request_id`; valid during the event.
  std::chrono::nanoseconds elapsed{0};  ///< The whole call, attempts and waits.
  const Error* error = nullptr;         ///< Null: the account was created.
};

/// The program's own function for the end of an asynchronous call, or for the progress of a bulk
/// call, threw an exception. It is contained: nothing else comes of it.
struct CallbackFailed {
  ObservedCall call;      ///< Whose function it was.
  std::string_view what;  ///< Of a `std::exception`; "" of anything else.
};

/// Told of what happens in calls; each function does nothing unless it is overridden.
///
/// Called on the thread that makes the call, which for asynchronous calls is the client's own, in
/// the order of the events, with no lock held; from several threads at once when there are several
/// calls. What an event points to is valid until the function returns, and holds no token. A
/// function should be quick: the call waits for it, and its deadline does not. An exception from
/// one is swallowed.
class SERVICE_ACCOUNTS_EXPORT Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer();

  /// A request is about to be sent.
  virtual void OnAttemptBegun(const AttemptBegun& event);

  /// An attempt has ended, in success or not.
  virtual void OnAttemptEnded(const AttemptEnded& event);

  /// The call waits, and will then make another attempt.
  virtual void OnRetryScheduled(const RetryScheduled& event);

  /// The call's last event: once for each, also for one that was refused.
  virtual void OnCallEnded(const CallEnded& event);

  /// A function of the program's own threw an exception.
  virtual void OnCallbackFailed(const CallbackFailed& event);
};

/// Writes one line for each event, in `key=value` form. It shows what is on its list, and nothing
/// else: numbers, times in microseconds, outcome, kind, status, method, URL and request id, so no
/// message, body or header. From any thread.
class SERVICE_ACCOUNTS_EXPORT LogObserver final : public Observer {
 public:
  LogObserver();                            ///< To standard error, through `std::clog`.
  explicit LogObserver(std::ostream& out);  ///< To a stream, which has to outlive it.
  explicit LogObserver(std::function<void(std::string_view)> sink);  ///< A line, without its end.
  LogObserver(const LogObserver&) = delete;
  LogObserver& operator=(const LogObserver&) = delete;
  ~LogObserver() override;

  // Each writes its line, one at a time.
  void OnAttemptBegun(const AttemptBegun& event) override;
  void OnAttemptEnded(const AttemptEnded& event) override;
  void OnRetryScheduled(const RetryScheduled& event) override;
  void OnCallEnded(const CallEnded& event) override;
  void OnCallbackFailed(const CallbackFailed& event) override;

 private:
  void Write(std::string_view line);

  std::mutex mutex_;  // One line at a time.
  std::function<void(std::string_view)> sink_;
};

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_OBSERVER_H_
