#include "tests/support/http2_server.h"

#include <algorithm>
#include <iterator>

namespace service_accounts::tests {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kFrameHead = 9;

// RFC 9113, section 6.
constexpr unsigned kData = 0x0;
constexpr unsigned kHeaders = 0x1;
constexpr unsigned kRstStream = 0x3;
constexpr unsigned kSettings = 0x4;
constexpr unsigned kGoAway = 0x7;
constexpr unsigned kAck = 0x1;
constexpr unsigned kEndStream = 0x1;
constexpr unsigned kEndHeaders = 0x4;

/// ":status: 200" has a number of its own in HPACK.
constexpr std::string_view kStatus200 = "\x88";

std::string BigEndian(std::uint32_t number, int bytes) {
  std::string text;
  while (bytes-- > 0) text += static_cast<char>(number >> (8 * bytes) & 0xff);
  return text;
}

std::uint32_t Number(std::string_view big_endian) {
  std::uint32_t number = 0;
  for (const char byte : big_endian) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

std::string Frame(unsigned type, unsigned flags, Http2Stream stream, std::string_view payload) {
  std::string frame = BigEndian(static_cast<std::uint32_t>(payload.size()), 3);
  frame += BigEndian(type, 1) + BigEndian(flags, 1) + BigEndian(stream, 4);
  return frame.append(payload);
}

std::string ReplyFrames(Http2Stream stream, std::string_view body) {
  return Frame(kHeaders, kEndHeaders, stream, kStatus200) + Frame(kData, kEndStream, stream, body);
}

std::string GoAwayFrame(Http2Stream last, Http2Error error, std::string_view debug_data) {
  std::string payload = BigEndian(last, 4) + BigEndian(static_cast<std::uint32_t>(error), 4);
  return Frame(kGoAway, 0, 0, payload.append(debug_data));
}

TlsServerOptions BothVersions(const Certificate& certificate) {
  TlsServerOptions options = Showing(certificate);
  options.protocols = {"h2", "http/1.1"};
  return options;
}

}  // namespace

Http2Connection::Http2Connection(TlsConnection& tls, std::atomic<int>& posts)
    : tls_(tls), posts_(posts) {
  tls_.Write(Frame(kSettings, 0, 0, ""));
}

Http2Connection::~Http2Connection() {
  Close();
  while (Receive()) {
  }
}

bool Http2Connection::Receive() {
  const std::string bytes = tls_.ReadSome();
  input_ += bytes;
  TakeFrames();
  return !bytes.empty();
}

void Http2Connection::TakeFrames() {
  if (!greeted_ && input_.size() >= kPreface.size()) {
    input_.erase(0, kPreface.size());
    greeted_ = true;
  }
  while (greeted_ && input_.size() >= kFrameHead) {
    const std::string_view head = std::string_view(input_).substr(0, kFrameHead);
    const std::size_t length = kFrameHead + Number(head.substr(0, 3));
    if (input_.size() < length) return;
    TakeFrame(Number(head.substr(3, 1)), Number(head.substr(4, 1)), Number(head.substr(5, 4)));
    input_.erase(0, length);
  }
}

void Http2Connection::TakeFrame(unsigned type, unsigned flags, Http2Stream stream) {
  if (type == kSettings && (flags & kAck) == 0) tls_.Write(Frame(kSettings, kAck, 0, ""));
  if (type == kHeaders) {
    ++posts_;
    new_.push_back(stream);
  }
  if ((type == kHeaders || type == kData) && (flags & kEndStream) != 0) whole_.insert(stream);
}

Http2Stream Http2Connection::ReadHead() {
  while (new_.empty()) {
    if (!Receive()) return 0;
  }
  const Http2Stream stream = new_.front();
  new_.pop_front();
  return stream;
}

Http2Stream Http2Connection::ReadRequest() {
  const Http2Stream stream = ReadHead();
  while (stream != 0 && whole_.count(stream) == 0) {
    if (!Receive()) return 0;
  }
  return stream;
}

bool Http2Connection::Reply(Http2Stream stream, std::string_view body) {
  return tls_.Write(ReplyFrames(stream, body));
}

bool Http2Connection::BeginReply(Http2Stream stream) {
  return tls_.Write(Frame(kHeaders, kEndHeaders, stream, kStatus200));
}

bool Http2Connection::ResetStream(Http2Stream stream, Http2Error error) {
  return tls_.Write(Frame(kRstStream, 0, stream, BigEndian(static_cast<std::uint32_t>(error), 4)));
}

bool Http2Connection::GoAway(Http2Stream last, Http2Error error, std::string_view debug_data) {
  return tls_.Write(GoAwayFrame(last, error, debug_data));
}

bool Http2Connection::ReplyAndGoAway(Http2Stream stream, std::string_view body) {
  return tls_.Write(ReplyFrames(stream, body) + GoAwayFrame(stream, Http2Error::kNoError, ""));
}

Http2Server::Http2Server(const Certificate& certificate, const std::vector<Behaviour>& behaviours,
                         const std::string& http11_body)
    : server_(BothVersions(certificate), [&] {
        std::vector<TlsServer::Behaviour> tls;
        std::transform(behaviours.begin(), behaviours.end(), std::back_inserter(tls),
                       [&](const Behaviour& behaviour) {
                         return [this, behaviour, http11_body](TlsConnection& c) {
                           if (c.protocol() == "h2") {
                             Http2Connection connection(c, posts_);
                             behaviour(connection);
                             return;
                           }
                           while (!c.ReadRequest().empty()) c.Write(HttpReply(200, http11_body));
                         };
                       });
        return tls;
      }()) {}

int Http2Server::Finish() {
  (void)server_.Finish();
  return posts();
}

}  // namespace service_accounts::tests
