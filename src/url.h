// The URLs of the options: checked once, here, so that nothing behind it has to wonder what they
// hold.
#ifndef SERVICE_ACCOUNTS_SRC_URL_H_
#define SERVICE_ACCOUNTS_SRC_URL_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace service_accounts::v0::internal {

constexpr std::size_t kLongestUrl = 2048;

struct BaseUrl {
  std::string text;       ///< As given, without the slashes at its end.
  bool https = false;     ///< Otherwise http.
  bool loopback = false;  ///< "localhost", 127.0.0.0/8 written out, or "[::1]".
};

struct ProxyUrl {
  std::string text;       ///< "scheme://host[:port]", as given: fit to be shown.
  std::string user_info;  ///< "user[:password]" as given, percent-encoded, or "". A secret.
  bool https = false;     ///< TLS to the proxy itself.
  bool loopback = false;  ///< As above, of the proxy.
};

/// Reads "http[s]://host[:port][/prefix]" and nothing wider: RFC 3986 without user info, query,
/// fragment and dot segments. Where it is something else, says what in `problem`.
[[nodiscard]] std::optional<BaseUrl> ParseBaseUrl(std::string_view text, std::string* problem);

/// Reads "scheme://[user[:password]@]host[:port]" for the schemes that `ProxyOptions::Url` takes.
/// `problem` quotes nothing.
[[nodiscard]] std::optional<ProxyUrl> ParseProxyUrl(std::string_view text, std::string* problem);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_URL_H_
