#include <service_accounts/credentials.h>

#include <cstdlib>
#include <ostream>
#include <utility>

#include "invalid_argument.h"
#include "scanner.h"
#include "token_source.h"

namespace service_accounts::v0 {
namespace internal {
namespace {

bool IsTokenCharacter(char c) {
  constexpr std::string_view kPunctuation = "-._~+/";
  return IsLetter(c) || IsDigit(c) || kPunctuation.find(c) != std::string_view::npos;
}

/// A token, or a lack of one, that never changes.
class FixedToken final : public TokenSource {
 public:
  FixedToken(Result<Token> token, std::string description)
      : token_(std::move(token)), description_(std::move(description)) {}

  [[nodiscard]] std::optional<Error> Check() const override {
    return token_ ? std::nullopt : std::optional<Error>(token_.error());
  }
  [[nodiscard]] Token TokenAtHand(const Clock&) const override {
    return token_ ? *token_ : nullptr;
  }
  [[nodiscard]] Result<Token> GetToken(const TokenContext&) const override { return token_; }
  [[nodiscard]] std::string Description() const override { return description_; }

 private:
  Result<Token> token_;
  std::string description_;
};

}  // namespace

Result<Token> CheckedToken(std::string token, std::string_view origin) {
  if (auto problem = CheckToken(token, origin)) return *std::move(problem);
  return Token(std::make_shared<const std::string>(std::move(token)));
}

std::optional<Error> CheckToken(std::string_view token, std::string_view origin) {
  const std::string name(origin);
  if (token.empty()) return InvalidArgument("credentials: the " + name + " is empty");
  if (token.size() > kLongestToken) {
    return InvalidArgument("credentials: the " + name + " is longer than 8192 characters");
  }
  std::size_t at = 0;
  while (at < token.size() && IsTokenCharacter(token[at])) ++at;
  const std::size_t padding = token.find_first_not_of('=', at);
  if (at > 0 && padding == std::string_view::npos) return std::nullopt;
  return InvalidArgument("credentials: the " + name + " holds, at position " +
                         std::to_string((at == 0 ? 0 : padding) + 1) + " of " +
                         std::to_string(token.size()) +
                         ", a character that no bearer token may hold (RFC 6750); a line break at "
                         "its end is a usual cause");
}

}  // namespace internal

Credentials::Credentials(std::shared_ptr<const internal::TokenSource> source)
    : source_(std::move(source)) {}

Credentials BearerToken(std::string token) {
  return Credentials(std::make_shared<internal::FixedToken>(
      internal::CheckedToken(std::move(token), "token"), "literal token"));
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): a text to keep, as for the other makers.
Credentials TokenFromEnvironment(std::string variable) {
  const std::string origin = "token from environment variable " + variable;
  const char* value = variable.empty() ? nullptr : std::getenv(variable.c_str());
  Result<internal::Token> token =
      value != nullptr ? internal::CheckedToken(value, origin)
                       : internal::InvalidArgument("credentials: environment variable " + variable +
                                                   " is not set: put the API token into it");
  return Credentials(std::make_shared<internal::FixedToken>(std::move(token), origin));
}

std::ostream& operator<<(std::ostream& out, const Credentials& credentials) {
  if (credentials.source() == nullptr) return out << "no credentials";
  return out << credentials.source()->Description();
}

}  // namespace service_accounts::v0
