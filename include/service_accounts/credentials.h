// Where the API token comes from.
//
//   options.credentials = BearerToken(token);
//   options.credentials = TokenFromEnvironment();            // SERVICE_ACCOUNTS_TOKEN
//   options.credentials = TokenFromEnvironment("MY_TOKEN");
//   options.credentials = TokenFromFile("/run/secrets/token");
//   options.credentials = TokenFromCallback([&]() -> Result<AccessToken> { return Fetch(); });
//
// A token is checked before it is used: 1 to 8192 characters of RFC 6750's b64token, which are
// letters, digits and "-._~+/", then any number of "=". Another one makes every call fail with
// `ErrorKind::kInvalidArgument`; the error does not quote it.
#ifndef SERVICE_ACCOUNTS_CREDENTIALS_H_
#define SERVICE_ACCOUNTS_CREDENTIALS_H_

#include <chrono>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include <service_accounts/export.h>
#include <service_accounts/result.h>

namespace service_accounts {
inline namespace v0 {

namespace internal {
class TokenSource;
}  // namespace internal

/// Where a client has its token from. A handle: copies share one source, safe to use from any
/// thread. Nothing gives the token back, and printing a handle prints only where the token comes
/// from.
class SERVICE_ACCOUNTS_EXPORT Credentials {
 public:
  Credentials() = default;  ///< None: every call fails with `ErrorKind::kInvalidArgument`.

  /// For the library's own use; programs call the functions below.
  explicit Credentials(std::shared_ptr<const internal::TokenSource> source);

  /// For the library's own use.
  [[nodiscard]] const internal::TokenSource* source() const noexcept { return source_.get(); }

 private:
  std::shared_ptr<const internal::TokenSource> source_;
};

/// This token, as it is. One that is not of the form above makes every call fail.
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT Credentials BearerToken(std::string token);

/// The token that this environment variable holds now: it is read here, once, and a later change is
/// not seen. A variable that is not set makes every call fail, naming it.
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT Credentials
TokenFromEnvironment(std::string variable = "SERVICE_ACCOUNTS_TOKEN");

/// The token that this file holds, less the white space around it; the file may hold nothing else.
/// It is read when a client is made (a file that is missing, unreadable or holds no token makes
/// every call of that client fail), again when its time or its size has changed, and when the
/// service rejects its token with a 401. So the file may be rewritten, renamed over, or swapped
/// with the directory that a symbolic link names. If it is gone or holds no token later on, the
/// last token serves for ten seconds more; then calls fail. Errors are
/// `ErrorKind::kInvalidArgument`, and name the path and the cause. A relative path is resolved
/// here, once.
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT Credentials TokenFromFile(std::string path);

/// A token as a callback hands it over.
struct AccessToken {
  std::string token;  ///< Without "Bearer"; of the form above.

  /// When it ends, by the computer's clock; looked at once, so that setting that clock later has no
  /// effect. None: nobody knows, and it is used until the service rejects it with a 401.
  std::optional<std::chrono::system_clock::time_point> expiry;
};

/// The token that this function fetches, on the thread of a call that needs one, or, for
/// asynchronous and bulk calls, on one that is there for that alone; kept for all calls
/// until shortly before its expiry (a tenth of its life, at most 60 s) or until the service rejects
/// it. One call fetches at a time: meanwhile the others use the token at hand, and only where there
/// is none they wait, each no longer than its deadline and its cancellation allow.
///
/// The function may be called from any thread, but never by two at once, and no lock is held. A
/// call cannot end before it does, so it has to be bounded by itself, and it must not use a client
/// that has these credentials.
///
/// If it returns an error, or throws (`ErrorKind::kUnauthenticated`), the calls that needed the
/// token fail with that: its kind stays, its message is put behind "credentials: ", its outcome
/// becomes `RequestOutcome::kNotSent` and its status 0. But while the token at hand is still good,
/// that one is used, and the function is left alone for a second. A token that has already expired
/// when it arrives is used by the calls that waited for it, since the clocks may disagree, and not
/// kept.
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT Credentials
TokenFromCallback(std::function<Result<AccessToken>()> callback);

/// Prints the kind of source, e.g. "token from environment variable SERVICE_ACCOUNTS_TOKEN".
SERVICE_ACCOUNTS_EXPORT std::ostream& operator<<(std::ostream& out, const Credentials& credentials);

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_CREDENTIALS_H_
