// Whether requests go through a proxy, and through which.
//
//   options.proxy = ProxyOptions::FromEnvironment();                        // the default
//   options.proxy = ProxyOptions::None();
//   options.proxy = ProxyOptions::Url("http://proxy.example.com:3128");
//   options.proxy = ProxyOptions::Url("http://user:pass%40word@proxy.example.com:3128");
//
// What a proxy sees: for an https:// service "CONNECT host:port" and nothing of the request, so no
// token, unless it is told its own credentials; a SOCKS proxy the same in its own words. For an
// http:// service it is handed the whole request, the token in it.
#ifndef SERVICE_ACCOUNTS_PROXY_OPTIONS_H_
#define SERVICE_ACCOUNTS_PROXY_OPTIONS_H_

#include <iosfwd>
#include <string>

#include <service_accounts/export.h>

namespace service_accounts {
inline namespace v0 {

/// A value: no proxy, one for all, or as the environment says. It is for the library's own
/// transport: one in `ClientOptions::transport` does not see it.
class SERVICE_ACCOUNTS_EXPORT ProxyOptions {
 public:
  ProxyOptions() = default;  ///< As `FromEnvironment`.

  /// As libcurl reads the environment, each time that it connects. For an https:// service the
  /// first that is not empty of `https_proxy`, `HTTPS_PROXY`, `all_proxy` and `ALL_PROXY`; for an
  /// http:// one of `http_proxy`, `all_proxy` and `ALL_PROXY`: `HTTP_PROXY` is not read, because a
  /// CGI program has it from whoever sends a request. `no_proxy`, else `NO_PROXY`, lists the hosts
  /// and domains, with commas between them, that are reached directly; "*" is all.
  ///
  /// A service on loopback ("localhost", 127.0.0.0/8, "[::1]") is always reached directly.
  [[nodiscard]] static ProxyOptions FromEnvironment();

  /// Directly, whatever the environment says.
  [[nodiscard]] static ProxyOptions None();

  /// Through "scheme://[user[:password]@]host[:port]" to every host, one on loopback included,
  /// whatever the environment says. Checked with the other options, so that a wrong one shows in
  /// `ClientOptions::Validate` and in every call.
  ///
  /// Schemes: `http`; `https`, which is TLS to the proxy itself, verified as the service's is;
  /// `socks5`, and `socks5h`, where the proxy looks the service's name up. Without a port: 443 for
  /// `https`, else 1080.
  ///
  /// User and password are percent-encoded, sent to the proxy by HTTP's "Basic" or SOCKS's plain
  /// method, and treated as secrets: they are in no error and not printed. They cross the network
  /// in clear unless the scheme is `https`.
  ///
  /// A proxy that is not on loopback itself may stand before an http:// service only with
  /// `ClientOptions::allow_plain_http`.
  [[nodiscard]] static ProxyOptions Url(std::string url);

  /// For the library's own use, as are the two functions below: which of the three it was made by.
  enum class Source {
    kEnvironment,  ///< `FromEnvironment`
    kNone,         ///< `None`
    kUrl           ///< `Url`
  };

  /// Which of the three.
  [[nodiscard]] Source source() const noexcept { return source_; }

  /// With its credentials; "" unless `source` is `kUrl`.
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

  /// Made in the same way, of the same text.
  friend bool operator==(const ProxyOptions& a, const ProxyOptions& b) {
    return a.source_ == b.source_ && a.url_ == b.url_;
  }
  /// The contrary.
  friend bool operator!=(const ProxyOptions& a, const ProxyOptions& b) { return !(a == b); }

 private:
  ProxyOptions(Source source, std::string url);

  Source source_ = Source::kEnvironment;
  std::string url_;
};

/// "proxy from the environment", "no proxy" or "proxy http://proxy.example.com:3128": without
/// credentials, and without a URL that is not a valid one.
SERVICE_ACCOUNTS_EXPORT std::ostream& operator<<(std::ostream& out, const ProxyOptions& proxy);

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_PROXY_OPTIONS_H_
