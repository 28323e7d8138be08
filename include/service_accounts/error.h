// What went wrong, and what may have happened all the same.
//
//   if (!account) {
//     switch (account.error().outcome) {
//       case RequestOutcome::kNotSent:  // safe to repeat
//       case RequestOutcome::kRejected: // not created: correct the request
//       case RequestOutcome::kUnknown:  // look for the account before repeating
//       case RequestOutcome::kAccepted: // created, but its description was unreadable
//     }
//   }
#ifndef SERVICE_ACCOUNTS_ERROR_H_
#define SERVICE_ACCOUNTS_ERROR_H_

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include <service_accounts/export.h>

namespace service_accounts {
inline namespace v0 {

/// The cause: by the reply's status, or by the `code` of a 2xx reply that holds no account, or by
/// what kept a reply from coming.
enum class ErrorKind {
  kInvalidArgument,    ///< Refused here, before any network use: correct the call or the options.
  kBadRequest,         ///< 400: the service found the request wrong.
  kUnauthenticated,    ///< 401: the token is missing, wrong or expired.
  kPermissionDenied,   ///< 403: the token may not create service accounts.
  kNotFound,           ///< 404: wrong base URL, or wrong organization for the token.
  kConflict,           ///< 409: an account of that name exists, perhaps by your own earlier call
                       ///< whose outcome was unknown.
  kRateLimited,        ///< 429: slow down; see `Error::retry_after`.
  kServerError,        ///< 5xx: the service, or a gateway before it, failed.
  kUnexpectedStatus,   ///< Any other status that is not 2xx; redirects, and 408, included.
  kConnection,         ///< Name lookup, connect, reset, proxy.
  kTls,                ///< TLS handshake or certificate verification.
  kTimeout,            ///< The deadline passed, or that for connecting.
  kCancelled,          ///< The caller cancelled.
  kMalformedResponse,  ///< 2xx whose body is not the documented envelope with an account in it.
  kResponseTooLarge,   ///< 2xx whose reply was longer than `ClientOptions::max_response_bytes`.
};

/// What is known about the account after the call: the answer to "may I repeat it?". In the order
/// of their gravity: of a call's attempts the gravest counts.
enum class RequestOutcome {
  kNotSent,   ///< No byte of the request left: the account does not exist, repeating is safe.
  kRejected,  ///< The service answered that it did not create it: 4xx but 408, a redirect.
  kUnknown,   ///< It may have been created: look before repeating. Lost connections, deadlines, 408
              ///< and 5xx, once the request was sent.
  kAccepted,  ///< The service answered 2xx, but its reply could not be read: it was created.
};

/// Why a call failed. No member ever holds the token: where a reply echoed it, "[redacted]" stands
/// instead. Texts that came from the network are bounded, and may hold anything. A plain value.
struct Error {
  /// The cause.
  ErrorKind kind = ErrorKind::kInvalidArgument;

  /// Whether the account may exist all the same: what to go by when repeating.
  RequestOutcome outcome = RequestOutcome::kNotSent;

  int http_status = 0;     ///< The last reply's; 0: no status was received.
  std::string code;        ///< The error body's `code`, integer or string, as text; "" if none.
  std::string message;     ///< The service's words if it gave any, else ours; never empty.
  std::string request_id;  ///< The body's `requestId`, else the `X-Request-Id` header; "" if none.
  std::string details;     ///< A JSON object of the error body's further members; "" if none.
  std::string body;        ///< The reply's body as received, at most 64 KiB of it.

  /// What the `Retry-After` header asks for (RFC 9110, section 10.2.3), at most a day. A date is
  /// counted from the reply's own `Date`, and is zero if past. No value: there is none.
  std::optional<std::chrono::milliseconds> retry_after;

  /// How many times the call was tried on the network; 0 when it was refused here.
  int attempts = 0;

  /// One line for a log: cause, outcome, message, code, request id. Control bytes are escaped.
  [[nodiscard]] SERVICE_ACCOUNTS_EXPORT std::string ToString() const;
};

/// A few lower-case words, e.g. "bad request", "rate limited".
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT std::string_view ToString(ErrorKind kind) noexcept;

/// "not sent", "rejected", "unknown" or "accepted".
[[nodiscard]] SERVICE_ACCOUNTS_EXPORT std::string_view ToString(RequestOutcome outcome) noexcept;

/// Prints what `Error::ToString` says.
SERVICE_ACCOUNTS_EXPORT std::ostream& operator<<(std::ostream& out, const Error& error);

/// Prints what `ToString` says.
SERVICE_ACCOUNTS_EXPORT std::ostream& operator<<(std::ostream& out, ErrorKind kind);

/// Prints what `ToString` says.
SERVICE_ACCOUNTS_EXPORT std::ostream& operator<<(std::ostream& out, RequestOutcome outcome);

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_ERROR_H_
