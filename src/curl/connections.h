// The connections of a loop, and whether they still are any good.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_CONNECTIONS_H_
#define SERVICE_ACCOUNTS_SRC_CURL_CONNECTIONS_H_

#include <vector>

#include <curl/curl.h>

#include <service_accounts/version.h>

namespace service_accounts::v0::internal {

/// Before libcurl uses an idle connection again it looks whether the server has ended it. It does
/// not notice an end that comes with a last word, as TLS has one, nor looks at a connection that
/// other requests are using. A request given to such a connection is lost: not read by anybody, but
/// written, so that nobody can tell.
///
/// libcurl does not say which socket a request goes to, only its local port. One thread at a time.
class Connections {
 public:
  /// False: out of memory.
  [[nodiscard]] bool Add(curl_socket_t socket) noexcept;
  void Remove(curl_socket_t socket) noexcept;

  /// Whether there is one from that port that its other side has not ended.
  [[nodiscard]] bool IsOpen(int local_port) noexcept;

 private:
  struct Connection {
    int local_port;
    curl_socket_t socket;
  };
  using Iterator = std::vector<Connection>::iterator;

  [[nodiscard]] Iterator FirstAt(int local_port) noexcept;
  void TakeConnected() noexcept;

  std::vector<curl_socket_t> new_;     ///< As far as is known not connected, and so without a port.
  std::vector<Connection> connected_;  ///< By port; with room for the new ones.
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_CONNECTIONS_H_
