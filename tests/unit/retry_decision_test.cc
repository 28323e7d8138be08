#include "retry_decision.h"

#include "tests/support/catch.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::chrono_literals;
using Kind = ErrorKind;
using Outcome = RequestOutcome;

Error Failed(Kind kind, Outcome outcome) {
  Error error;
  error.kind = kind;
  error.outcome = outcome;
  return error;
}

TEST_CASE("What may be repeated follows from outcome and status, and from nothing else") {
  struct Case {
    Kind kind;
    Outcome outcome;
    bool by_default;
    bool with_unknown;
  };
  const Case cases[] = {
      {Kind::kConnection, Outcome::kNotSent, true, true},
      {Kind::kTls, Outcome::kNotSent, true, true},
      {Kind::kTimeout, Outcome::kNotSent, true, true},
      {Kind::kCancelled, Outcome::kNotSent, false, false},
      {Kind::kInvalidArgument, Outcome::kNotSent, false, false},
      {Kind::kBadRequest, Outcome::kRejected, false, false},
      {Kind::kUnauthenticated, Outcome::kRejected, false, false},
      {Kind::kPermissionDenied, Outcome::kRejected, false, false},
      {Kind::kNotFound, Outcome::kRejected, false, false},
      {Kind::kConflict, Outcome::kRejected, false, false},
      {Kind::kUnexpectedStatus, Outcome::kRejected, false, false},
      {Kind::kRateLimited, Outcome::kRejected, true, true},
      {Kind::kServerError, Outcome::kUnknown, false, true},
      {Kind::kUnexpectedStatus, Outcome::kUnknown, false, true},
      {Kind::kConnection, Outcome::kUnknown, false, true},
      {Kind::kTimeout, Outcome::kUnknown, false, true},
      {Kind::kMalformedResponse, Outcome::kUnknown, false, true},
      {Kind::kCancelled, Outcome::kUnknown, false, false},
      {Kind::kMalformedResponse, Outcome::kAccepted, false, false},
      {Kind::kResponseTooLarge, Outcome::kAccepted, false, false},
      {Kind::kConnection, Outcome::kAccepted, false, false},
      {Kind::kTimeout, Outcome::kAccepted, false, false},
  };
  RetryPolicy by_default;
  RetryPolicy with_unknown;
  with_unknown.repeat_unknown_outcomes = true;
  for (const Case& c : cases) {
    CAPTURE(c.kind, c.outcome);
    const Error error = Failed(c.kind, c.outcome);
    CHECK(IsRepeatable(by_default, error) == c.by_default);
    CHECK(IsRepeatable(with_unknown, error) == c.with_unknown);
    CHECK(WaitBeforeRepeating(by_default, error, 1, 1h, 0.5).has_value() == c.by_default);
    CHECK(WaitBeforeRepeating(with_unknown, error, 1, 1h, 0.5).has_value() == c.with_unknown);
  }
}

TEST_CASE("An outcome that this version does not know is not repeated") {
  RetryPolicy policy;
  policy.repeat_unknown_outcomes = true;
  CHECK_FALSE(IsRepeatable(policy, Failed(Kind::kConnection, static_cast<Outcome>(1000))));
}

TEST_CASE("The attempts are counted, and one means exactly one") {
  const Error error = Failed(Kind::kConnection, Outcome::kNotSent);
  for (const int most : {1, 2, 3, 100}) {
    RetryPolicy policy;
    policy.max_attempts = most;
    for (int attempt = 1; attempt <= most + 1; ++attempt) {
      CAPTURE(most, attempt);
      CHECK(WaitBeforeRepeating(policy, error, attempt, 24h, 0.0).has_value() == (attempt < most));
    }
  }
}

