// A TCP server whose every connection does exactly what the test says, byte for byte: for faults
// that no HTTP server would commit. POSIX sockets on 127.0.0.1, one thread for each connection.
//
//   RawServer server({[](RawConnection& c) {
//     while (!c.ReadRequest().empty()) c.Write("HTTP/1.1 200 OK\r\nContent-Le");
//   }});
//   ... call the client with server.base_url() ...
//   CHECK(server.Finish() == 1);  // how many POSTs it was sent, exactly
//
// Nothing here sleeps: everything that waits is woken by the peer or by the server's end.
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_RAW_SERVER_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_RAW_SERVER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/http_text.h"

namespace service_accounts::tests {

class RawServer;

/// The requests that a server was sent, over all of its connections. Safe from any thread.
class RequestLog {
 public:
  void CountPost();
  void Add(std::string request);

  [[nodiscard]] int posts() const;
  [[nodiscard]] std::vector<std::string> requests() const;

 private:
  mutable std::mutex mutex_;
  int posts_ = 0;
  std::vector<std::string> requests_;
};

/// What one connection was sent, as it comes in. Counts each POST once its head is there, whoever
/// takes the bytes and however.
class RequestStream {
 public:
  explicit RequestStream(RequestLog& log) : log_(log) {}

  void Add(std::string_view bytes);

  /// The first request, head and Content-Length body, which is then in the log; "" as long as it is
  /// not whole.
  [[nodiscard]] std::string TakeRequest();

  /// All that is there, whole requests or not.
  [[nodiscard]] std::string TakeAll();

 private:
  RequestLog& log_;
  std::string bytes_;          // Not yet taken.
  std::string head_;           // Of the request being counted.
  std::size_t body_left_ = 0;  // Of the same, still to come.
};

/// One accepted connection, used by its own thread alone. When its behaviour returns, it is closed
/// with a FIN and read to the peer's end all the same: what the client still sends is counted, and
/// never answered with a reset that could overtake the reply.
class RawConnection {
 public:
  RawConnection(RawServer& server, int socket);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  /// One whole request, head and Content-Length body; "" when the peer closed, or the server
  /// stopped, before its end.
  std::string ReadRequest();

  /// What is there, at least one byte; "" when the peer closed or the server stopped.
  std::string ReadSome();

  /// False when not all of it could be sent: the peer is gone, or the server stopped.
  bool Write(std::string_view bytes);

  /// The reply and the FIN in one segment: a client that has read the reply finds the connection
  /// closed. For short replies.
  void WriteAndClose(std::string_view bytes);

  /// A FIN. The peer can still send, and be read.
  void Close();

  /// A RST. What had arrived by then is counted.
  void Reset();

  /// Until the peer closes or the server stops.
  void WaitForPeer();

  /// So long; at once false when the server stops or the peer closes both ways.
  bool Pause(std::chrono::milliseconds time);

 private:
  bool Receive();

  RawServer& server_;
  int socket_;
  RequestStream input_;
};

class RawServer {
 public:
  using Behaviour = std::function<void(RawConnection&)>;

  /// The n-th connection runs the n-th behaviour, the last one repeats. Behaviours that loop must
  /// end when reading returns "" or writing false.
  explicit RawServer(std::vector<Behaviour> behaviours);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  /// "http://127.0.0.1:<port>"
  [[nodiscard]] std::string base_url() const;
  [[nodiscard]] int port() const { return port_; }

  /// Stops the server and returns `posts()`, which is exact from then on: to be called when the
  /// client's call has returned. Whatever the kernel had for the server by then counts: connections
  /// in the backlog are accepted and run their behaviour, every connection is read until nothing
  /// more is there, and only then do its reads and waits end and its thread is joined.
  int Finish();

  /// POSTs whose head was read so far, by whatever function. Too few while a thread has yet to read
  /// what has arrived: see `Finish`.
  [[nodiscard]] int posts() const;

  /// Connections accepted so far.
  [[nodiscard]] int connections() const;

  /// What `ReadRequest` returned so far, in that order.
  [[nodiscard]] std::vector<std::string> requests() const;

 private:
  friend class RawConnection;

  void AcceptAll();
  void Serve(int socket);

  std::vector<Behaviour> behaviours_;
  int listener_ = -1;
  int port_ = 0;
  int stop_[2] = {-1, -1};  // A pipe: a byte in it wakes every poll, and those to come.
  std::thread acceptor_;
  std::vector<std::thread> threads_;  // The acceptor's, and `Finish`'s once that is joined.
  RequestLog log_;
  std::atomic<int> connections_{0};
};

/// Answers every request with `kAccount`: one too many would look like a success. For a connection
/// under TLS too.
inline constexpr auto AnswerAll = [](auto& connection) {
  while (!connection.ReadRequest().empty()) connection.Write(HttpReply(200, kAccount));
};

/// Reads one request, writes these bytes and closes.
[[nodiscard]] RawServer::Behaviour Answer(std::string bytes);

/// Accepts, and never says a word.
[[nodiscard]] RawServer::Behaviour Silence();

/// A port of 127.0.0.1 that refuses connections, always the same one. It is bound and never
/// listened on for as long as the process lives, so that nobody else can come to listen there.
[[nodiscard]] int ClosedPort();

/// A port of 127.0.0.1 that never answers: a listener whose backlog is full drops what else comes
/// in silence.
class BlackHole {
 public:
  BlackHole();
  ~BlackHole();
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;

  [[nodiscard]] int port() const { return port_; }

 private:
  int filler_;
  int listener_ = -1;
  int port_ = 0;
};

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_RAW_SERVER_H_
