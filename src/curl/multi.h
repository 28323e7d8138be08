// A multi handle, and how to wait for its sockets and timers: by epoll where there is one, else by
// `curl_multi_poll`. The first costs what is ready, the second what is in flight; figures are in
// docs/architecture.md.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_MULTI_H_
#define SERVICE_ACCOUNTS_SRC_CURL_MULTI_H_

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include <curl/curl.h>

#include "clock.h"

#if defined(__linux__) && !defined(SERVICE_ACCOUNTS_WITHOUT_EPOLL)
#define SERVICE_ACCOUNTS_EPOLL
#include <sys/epoll.h>
#endif

namespace service_accounts::internal {

/// Owns the connections of its transfers. One thread at a time, but for `Wake`.
class Multi {
 public:
  /// Keeps so many connections; 0: as many as four times its transfers.
  explicit Multi(long most_connections);
  ~Multi();
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;

  /// Lets libcurl do what is to be done by now. False: it has failed.
  [[nodiscard]] bool Perform();

  /// Blocks until there is something to be done, that time has come, or it is woken. False: the
  /// system has failed.
  [[nodiscard]] bool Wait(SteadyTime until);

  /// From any thread; also for a `Wait` that has not begun yet.
  void Wake() noexcept;

  /// A connection's socket has been opened, and will be closed. What else libcurl waits for it
  /// opens and closes without a word.
  [[nodiscard]] bool Adopt(curl_socket_t socket) noexcept;
  void Forget(curl_socket_t socket) noexcept;

  [[nodiscard]] CURLM* handle() const noexcept { return handle_; }
  [[nodiscard]] bool usable() const noexcept { return usable_; }

 private:
  CURLM* const handle_;
  bool usable_ = false;
#if defined(SERVICE_ACCOUNTS_EPOLL)
  /// What is known of a descriptor.
  struct Watch {
    bool adopted = false;
    bool wanted = false;   ///< libcurl waits for it.
    unsigned watched = 0;  ///< The events that epoll reports.
  };

  static int OnSocket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept;
  static int OnTimer(CURLM*, long milliseconds, void* self) noexcept;
  [[nodiscard]] Watch* Find(int descriptor) noexcept;
  [[nodiscard]] bool Want(int descriptor, unsigned events) noexcept;
  void Release(int descriptor) noexcept;
  [[nodiscard]] bool SetEvents(int descriptor, unsigned events) noexcept;
  [[nodiscard]] bool Act(const epoll_event& event);
  [[nodiscard]] bool ActOnTimer();

  int epoll_;
  int wakeup_;
  std::vector<Watch> watches_;  ///< By descriptor.
  std::optional<SteadyTime> timer_;
  std::array<epoll_event, 64> events_{};
  std::size_t ready_ = 0;  ///< Of them, to be acted on.
#endif
};

}  // namespace service_accounts::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_MULTI_H_
