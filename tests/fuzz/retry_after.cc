// Any two texts, a line each, as a reply's Retry-After and Date: the wait is within its bounds.
#include <algorithm>

#include "retry_after.h"

#include "fuzz.h"

namespace service_accounts::fuzz {
namespace {

bool IsDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// As digits of school arithmetic, which do not overflow.
long SecondsOf(std::string_view digits) {
  long seconds = 0;
  for (const char c : digits) seconds = std::min(seconds * 10 + (c - '0'), 86400L);
  return seconds;
}

}  // namespace

void Try(std::string_view input) {
  using std::chrono::milliseconds;
  std::string_view rest = input;
  const std::string_view value = TakeUntil(&rest, '\n');
  HeaderList headers;
  headers.push_back({"Retry-After", std::string(value)});
  if (!rest.empty()) headers.push_back({"Date", std::string(rest)});
  const std::chrono::system_clock::time_point now{std::chrono::hours(24 * 20000)};
  const auto wait = internal::RetryAfter(headers, now);

  if (wait) {
    Require(*wait >= milliseconds(0) && *wait <= internal::kMaxRetryAfter,
            "a wait is between nothing and a day");
  }
  const auto kept = headers.find("Retry-After");
  Require(kept.has_value(), "the header is there");
  if (IsDigits(*kept)) {
    Require(wait == milliseconds(1000 * SecondsOf(*kept)), "digits are seconds, a day at most");
  } else {
    const auto date = internal::ParseHttpDate(*kept);
    Require(wait.has_value() == date.has_value(), "all else is a date or nothing");
    const auto sent = internal::ParseHttpDate(headers.find("Date").value_or(""));
    if (date && sent && *date <= *sent) Require(*wait == milliseconds(0), "the past is now");
  }
}

}  // namespace service_accounts::fuzz
