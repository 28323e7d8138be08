#include "curl/transfer.h"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include "contain.h"
#include "curl/failure.h"
#include "curl/proxy.h"
#include "curl/set_option.h"
#include "curl/socket.h"
#include "curl/tls.h"
#include "scanner.h"

namespace service_accounts::v0::internal {
namespace {

/// More header bytes than this, over all header blocks of one reply, are an attack.
constexpr std::size_t kMaxHeaderBytes = 64 * 1024;

/// Each transfer has one: a reply fits into it as a rule, and a thousand of libcurl's own size, 16
/// KiB, would be most of the memory that a thousand calls in flight take.
constexpr long kReadBufferBytes = 2048;

/// An idle connection is not used again after this: below the limits of common servers, so that the
/// race with their closing it, whose outcome is unknown, stays rare.
constexpr long kMaxIdleSeconds = 15;

long ToMilliseconds(std::chrono::steady_clock::duration duration) {
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  constexpr auto kMost = static_cast<long long>(std::numeric_limits<long>::max());
  return static_cast<long>(std::clamp<long long>(milliseconds, 1, kMost));
}

/// "HTTP/1.1", "HTTP/2": libcurl makes a status of 200 of anything that begins with "HTTP/".
bool IsHttpVersion(std::string_view text) {
  Scanner in(text);
  if (!in.Skip("HTTP/") || !in.Number(1)) return false;
  return in.AtEnd() || (in.Skip(".") && in.Number(1) && in.AtEnd());
}

}  // namespace

Transfer::Transfer(const DefaultTransportOptions& options, Multi* multi)
    : multi_(multi), easy_(curl_easy_init()), proxy_(options.proxy) {
  if (easy_ == nullptr) {
    refused_option_ = "no handle: out of memory";
    return;
  }
  SetFixedOptions(options);
  SetTls(options.tls, easy_.get(), &refused_option_);
  SetProxy(options, easy_.get(), &refused_option_);
  SetCallbacks();
}

template <class Value>
void Transfer::Set(CURLoption option, Value value) {
  SetOption(easy_.get(), option, value, &refused_option_);
}

void Transfer::SetFixedOptions(const DefaultTransportOptions& options) {
  Set(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
#else
  Set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
  // Otherwise a deadline that passes during a name lookup would wait for the lookup to end.
  Set(CURLOPT_QUICK_EXIT, 1L);
#endif
  const bool http2 = options.http_version == HttpVersion::kHttp2;
  Set(CURLOPT_HTTP_VERSION,
      http2 ? static_cast<long>(CURL_HTTP_VERSION_2TLS) : static_cast<long>(CURL_HTTP_VERSION_1_1));
  // A request that comes while the connection is being made waits for it, and shares it.
  Set(CURLOPT_PIPEWAIT, http2 ? 1L : 0L);
  Set(CURLOPT_POST, 1L);
  Set(CURLOPT_FOLLOWLOCATION, 0L);
  Set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  Set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  Set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  Set(CURLOPT_PATH_AS_IS, 1L);
  Set(CURLOPT_MAXAGE_CONN, kMaxIdleSeconds);
  Set(CURLOPT_BUFFERSIZE, kReadBufferBytes);
}

void Transfer::SetCallbacks() {
  Set(CURLOPT_PRIVATE, this);
  Set(CURLOPT_ERRORBUFFER, error_text_.data());
  Set(CURLOPT_PREREQFUNCTION, &Transfer::OnBeforeSending);
  Set(CURLOPT_PREREQDATA, this);
  Set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::OnOpenSocket);
  Set(CURLOPT_OPENSOCKETDATA, this);
  // Of a connection, which this transfer may be long gone from.
  Set(CURLOPT_CLOSESOCKETFUNCTION, &Transfer::OnCloseSocket);
  Set(CURLOPT_CLOSESOCKETDATA, multi_);
  Set(CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  Set(CURLOPT_HEADERDATA, this);
  Set(CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  Set(CURLOPT_WRITEDATA, this);
}

std::string Transfer::Prepare(Send* send, std::shared_ptr<const RequestHead> head, SteadyTime now) {
  if (easy_ == nullptr) return refused_option_;
  const SendContext context = send->context();
  send_ = send;
  ended_ = false;
  sends_ = 0;
  repetition_refused_ = false;
  max_body_bytes_ = context.max_response_bytes;
  header_bytes_ = 0;
  too_large_ = false;
  headers_done_ = false;
  in_header_block_ = false;
  reply_ = HttpResponse();
  error_text_.front() = '\0';
  SetFreshConnection(false);
  SetHead(std::move(head));
  SetBody(send->request().body);
  SetTimeout(CURLOPT_TIMEOUT_MS, context.deadline - now, &timeout_ms_);
  SetTimeout(CURLOPT_CONNECTTIMEOUT_MS,
             std::min<std::chrono::milliseconds>(context.connect_timeout, kLongestTimeout),
             &connect_timeout_ms_);
  return refused_option_;
}

bool Transfer::PrepareAgain(SteadyTime now) {
  if (!Prepare(send_, head_, now).empty()) return false;
  SetFreshConnection(true);
  return usable();
}

void Transfer::SetHead(std::shared_ptr<const RequestHead> head) {
  if (head == head_) return;
  if (head->url() == nullptr) refused_option_ = "URL: it cannot be read";
  Set(CURLOPT_CUSTOMREQUEST, head->method());
  Set(CURLOPT_CURLU, head->url());
  Set(CURLOPT_HTTPHEADER, head->header_lines());
  head_ = std::move(head);
}

void Transfer::SetBody(std::string_view body) {
  // libcurl keeps where it is, not what it is.
  if (body.data() == body_.data() && body.size() == body_.size()) return;
  body_ = body;
  Set(CURLOPT_POSTFIELDS, body_.data());
  Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
}

void Transfer::SetTimeout(CURLoption option, std::chrono::nanoseconds time, long* current) {
  const long milliseconds = ToMilliseconds(time);
  if (milliseconds == *current) return;
  *current = milliseconds;
  Set(option, milliseconds);
}

void Transfer::SetFreshConnection(bool fresh) {
  if (fresh == fresh_connection_) return;
  fresh_connection_ = fresh;
  Set(CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
}

void Transfer::End(CURLcode code) noexcept {
  ended_ = true;
  code_ = code;
}

TransportResult Transfer::Finish() noexcept {
  reply_.times = Times();
  if (ended_ && code_ == CURLE_OK) {
    if (reply_.status >= 200) return std::move(reply_);
    code_ = CURLE_WEIRD_SERVER_REPLY;
  }
  TransportFailure failure;
  auto threw = Contain([&] { failure = DescribeFailure(); });
  if (threw) {
    failure.outcome = sends_ > 0 ? RequestOutcome::kUnknown : RequestOutcome::kNotSent;
    failure.message = *std::move(threw);
  }
  failure.partial = std::move(reply_);
  return failure;
}

TransportFailure Transfer::DescribeFailure() const {
  long verify_result = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_SSL_VERIFYRESULT, &verify_result);
  const bool https = head_->https();
  const std::string detail = WithoutProxySecrets(error_text_.data(), proxy_, https);
  return DescribeTransferFailure(
      code_, {sends_, repetition_refused_, too_large_, !ended_, verify_result, detail,
              FactsOfProxy(proxy_, easy_.get(), https)});
}

TransferTimes Transfer::Times() const {
  // libcurl counts each from the transfer's begin; a phase that was not reached is 0.
  const auto until = [this](CURLINFO phase) {
    curl_off_t microseconds = 0;
    curl_easy_getinfo(easy_.get(), phase, &microseconds);
    return std::chrono::microseconds(microseconds);
  };
  TransferTimes times;
  times.first_byte = until(CURLINFO_STARTTRANSFER_TIME_T);
  times.connection_reused = sends_ > 0 && ReusesConnection();
  if (times.connection_reused) return times;
  const auto lookup = until(CURLINFO_NAMELOOKUP_TIME_T);
  const auto connect = std::max(until(CURLINFO_CONNECT_TIME_T), lookup);
  times.lookup = lookup;
  times.connect = connect - lookup;
  times.tls = std::max(until(CURLINFO_APPCONNECT_TIME_T), connect) - connect;
  return times;
}

bool Transfer::ReusesConnection() const {
  long new_connections = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &new_connections);
  return new_connections == 0;
}

int Transfer::OnBeforeSending(void* self, char*, char*, int, int local_port) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  const bool lost = transfer.sends_ == 0 && !transfer.fresh_connection_ &&
                    transfer.ReusesConnection() &&
                    !transfer.multi_->connections().IsOpen(local_port);
  if (lost) return CURL_PREREQFUNC_ABORT;
  transfer.repetition_refused_ = ++transfer.sends_ > 1;
  return transfer.repetition_refused_ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

curl_socket_t Transfer::OnOpenSocket(void* self, curlsocktype, curl_sockaddr* address) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  // After the request was sent a new connection could only serve to send it again.
  transfer.repetition_refused_ = transfer.sends_ > 0;
  if (transfer.repetition_refused_) return CURL_SOCKET_BAD;
  const curl_socket_t opened = OpenSocket(*address);
  if (opened == CURL_SOCKET_BAD || transfer.multi_->OnOpened(opened)) return opened;
  CloseSocket(opened);
  return CURL_SOCKET_BAD;
}

int Transfer::OnCloseSocket(void* multi, curl_socket_t socket) noexcept {
  static_cast<Multi*>(multi)->OnClosing(socket);
  return CloseSocket(socket);
}

void Transfer::AddReplyLine(std::string_view line) {
  if (line.empty()) {
    headers_done_ = reply_.status >= 200;
    in_header_block_ = false;
  } else if (!std::exchange(in_header_block_, true)) {
    BeginReply(line);
  } else {
    reply_.headers.AddLine(line);
  }
}

void Transfer::BeginReply(std::string_view status_line) {
  if (reply_.status != 0) reply_ = HttpResponse();  // That was an interim one.
  reply_.http_version = status_line.substr(0, status_line.find(' '));
  Scanner in(status_line.substr(reply_.http_version.size()));
  in.Skip(" ");
  const std::string_view digits = in.Digits();
  const bool is_status = IsHttpVersion(reply_.http_version) && digits.size() == 3;
  reply_.status = is_status ? *Scanner(digits).Number(3) : 0;
}

std::size_t Transfer::OnHeader(char* data, std::size_t size, std::size_t count,
                               void* self) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::size_t bytes = size * count;
  transfer.header_bytes_ += bytes;
  transfer.too_large_ = transfer.header_bytes_ > kMaxHeaderBytes;
  if (transfer.too_large_) return 0;
  if (transfer.headers_done_) return bytes;  // Trailers say nothing that counts here.
  const auto threw = Contain([&] { transfer.AddReplyLine(TrimSpace({data, bytes})); });
  return threw ? 0 : bytes;
}

std::size_t Transfer::OnBody(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::size_t bytes = size * count;
  const std::size_t room = transfer.max_body_bytes_ - transfer.reply_.body.size();
  transfer.too_large_ = bytes > room;
  const auto threw = Contain([&] { transfer.reply_.body.append(data, std::min(bytes, room)); });
  return threw || transfer.too_large_ ? 0 : bytes;
}

}  // namespace service_accounts::v0::internal
