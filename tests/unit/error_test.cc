#include <service_accounts/error.h>

#include <sstream>

#include "tests/support/catch.h"

namespace service_accounts::v0 {
namespace {

TEST_CASE("An error prints as one line with cause, message, outcome and ids") {
  Error error;
  error.kind = ErrorKind::kConflict;
  error.outcome = RequestOutcome::kRejected;
  error.http_status = 409;
  error.code = "NAME_TAKEN";
  error.message = "a service account of that name exists";
  error.request_id = "req_9";
  CHECK(error.ToString() ==
        "conflict: a service account of that name exists [rejected; HTTP 409; code NAME_TAKEN; "
        "request req_9]");
  std::ostringstream out;
  out << error;
  CHECK(out.str() == error.ToString());
}

TEST_CASE("An error whose outcome is open says what to do") {
  Error error;
  error.kind = ErrorKind::kTimeout;
  error.outcome = RequestOutcome::kUnknown;
  error.message = "no reply";
  CHECK(error.ToString() ==
        "timeout: no reply [outcome unknown: it may have been created, look before repeating]");
  error.outcome = RequestOutcome::kAccepted;
  CHECK(error.ToString().find("it was created, look it up") != std::string::npos);
}

TEST_CASE("An error stays one line whatever the service put into it") {
  Error error;
  error.message = "two\nlines \x1B[31m" + std::string(5000, 'x');
  error.code = "a\r\nb";
  error.request_id = std::string(1000, 'r');
  error.retry_after = std::chrono::milliseconds(1500);
  error.attempts = 3;
  const std::string line = error.ToString();
  CHECK(line.find_first_of("\r\n\x1B") == std::string::npos);
  CHECK(line.size() < 1500);
  CHECK(line.find("retry after 1500 ms; attempts 3") != std::string::npos);
}

TEST_CASE("Every kind and outcome has words of its own") {
  std::string all = ";";
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::kResponseTooLarge); ++kind) {
    const std::string words(ToString(static_cast<ErrorKind>(kind)));
    CHECK_FALSE(words.empty());
    CHECK(all.find(";" + words + ";") == std::string::npos);
    all += words + ";";
  }
  std::ostringstream out;
  out << ErrorKind::kTls << ", " << RequestOutcome::kNotSent;
  CHECK(out.str() == "TLS, not sent");
}

TEST_CASE("A kind and an outcome that this version does not know have words too") {
  Error error;
  error.kind = static_cast<ErrorKind>(1000);
  error.outcome = static_cast<RequestOutcome>(1000);
  error.message = "odd";
  CHECK(error.ToString() == "unknown error: odd [outcome unknown]");
  CHECK(ToString(error.outcome) == "unknown");
}

}  // namespace
}  // namespace service_accounts::v0
