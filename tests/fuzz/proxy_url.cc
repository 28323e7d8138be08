// Any text as a proxy's URL: its credentials are cut off what may be shown.
#include <sstream>

#include <service_accounts/proxy_options.h>

#include "url.h"

#include "fuzz.h"

namespace service_accounts::fuzz {

void Try(std::string_view input) {
  std::string problem;
  const auto url = internal::ParseProxyUrl(input, &problem);
  Require(url.has_value() == problem.empty(), "there is a URL or a problem");
  std::ostringstream shown;
  shown << ProxyOptions::Url(std::string(input));
  if (!url) {
    Require(shown.str().find('@') == std::string::npos, "a URL that is not one is not shown");
    return;
  }
  Require(shown.str() == "proxy " + url->text, "what is shown is the URL without credentials");
  Require(url->text.find('@') == std::string::npos, "which are before the \"@\"");
  const std::size_t at = input.rfind('@');
  Require(url->user_info.empty() == (at == std::string_view::npos), "and nowhere else");
  const auto again = internal::ParseProxyUrl(url->text, &problem);
  Require(again && again->text == url->text && again->user_info.empty() &&
              again->https == url->https && again->loopback == url->loopback,
          "what is shown reads back as the same proxy");

  // With credentials, it is still the same one.
  std::string other = url->text;
  other.insert(other.find("://") + 3, "user:p%40ss@");
  if (other.size() > internal::kLongestUrl) return;
  const auto with = internal::ParseProxyUrl(other, &problem);
  Require(with && with->text == url->text && with->user_info == "user:p%40ss",
          "credentials are cut off and kept");
}

}  // namespace service_accounts::fuzz
