// A `TlsServer` that speaks HTTP/2 (RFC 9113) with clients that agree to it, frame by frame as the
// test says: for faults that no HTTP/2 server would commit.
//
//   Http2Server server(authority.Issue(), {[](Http2Connection& c) {
//     while (const auto stream = c.ReadRequest()) c.ResetStream(stream, Http2Error::kCancel);
//   }});
//   ... call the client with server.base_url() ...
//   CHECK(server.Finish() == 1);  // how many POSTs it was sent, exactly
//
// No more of the protocol than that needs. Header blocks are not decoded: every request counts as a
// POST. Windows are not moved: more than 64 KiB of bodies on one connection are not all sent.
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_HTTP2_SERVER_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_HTTP2_SERVER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/certificates.h"
#include "tests/support/tls_server.h"

namespace service_accounts::tests {

/// RFC 9113, section 7.
enum class Http2Error : std::uint32_t {
  kNoError = 0x0,
  kInternalError = 0x2,
  kRefusedStream = 0x7,
  kCancel = 0x8,
  kHttp11Required = 0xd,
};

/// A request, by the number of its stream on the connection: 1, 3, 5... 0 stands for none.
using Http2Stream = std::uint32_t;

/// One connection whose handshake has agreed on HTTP/2, used by its own thread alone. When its
/// behaviour returns, it is closed and read to the peer's end, as a `TlsConnection` is.
class Http2Connection {
 public:
  Http2Connection(TlsConnection& tls, std::atomic<int>& posts);
  ~Http2Connection();
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;

  /// The next request, once its head is there: its body may still be under way. 0 when the peer
  /// closed, or the server stopped, before that.
  Http2Stream ReadHead();

  /// The next request, once it is whole; 0 as above.
  Http2Stream ReadRequest();

  // Each of these is one write, and false when it could not be sent.

  /// 200, with this body.
  bool Reply(Http2Stream stream, std::string_view body);

  /// 200, and a body that is yet to come.
  bool BeginReply(Http2Stream stream);

  bool ResetStream(Http2Stream stream, Http2Error error);

  /// Requests behind `last` will not be served. `debug_data` is for humans.
  bool GoAway(Http2Stream last, Http2Error error = Http2Error::kNoError,
              std::string_view debug_data = "");

  /// `Reply` and `GoAway` at once: a client that has the reply has both.
  bool ReplyAndGoAway(Http2Stream stream, std::string_view body);

  /// As those of `TlsConnection`.
  void Close() { tls_.Close(); }
  void CloseWithoutNotify() { tls_.CloseWithoutNotify(); }
  void Reset() { tls_.Reset(); }

 private:
  bool Receive();
  void TakeFrames();
  void TakeFrame(unsigned type, unsigned flags, Http2Stream stream);

  TlsConnection& tls_;
  std::atomic<int>& posts_;
  std::string input_;            // Not yet a whole frame.
  bool greeted_ = false;         // The client's preface was read.
  std::deque<Http2Stream> new_;  // Their heads are there, and nobody has asked for them yet.
  std::set<Http2Stream> whole_;
};

class Http2Server {
 public:
  using Behaviour = std::function<void(Http2Connection&)>;

  /// The n-th connection runs the n-th behaviour, the last one repeats. Behaviours that loop must
  /// end when reading returns 0 or writing false. A client that does not agree to HTTP/2 is served
  /// with HTTP/1.1 instead: each request is answered with 200 and `http11_body`.
  Http2Server(const Certificate& certificate, const std::vector<Behaviour>& behaviours,
              const std::string& http11_body = "{}");

  /// "https://127.0.0.1:<port>"
  [[nodiscard]] std::string base_url() const { return server_.base_url(); }

  /// Stops the server and returns how many POSTs it was sent, over HTTP/2 and HTTP/1.1: all whose
  /// head was read. Exact, as `RawServer::Finish`.
  int Finish();

  /// POSTs whose head was read so far, as `RawServer::posts`.
  [[nodiscard]] int posts() const { return server_.posts() + posts_; }

  /// Connections accepted so far.
  [[nodiscard]] int connections() const { return server_.connections(); }

 private:
  std::atomic<int> posts_{0};  // Over HTTP/2.
  TlsServer server_;           // The last one: its threads use the other.
};

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_HTTP2_SERVER_H_
