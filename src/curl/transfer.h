// One request at a time on one easy handle: configured once, used again and again.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_TRANSFER_H_
#define SERVICE_ACCOUNTS_SRC_CURL_TRANSFER_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include <service_accounts/http_transport.h>

#include "curl/multi.h"
#include "curl/request_head.h"
#include "deadline.h"
#include "default_transport.h"
#include "send_loop.h"

namespace service_accounts::v0::internal {

struct CloseEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
/// An easy handle with its callbacks and what they gather. Stays where it was made: libcurl holds
/// pointers to it. One thread at a time.
///
/// libcurl repeats a request by itself when a kept-alive connection breaks, also a POST that the
/// server has read. The guard against it is libcurl's own: `CURLOPT_PREREQFUNCTION` runs before any
/// byte of a request is written, each time, and may refuse. It lets the first one through and
/// counts.
class Transfer {
 public:
  /// Its connections are the multi handle's.
  Transfer(const DefaultTransportOptions& options, Multi* multi);
  ~Transfer() = default;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Makes the handle ready for a send whose request begins like that. Returns the first option
  /// that libcurl refused, in words, or "".
  [[nodiscard]] std::string Prepare(Send* send, std::shared_ptr<const RequestHead> head,
                                    SteadyTime now);

  /// Takes note that libcurl is done with it.
  void End(CURLcode code) noexcept;

  /// It has ended since the connection that it was to use had, and nothing was sent.
  [[nodiscard]] bool WantsAnotherConnection() const noexcept {
    return ended_ && code_ == CURLE_ABORTED_BY_CALLBACK && sends_ == 0;
  }

  /// Makes the handle ready to begin again on a new connection. False: libcurl refused an option.
  [[nodiscard]] bool PrepareAgain(SteadyTime now);

  /// What became of it. If it has not ended, it was cancelled.
  [[nodiscard]] TransportResult Finish() noexcept;

  /// What it was prepared for.
  [[nodiscard]] Send* send() const noexcept { return send_; }

  /// False when libcurl has refused an option: not to be used again.
  [[nodiscard]] bool usable() const noexcept { return refused_option_.empty(); }

  /// Null when libcurl could not make one.
  [[nodiscard]] CURL* easy() const noexcept { return easy_.get(); }

  /// Where its loop has put it.
  struct Place {
    std::size_t index = 0;  ///< Among those under way.
    std::size_t part = 0;   ///< Of the multi.
  };
  [[nodiscard]] Place& place() noexcept { return place_; }

 private:
  void SetFixedOptions(const DefaultTransportOptions& options);
  void SetCallbacks();
  void SetHead(std::shared_ptr<const RequestHead> head);
  void SetBody(std::string_view body);
  void SetTimeout(CURLoption option, std::chrono::nanoseconds time, long* current);
  void SetFreshConnection(bool fresh);
  template <class Value>
  void Set(CURLoption option, Value value);
  [[nodiscard]] TransportFailure DescribeFailure() const;

  void AddReplyLine(std::string_view line);
  void BeginReply(std::string_view status_line);
  [[nodiscard]] TransferTimes Times() const;
  [[nodiscard]] bool ReusesConnection() const;

  // libcurl's callbacks. No exception may cross libcurl: it would break the handle for good.
  static int OnBeforeSending(void* self, char*, char*, int, int) noexcept;
  static curl_socket_t OnOpenSocket(void* self, curlsocktype, curl_sockaddr* address) noexcept;
  static int OnCloseSocket(void* multi, curl_socket_t socket) noexcept;
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self) noexcept;

  Multi* const multi_;
  Place place_;
  std::unique_ptr<CURL, CloseEasy> easy_;
  std::string refused_option_;
  ProxyOptions proxy_;

  // What the handle is set to, so that it is set again only when that changes.
  std::shared_ptr<const RequestHead> head_;
  std::string_view body_;
  long timeout_ms_ = 0;
  long connect_timeout_ms_ = 0;
  bool fresh_connection_ = false;

  // The transfer under way.
  Send* send_ = nullptr;
  bool ended_ = false;
  CURLcode code_ = CURLE_OK;
  int sends_ = 0;
  bool repetition_refused_ = false;
  std::size_t max_body_bytes_ = 0;
  std::size_t header_bytes_ = 0;
  bool too_large_ = false;
  bool headers_done_ = false;
  bool in_header_block_ = false;  ///< Behind its status line.
  HttpResponse reply_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_TRANSFER_H_
