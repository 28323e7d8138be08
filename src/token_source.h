// What stands behind `Credentials`: something that has a token, or says why it has none.
#ifndef SERVICE_ACCOUNTS_SRC_TOKEN_SOURCE_H_
#define SERVICE_ACCOUNTS_SRC_TOKEN_SOURCE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <service_accounts/cancellation.h>
#include <service_accounts/error.h>
#include <service_accounts/result.h>

#include "clock.h"

namespace service_accounts::v0::internal {

constexpr std::size_t kLongestToken = 8192;

/// A token that has been checked. Shared, so that handing it to a call copies no secret.
using Token = std::shared_ptr<const std::string>;

/// The call that a token is for: how long it can wait for it.
struct TokenContext {
  const Clock& clock;
  SteadyTime deadline;
  const CancellationToken& cancellation;
};

/// All of it may be called from any thread.
class TokenSource {
 public:
  TokenSource() = default;
  TokenSource(const TokenSource&) = delete;
  TokenSource& operator=(const TokenSource&) = delete;
  virtual ~TokenSource() = default;

  /// What is known to be wrong before any call is made; asks nobody over a network.
  [[nodiscard]] virtual std::optional<Error> Check() const = 0;

  /// The token to use now, if it is there without a wait; null: it takes `GetToken`.
  [[nodiscard]] virtual Token TokenAtHand(const Clock& clock) const = 0;

  /// The token to use now, or why there is none; may wait for whoever has it.
  [[nodiscard]] virtual Result<Token> GetToken(const TokenContext& context) const = 0;

  /// The service rejected this token: it is not to be given out again where another one can be had.
  virtual void Reject(const Token& rejected) const { static_cast<void>(rejected); }

  /// Where it comes from, e.g. "token from environment variable X"; no secret.
  [[nodiscard]] virtual std::string Description() const = 0;
};

/// Is it RFC 6750's b64token, of a sensible length? The error names `origin`, never the token.
[[nodiscard]] std::optional<Error> CheckToken(std::string_view token, std::string_view origin);

/// The same as a `Token`.
[[nodiscard]] Result<Token> CheckedToken(std::string token, std::string_view origin);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_TOKEN_SOURCE_H_
