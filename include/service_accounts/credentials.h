// Where the API token comes from.
//
//   options.credentials = BearerToken(token);
//   options.credentials = TokenFromEnvironment();            // SERVICE_ACCOUNTS_TOKEN
//   options.credentials = TokenFromEnvironment("MY_TOKEN");
//
// A token is checked before it is used: 1 to 8192 characters of RFC 6750's b64token, which are
// letters, digits and "-._~+/", then any number of "=". Another one makes every call fail with
// `ErrorKind::kInvalidArgument`; the error does not quote it.
#ifndef SERVICE_ACCOUNTS_CREDENTIALS_H_
#define SERVICE_ACCOUNTS_CREDENTIALS_H_

#include <iosfwd>
#include <memory>
#include <string>

#include <service_accounts/export.h>

namespace service_accounts {

namespace internal {
class TokenSource;
}  // namespace internal

/// A handle: copies share one source, safe to use from any thread. Nothing gives the token back,
/// and printing a handle prints only where the token comes from.
class SERVICE_ACCOUNTS_EXPORT Credentials {
 public:
  Credentials() = default;  ///< None: every call fails with `ErrorKind::kInvalidArgument`.
  explicit Credentials(std::shared_ptr<const internal::TokenSource> source);

  /// For the library's own use.
  [[nodiscard]] const internal::TokenSource* source() const noexcept { return source_.get(); }

 private:
  std::shared_ptr<const internal::TokenSource> source_;
};

/// This token, as it is.
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT Credentials BearerToken(std::string token);

/// The token that this environment variable holds now: it is read here, once, and a later change is
/// not seen. A variable that is not set makes every call fail, naming it.
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT Credentials
TokenFromEnvironment(std::string variable = "SERVICE_ACCOUNTS_TOKEN");

/// Prints the kind of source, e.g. "token from environment variable SERVICE_ACCOUNTS_TOKEN".
SERVICE_ACCOUNTS_EXPORT std::ostream& operator<<(std::ostream& out, const Credentials& credentials);

}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_CREDENTIALS_H_
