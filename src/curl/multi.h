// libcurl's multi handle, and how to wait for its sockets and timers.
//
// By `curl_multi_poll`, which costs what is in flight, where that is one transfer; by epoll, which
// costs what is ready, where it is many. docs/architecture.md has figures.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_MULTI_H_
#define SERVICE_ACCOUNTS_SRC_CURL_MULTI_H_

#include <cstddef>
#include <memory>

#include <curl/curl.h>

#include "clock.h"
#include "curl/connections.h"

namespace service_accounts::v0::internal {

struct CloseMulti {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
using MultiHandle = std::unique_ptr<CURLM, CloseMulti>;

/// Owns the connections of its transfers. One thread at a time, but for `Wake`.
class Multi {
 public:
  Multi() = default;
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;
  virtual ~Multi() = default;

  /// Takes a transfer on. Returns libcurl's words for why it cannot, or null. `part` is for
  /// `Remove`.
  [[nodiscard]] virtual const char* Add(CURL* easy, std::size_t* part) = 0;

  /// Its connection lives on if the transfer was whole.
  virtual void Remove(CURL* easy, std::size_t part) noexcept = 0;

  /// Lets libcurl do what is to be done by now. False: it has failed.
  [[nodiscard]] virtual bool Perform() = 0;

  /// Of a transfer that has ended; null: none has. It has to be removed before the next one is
  /// asked for.
  [[nodiscard]] virtual const CURLMsg* NextEnded() = 0;

  /// Blocks until there is something to be done, that time has come, or it is woken. False: the
  /// system has failed.
  [[nodiscard]] virtual bool Wait(SteadyTime until) = 0;

  /// From any thread; also for a `Wait` that has not begun yet.
  virtual void Wake() noexcept = 0;

  /// A connection's socket has been opened, or is about to be closed. Of what else libcurl waits
  /// for, it opens and closes without a word.
  [[nodiscard]] virtual bool OnOpened(curl_socket_t socket) noexcept {
    return connections_.Add(socket);
  }
  virtual void OnClosing(curl_socket_t socket) noexcept { connections_.Remove(socket); }

  [[nodiscard]] Connections& connections() noexcept { return connections_; }

 private:
  Connections connections_;
};

/// For one transfer at a time, whose connection is kept. Null: libcurl or the system has none to
/// spare.
[[nodiscard]] std::unique_ptr<Multi> MakeMultiForOne();

/// For any number.
[[nodiscard]] std::unique_ptr<Multi> MakeMultiForMany();

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_MULTI_H_
