// How a client reaches the service: set once, when it is made.
//
//   ClientOptions options;
//   options.base_url = "https://accounts.example.com";
//   options.credentials = BearerToken(token);
//   options.timeout = std::chrono::seconds(5);
//   ServiceAccountsClient client(options);
#ifndef SERVICE_ACCOUNTS_CLIENT_OPTIONS_H_
#define SERVICE_ACCOUNTS_CLIENT_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <service_accounts/credentials.h>
#include <service_accounts/error.h>
#include <service_accounts/export.h>
#include <service_accounts/header.h>
#include <service_accounts/http_transport.h>
#include <service_accounts/observer.h>
#include <service_accounts/proxy_options.h>
#include <service_accounts/retry_policy.h>
#include <service_accounts/tls_options.h>

namespace service_accounts {
inline namespace v0 {

/// Which version of HTTP is asked for; RFC 9112 and RFC 9113.
enum class HttpVersion {
  kHttp11,  ///< HTTP/1.1.
  kHttp2,   ///< HTTP/2 where the service agrees to it in the TLS handshake, else HTTP/1.1.
};

/// How a client reaches the service. A plain value with its defaults in place; `base_url` and
/// `credentials` are required.
struct ClientOptions {
  /// "https://host[:port][/prefix]", required; at most 2048 characters. The service's path is put
  /// behind it; a slash at the end makes no difference. Refused: user info, a query, a fragment,
  /// dot segments, anything that is not printable ASCII, and `http://` unless the host is loopback
  /// ("localhost", 127.0.0.0/8, "[::1]") or `allow_plain_http` is set.
  std::string base_url;

  /// Where the token comes from, required: `BearerToken`, `TokenFromEnvironment`, `TokenFromFile`
  /// or `TokenFromCallback`.
  Credentials credentials;

  /// Bounds the whole call, every attempt and every wait, on the steady clock: 30 seconds unless
  /// set; more than zero. Longer than a year means a year.
  std::chrono::milliseconds timeout{30'000};

  /// Bounds name lookup, connect and TLS handshake of each attempt, within `timeout`: 10 seconds
  /// unless set; more than zero.
  std::chrono::milliseconds connect_timeout{10'000};

  /// When a call repeats a request: by default at most twice, and only what cannot have created an
  /// account.
  RetryPolicy retry;

  /// Whom to trust, and the client's own certificate; for `https://` only. By default the system's
  /// certificates, and none of one's own.
  TlsOptions tls;

  /// Through which proxy the service is reached; by default as the environment says.
  ProxyOptions proxy;

  /// Sent with every request, at most 100 fields and 64 KiB together. `CallOptions::headers` of the
  /// same name take their place. Refused: a name that is not an RFC 9110 token, control bytes in
  /// either, and the fields that the library itself is answerable for (`Authorization`,
  /// `Proxy-Authorization`, `Content-*` of the body, `Host`, `User-Agent`, `Accept-Encoding` and
  /// those that frame the message).
  std::vector<Header> headers;

  /// The application's name in `User-Agent`, put before the library's: "my-tool/1.2". Printable
  /// ASCII, at most 256 characters.
  std::string user_agent;

  /// A reply longer than this, in bytes of its body, is not read to its end; more than zero, 1 MiB
  /// unless set. It also bounds the memory that one reply takes.
  std::size_t max_response_bytes{1 << 20};

  /// HTTP/1.1 unless HTTP/2 is asked for, by which a blocking call gains nothing.
  HttpVersion http_version{HttpVersion::kHttp11};

  /// Allows `http://` to any host. The token then crosses the network in clear.
  bool allow_plain_http{false};

  /// Another HTTP stack in place of libcurl, or a fake in tests; null: libcurl. It is shared by all
  /// calls of the client, so called from many threads. `tls`, `proxy` and `http_version` are then
  /// its own affair.
  std::shared_ptr<HttpTransport> transport;

  /// Told of every attempt and call, from many threads; null: nobody is.
  std::shared_ptr<Observer> observer;

  /// `base_url` from SERVICE_ACCOUNTS_BASE_URL, `credentials` from SERVICE_ACCOUNTS_TOKEN, both
  /// read now; everything else by default. What is not set shows in `Validate` and in every call.
  [[nodiscard]] static SERVICE_ACCOUNTS_EXPORT ClientOptions FromEnvironment();

  /// The first thing that is wrong, by name (`ErrorKind::kInvalidArgument`), or nothing. Reads the
  /// files that the options name, and opens no connection. A client checks its options in the same
  /// way; this is for programs that want to know at the start.
  [[nodiscard]] SERVICE_ACCOUNTS_EXPORT std::optional<Error> Validate() const;
};

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_CLIENT_OPTIONS_H_
