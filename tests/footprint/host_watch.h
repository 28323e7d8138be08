// What is done to the process that a library should leave alone, counted while it is done: a look
// at the process before and after would not see a thread that has ended again, or a signal handler
// that was put back.
#ifndef SERVICE_ACCOUNTS_TESTS_FOOTPRINT_HOST_WATCH_H_
#define SERVICE_ACCOUNTS_TESTS_FOOTPRINT_HOST_WATCH_H_

namespace service_accounts::tests {

/// Threads that this thread has started, in whatever library.
[[nodiscard]] int ThreadsStartedHere();

/// How often this thread has set a signal's disposition, its own signal mask, or an alarm.
[[nodiscard]] int SignalChangesHere();

/// While there is one, no thread is to be had, for nobody in the process.
class NoThreads {
 public:
  NoThreads();
  ~NoThreads();
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;
};

/// Whether the shared libraries of the process are watched too, as all calls of this program are.
[[nodiscard]] bool LibrariesAreWatched();

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_FOOTPRINT_HOST_WATCH_H_
