// A thread that handles no signals: they are the host's business, on the host's own threads.
#ifndef SERVICE_ACCOUNTS_SRC_QUIET_THREAD_H_
#define SERVICE_ACCOUNTS_SRC_QUIET_THREAD_H_

#include <thread>
#include <utility>

#if !defined(_WIN32)
#include <csignal>
#endif

namespace service_accounts::v0::internal {

/// A thread inherits the signals that its maker holds back, so they are held back for a moment.
class SignalsHeldBack {
 public:
#if defined(_WIN32)
  SignalsHeldBack() = default;
#else
  SignalsHeldBack() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsHeldBack() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
#endif
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;

#if !defined(_WIN32)
 private:
  sigset_t before_{};
#endif
};

/// Throws `std::system_error` when none is to be had.
template <class Function>
[[nodiscard]] std::thread QuietThread(Function function) {
  [[maybe_unused]] const SignalsHeldBack held_back;
  return std::thread(std::move(function));
}

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_QUIET_THREAD_H_
