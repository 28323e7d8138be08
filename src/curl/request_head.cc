#include "curl/request_head.h"

#include <cstddef>
#include <string_view>

#include "contain.h"
#include "scanner.h"

namespace service_accounts::v0::internal {
namespace {

/// Before a long body, of a kilobyte or a megabyte by its version, libcurl asks for "100 Continue",
/// waits a second for it, and repeats the request by itself after a 417. An empty "Expect:" forbids
/// it; a request that is short does without, since libcurl looks through all fields for each.
constexpr std::size_t kLongestWithoutExpect = 1000;

bool RefusesExpect(const HttpRequest& request) {
  return request.body.size() > kLongestWithoutExpect;
}

/// libcurl takes "Name:" for the wish to leave the header out, and "Name;" for an empty one.
std::string HeaderLine(const Header& header) {
  const bool empty = TrimSpace(header.value).empty();
  return empty ? header.name + ";" : header.name + ": " + header.value;
}

/// Taken apart once: a URL that it is given as text libcurl takes apart, and puts together again,
/// for each transfer, which is a sixth of all its work for one.
std::shared_ptr<CURLU> TakeApart(const std::string& url) {
  std::shared_ptr<CURLU> parts(curl_url(), curl_url_cleanup);
  if (parts == nullptr) ThrowBadAlloc();
  const CURLUcode code = curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), CURLU_PATH_AS_IS);
  if (code == CURLUE_OUT_OF_MEMORY) ThrowBadAlloc();
  return code == CURLUE_OK ? parts : nullptr;
}

}  // namespace

RequestHead::RequestHead(const HttpRequest& request, const RequestHead* before)
    : method_(request.method),
      url_text_(request.url),
      url_(before != nullptr && before->url_text_ == request.url ? before->url_
                                                                 : TakeApart(request.url)),
      headers_(request.headers),
      refuses_expect_(RefusesExpect(request)) {
  if (refuses_expect_) AppendLine("Expect:");
  for (const Header& header : headers_) AppendLine(HeaderLine(header));
}

void RequestHead::AppendLine(const std::string& line) {
  // On failure the list stays as it is, and is still ours.
  curl_slist* const longer = curl_slist_append(lines_.get(), line.c_str());
  if (longer == nullptr) ThrowBadAlloc();
  if (lines_ == nullptr) lines_.reset(longer);
}

bool RequestHead::IsOf(const HttpRequest& request) const {
  return refuses_expect_ == RefusesExpect(request) && method_ == request.method &&
         url_text_ == request.url && headers_ == request.headers;
}

bool RequestHead::https() const noexcept {
  return EqualsIgnoringCase(std::string_view(url_text_).substr(0, 6), "https:");
}

}  // namespace service_accounts::v0::internal
