#include <service_accounts/credentials.h>

#include <cstdlib>
#include <sstream>

#include "tests/support/catch.h"
#include "token_source.h"

namespace service_accounts::v0 {
namespace {

using namespace std::string_literals;

Result<internal::Token> GetToken(const Credentials& credentials) {
  const CancellationToken never;
  return credentials.source()->GetToken(
      {internal::SystemClock(), internal::SteadyTime::max(), never});
}

std::string Printed(const Credentials& credentials) {
  std::ostringstream out;
  out << credentials;
  return out.str();
}

TEST_CASE("Every character that RFC 6750 allows may stand in a token") {
  const std::string all = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/";
  for (const std::string& token : {all, all + "=", all + "==", "x"s, std::string(8192, 'a')}) {
    const auto got = GetToken(BearerToken(token));
    REQUIRE(got);
    CHECK(**got == token);
  }
}

TEST_CASE("A token that could not be sent is refused without being quoted") {
  for (const std::string& token :
       {""s, "SECRET\r\nX-Evil: 1"s, "SECRET\n"s, "SECRET\r"s, "SEC\0RET"s, "SEC RET"s, "\tSECRET"s,
        "SECRET\x7F"s, "SECR\xC3\xA9T"s, "SEC=RET"s, "=SECRET"s, "="s, "SECRET,"s, "\"SECRET\""s,
        std::string(8193, 'S'), std::string(1 << 20, 'S')}) {
    CAPTURE(token.size());
    const auto got = GetToken(BearerToken(token));
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == ErrorKind::kInvalidArgument);
    CHECK(got.error().outcome == RequestOutcome::kNotSent);
    CHECK(got.error().message.find("credentials: the token") == 0);
    CHECK(got.error().message.find("SEC") == std::string::npos);
    CHECK(got.error().message.size() < 300);
  }
}

TEST_CASE("The place of a character that no token may hold is told") {
  const auto got = GetToken(BearerToken("abc\n"));
  CHECK(got.error().message.find("at position 4 of 4") != std::string::npos);
}

TEST_CASE("A token comes from the environment variable that is named") {
  setenv("SERVICE_ACCOUNTS_TEST_TOKEN", "from-environment", 1);
  const Credentials credentials = TokenFromEnvironment("SERVICE_ACCOUNTS_TEST_TOKEN");
  setenv("SERVICE_ACCOUNTS_TEST_TOKEN", "changed-later", 1);
  const auto got = GetToken(credentials);
  unsetenv("SERVICE_ACCOUNTS_TEST_TOKEN");
  REQUIRE(got);
  CHECK(**got == "from-environment");
}

TEST_CASE("An environment variable that is missing or empty is named in the error") {
  unsetenv("SERVICE_ACCOUNTS_TEST_TOKEN");
  CHECK(GetToken(TokenFromEnvironment("SERVICE_ACCOUNTS_TEST_TOKEN")).error().message ==
        "credentials: environment variable SERVICE_ACCOUNTS_TEST_TOKEN is not set: put the API "
        "token into it");
  setenv("SERVICE_ACCOUNTS_TEST_TOKEN", "", 1);
  CHECK(GetToken(TokenFromEnvironment("SERVICE_ACCOUNTS_TEST_TOKEN")).error().message ==
        "credentials: the token from environment variable SERVICE_ACCOUNTS_TEST_TOKEN is empty");
  unsetenv("SERVICE_ACCOUNTS_TEST_TOKEN");
}

TEST_CASE("Printing credentials prints where the token comes from, and no secret") {
  CHECK(Printed(Credentials()) == "no credentials");
  CHECK(Printed(BearerToken("SECRET")) == "literal token");
  setenv("SERVICE_ACCOUNTS_TEST_TOKEN", "SECRET", 1);
  CHECK(Printed(TokenFromEnvironment("SERVICE_ACCOUNTS_TEST_TOKEN")) ==
        "token from environment variable SERVICE_ACCOUNTS_TEST_TOKEN");
  unsetenv("SERVICE_ACCOUNTS_TEST_TOKEN");
}

}  // namespace
}  // namespace service_accounts::v0
