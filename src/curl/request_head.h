// What a request begins with, as libcurl takes it: method, URL and header fields.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_REQUEST_HEAD_H_
#define SERVICE_ACCOUNTS_SRC_CURL_REQUEST_HEAD_H_

#include <memory>
#include <string>
#include <vector>

#include <curl/curl.h>

#include <service_accounts/http_transport.h>

namespace service_accounts::v0::internal {

/// Made once, and shared by the transfers of a loop for as long as their requests begin alike. One
/// thread at a time.
class RequestHead {
 public:
  /// Takes from the one before, which may be null, what is the same.
  RequestHead(const HttpRequest& request, const RequestHead* before);

  /// Whether it is what this request begins with.
  [[nodiscard]] bool IsOf(const HttpRequest& request) const;

  [[nodiscard]] const char* method() const noexcept { return method_.c_str(); }

  /// Null: libcurl cannot read it.
  [[nodiscard]] CURLU* url() const noexcept { return url_.get(); }
  [[nodiscard]] bool https() const noexcept;

  [[nodiscard]] curl_slist* header_lines() const noexcept { return lines_.get(); }

 private:
  struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  };

  void AppendLine(const std::string& line);

  std::string method_;
  std::string url_text_;
  std::shared_ptr<CURLU> url_;
  std::vector<Header> headers_;
  bool refuses_expect_;
  std::unique_ptr<curl_slist, FreeList> lines_;
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_REQUEST_HEAD_H_