TEST_CASE("The wait is a random part of a backoff that doubles up to its limit") {
  RetryPolicy policy;
  policy.max_attempts = 100;
  const Error error = Failed(Kind::kConnection, Outcome::kNotSent);
  const std::pair<int, std::chrono::milliseconds> cases[] = {{1, 200ms},  {2, 400ms},  {3, 800ms},
                                                             {4, 1600ms}, {5, 3200ms}, {6, 5000ms},
                                                             {7, 5000ms}, {99, 5000ms}};
  for (const auto& [attempt, backoff] : cases) {
    CAPTURE(attempt);
    CHECK(WaitBeforeRepeating(policy, error, attempt, 1h, 0.0) == 0ns);
    CHECK(WaitBeforeRepeating(policy, error, attempt, 1h, 0.5) == backoff / 2);
    CHECK(*WaitBeforeRepeating(policy, error, attempt, 1h, 0.999) <= backoff);
  }
}

TEST_CASE("A backoff may be zero, larger than its limit, or huge") {
  const Error error = Failed(Kind::kConnection, Outcome::kNotSent);
  RetryPolicy policy;
  policy.max_attempts = 100;
  policy.initial_backoff = 0ms;
  CHECK(WaitBeforeRepeating(policy, error, 50, 1h, 0.9) == 0ns);
  policy.initial_backoff = 10s;
  CHECK(WaitBeforeRepeating(policy, error, 1, 1h, 0.5) == 2500ms);
  policy.initial_backoff = policy.max_backoff = std::chrono::milliseconds::max();
  CHECK(WaitBeforeRepeating(policy, error, 99, 24h * 365 * 10, 0.5) == 24h * 365 / 2);
}

TEST_CASE("The wait is as long as the service asks, if that is longer") {
  Error error = Failed(Kind::kRateLimited, Outcome::kRejected);
  const RetryPolicy policy;
  error.retry_after = 3s;
  CHECK(WaitBeforeRepeating(policy, error, 1, 1h, 0.5) == 3s);
  error.retry_after = 0s;
  CHECK(WaitBeforeRepeating(policy, error, 1, 1h, 0.5) == 100ms);
}

TEST_CASE("A wait that would reach the deadline is not begun") {
  Error error = Failed(Kind::kRateLimited, Outcome::kRejected);
  const RetryPolicy policy;
  error.retry_after = 3s;
  CHECK(WaitBeforeRepeating(policy, error, 1, 3001ms, 0.5) == 3s);
  CHECK_FALSE(WaitBeforeRepeating(policy, error, 1, 3s, 0.5));
  CHECK_FALSE(WaitBeforeRepeating(policy, error, 1, 1s, 0.5));
  CHECK_FALSE(WaitBeforeRepeating(policy, error, 1, 0s, 0.0));
  CHECK_FALSE(WaitBeforeRepeating(policy, error, 1, -1s, 0.0));
}

TEST_CASE("A retry policy that makes no sense is refused by name") {
  const auto check = [](auto change) {
    RetryPolicy policy;
    change(policy);
    const auto error = CheckRetryPolicy(policy);
    return error ? error->message : std::string();
  };
  CHECK(check([](RetryPolicy&) {}).empty());
  CHECK(check([](RetryPolicy& p) { p.max_attempts = 100; }).empty());
  CHECK(check([](RetryPolicy& p) { p.initial_backoff = 0ms; }).empty());
  CHECK(check([](RetryPolicy& p) { p.max_backoff = 0ms; }).empty());
  CHECK(check([](RetryPolicy& p) { p.max_attempts = 0; }).find("retry.max_attempts: is 0") == 0);
  CHECK(check([](RetryPolicy& p) { p.max_attempts = -1; }).find("retry.max_attempts") == 0);
  CHECK(check([](RetryPolicy& p) { p.max_attempts = 101; }).find("retry.max_attempts") == 0);
  CHECK(check([](RetryPolicy& p) { p.initial_backoff = -1ms; }).find("retry.initial_backoff") == 0);
  CHECK(check([](RetryPolicy& p) { p.max_backoff = -1ms; }).find("retry.max_backoff") == 0);
}

}  // namespace
}  // namespace service_accounts::v0::internal
