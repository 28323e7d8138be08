// What stands behind `Credentials`: something that has a token, or says why it has none.
#ifndef SERVICE_ACCOUNTS_SRC_TOKEN_SOURCE_H_
#define SERVICE_ACCOUNTS_SRC_TOKEN_SOURCE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <service_accounts/error.h>
#include <service_accounts/result.h>

namespace service_accounts::internal {

constexpr std::size_t kLongestToken = 8192;

/// A token that has been checked. Shared, so that handing it to a call copies no secret.
using Token = std::shared_ptr<const std::string>;

class TokenSource {
 public:
  TokenSource() = default;
  TokenSource(const TokenSource&) = delete;
  TokenSource& operator=(const TokenSource&) = delete;
  virtual ~TokenSource() = default;

  /// Safe to call from any thread.
  [[nodiscard]] virtual Result<Token> GetToken() const = 0;

  /// Where it comes from, e.g. "token from environment variable X"; no secret.
  [[nodiscard]] virtual std::string Description() const = 0;
};

/// Is it RFC 6750's b64token, of a sensible length? The error names `origin`, never the token.
[[nodiscard]] std::optional<Error> CheckToken(std::string_view token, std::string_view origin);

}  // namespace service_accounts::internal

#endif  // SERVICE_ACCOUNTS_SRC_TOKEN_SOURCE_H_
