// Any text as a base URL: what is accepted means to libcurl what it means to us.
#include <algorithm>
#include <memory>

#include <curl/curl.h>

#include <service_accounts/client_options.h>

#include "text.h"
#include "url.h"

#include "fuzz.h"

namespace service_accounts::fuzz {
namespace {

/// A part of a URL as libcurl has it; "" if there is none.
std::string Part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
  std::string copy(text);
  curl_free(text);
  return copy;
}

bool IsLoopbackHost(std::string host) {
  std::transform(host.begin(), host.end(), host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return host == "localhost" || host == "[::1]" || host.rfind("127.", 0) == 0;
}

void CheckWithLibcurl(const internal::BaseUrl& base) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
  const std::string whole = base.text + "/v1/service-accounts";
  Require(curl_url_set(url.get(), CURLUPART_URL, whole.c_str(), 0) == CURLUE_OK,
          "libcurl takes what we take: " + whole);
  Require(Part(url.get(), CURLUPART_SCHEME) == (base.https ? "https" : "http"), "the scheme is it");
  for (const CURLUPart none : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
                               CURLUPART_FRAGMENT, CURLUPART_OPTIONS}) {
    Require(Part(url.get(), none).empty(), "nothing is hidden in it");
  }
  Require(!base.loopback || IsLoopbackHost(Part(url.get(), CURLUPART_HOST)),
          "what counts as loopback is loopback to libcurl");
  const std::string path = Part(url.get(), CURLUPART_PATH);
  Require(path.size() >= 20 && path.substr(path.size() - 20) == "/v1/service-accounts",
          "the path is where it was put");
  Require(whole.size() >= path.size() && whole.substr(whole.size() - path.size()) == path,
          "and nothing before it is changed");
}

}  // namespace

void Try(std::string_view input) {
  std::string problem;
  const auto url = internal::ParseBaseUrl(input, &problem);
  Require(url.has_value() == problem.empty(), "there is a URL or a problem");

  ClientOptions options;
  options.base_url = input;
  options.credentials = BearerToken("token");
  const auto error = options.Validate();
  Require(error.has_value() == !(url && (url->https || url->loopback)),
          "plain http is for loopback alone");
  if (error) {
    Require(error->kind == ErrorKind::kInvalidArgument, "a refusal is the caller's fault");
    Require(error->message.rfind("base_url: ", 0) == 0, "and names the option");
  }
  if (!url) return;

  Require(
      std::all_of(url->text.begin(), url->text.end(), [](char c) { return c > ' ' && c < 127; }),
      "what is accepted is printable");
  Require(url->text.find_first_of("?#@\\") == std::string::npos ||
              url->text.find('@') > url->text.find('/', 8),
          "and has no user info, query or fragment");
  Require(url->text.back() != '/', "and does not end with a slash, as a path comes behind it");
  const auto again = internal::ParseBaseUrl(url->text, &problem);
  Require(again && again->text == url->text && again->https == url->https &&
              again->loopback == url->loopback,
          "and reads back as the same");
  CheckWithLibcurl(*url);
}

}  // namespace service_accounts::fuzz
