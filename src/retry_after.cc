#include "retry_after.h"

#include <algorithm>
#include <array>

#include "calendar.h"
#include "scanner.h"

namespace service_accounts::v0::internal {
namespace {

using std::chrono::seconds;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> kLongDays = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

/// The number of the word that comes next, from 1; 0 when none does.
template <std::size_t N>
int SkipOneOf(Scanner& in, const std::array<std::string_view, N>& words) {
  for (std::size_t i = 0; i < N; ++i) {
    if (in.Skip(words[i])) return static_cast<int>(i) + 1;
  }
  return 0;
}

/// "06 Nov 1994 08:49:37 GMT", or with dashes and a year of two digits.
std::optional<seconds> ReadDayMonthYear(Scanner in, std::string_view separator,
                                        std::size_t year_digits) {
  CivilTime time;
  const auto day = in.Number(2);
  if (!day || !in.Skip(separator)) return std::nullopt;
  time.month = SkipOneOf(in, kMonths);
  if (!in.Skip(separator)) return std::nullopt;
  const auto year = in.Number(year_digits);
  if (!year || !in.Skip(" ") || !ReadTimeOfDay(in, &time) || !in.Skip(" GMT") || !in.AtEnd()) {
    return std::nullopt;
  }
  time.day = *day;
  time.year = year_digits == 4 ? *year : *year + (*year < 50 ? 2000 : 1900);
  return SecondsSinceEpoch(time);
}

/// "Nov  6 08:49:37 1994", the form of C's asctime.
std::optional<seconds> ReadAsctime(Scanner in) {
  CivilTime time;
  time.month = SkipOneOf(in, kMonths);
  if (!in.Skip(" ")) return std::nullopt;
  const auto day = in.Skip(" ") ? in.Number(1) : in.Number(2);
  if (!day || !in.Skip(" ") || !ReadTimeOfDay(in, &time) || !in.Skip(" ")) return std::nullopt;
  const auto year = in.Number(4);
  if (!year || !in.AtEnd()) return std::nullopt;
  time.day = *day;
  time.year = *year;
  return SecondsSinceEpoch(time);
}

std::chrono::milliseconds Clamp(seconds wait) {
  return std::clamp<seconds>(wait, seconds(0), kMaxRetryAfter);
}

/// The whole value is digits, however many.
std::optional<std::chrono::milliseconds> ParseSeconds(std::string_view text) {
  Scanner in(text);
  std::string_view digits = in.Digits();
  if (digits.empty() || !in.AtEnd()) return std::nullopt;
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.size() > 9) return kMaxRetryAfter;
  return Clamp(seconds(Scanner(digits).Number(digits.size()).value_or(0)));
}

}  // namespace

std::optional<seconds> ParseHttpDate(std::string_view text) {
  Scanner in(text);
  // The long names first: they begin with the short ones.
  if (SkipOneOf(in, kLongDays) != 0) {
    return in.Skip(", ") ? ReadDayMonthYear(in, "-", 2) : std::nullopt;
  }
  if (SkipOneOf(in, kDays) == 0) return std::nullopt;
  if (in.Skip(", ")) return ReadDayMonthYear(in, " ", 4);
  return in.Skip(" ") ? ReadAsctime(in) : std::nullopt;
}

std::optional<std::chrono::milliseconds> RetryAfter(const HeaderList& headers,
                                                    std::chrono::system_clock::time_point now) {
  const auto value = headers.find("Retry-After");
  if (!value) return std::nullopt;
  if (const auto wait = ParseSeconds(*value)) return wait;
  const auto date = ParseHttpDate(*value);
  if (!date) return std::nullopt;
  const auto sent = ParseHttpDate(headers.find("Date").value_or(""));
  return Clamp(*date - sent.value_or(std::chrono::duration_cast<seconds>(now.time_since_epoch())));
}

}  // namespace service_accounts::v0::internal
