// A client that sends bytes and returns bytes, for tests of the mock server that owe nothing to the
// library: POSIX sockets, one connection each.
//
//   RawClient client(port);
//   client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
//   CHECK(StatusOf(client.ReadReply()) == 404);
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_RAW_CLIENT_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_RAW_CLIENT_H_

#include <optional>
#include <string>
#include <string_view>

namespace service_accounts::tests {

/// One connection to 127.0.0.1. Throws `std::system_error` when there is nothing to connect to, and
/// when the server neither says anything nor closes for ten seconds: its test fails then instead of
/// hanging.
class RawClient {
 public:
  explicit RawClient(int port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void Send(std::string_view bytes);

  /// Says that nothing more will be sent (FIN), and goes on reading.
  void FinishSending();

  /// One whole reply, its end told by Content-Length; what there is of it when the server closed
  /// the connection first, so "" after the last one.
  [[nodiscard]] std::string ReadReply();

  /// Everything up to the server's closing the connection.
  [[nodiscard]] std::string ReadToEnd();

 private:
  bool Receive();

  int socket_;
  std::string received_;
};

/// Everything that the server answers to these bytes on a connection of their own.
[[nodiscard]] std::string Exchange(int port, std::string_view request_bytes);

/// The status in the reply's first line, or 0.
[[nodiscard]] int StatusOf(std::string_view reply);

/// The value of the first header field of that name, spelt like this.
[[nodiscard]] std::optional<std::string> HeaderOf(std::string_view reply, std::string_view name);

/// What follows the head.
[[nodiscard]] std::string BodyOf(std::string_view reply);

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_RAW_CLIENT_H_
