// Days of the proleptic Gregorian calendar: what the two date formats of HTTP and JSON stand on.
#ifndef SERVICE_ACCOUNTS_SRC_CALENDAR_H_
#define SERVICE_ACCOUNTS_SRC_CALENDAR_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "scanner.h"

namespace service_accounts::v0::internal {

/// A date and a time of day in UTC; month and day count from 1.
struct CivilTime {
  int year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;  ///< 60 is a leap second: the first second of the next minute.
};

constexpr bool IsLeapYear(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

constexpr int DaysInMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

/// Days from 1970-01-01 to the date, for the years 0 to 9999.
constexpr std::int64_t DaysSinceEpoch(int year, int month, int day) {
  std::int64_t days = day - 1;
  for (int m = 1; m < month; ++m) days += DaysInMonth(year, m);
  const std::int64_t past =
      year - 1;  // Whole years since year 1; -1 stands for year 0, a leap year.
  const std::int64_t leap_days = past < 0 ? -1 : past / 4 - past / 100 + past / 400;
  return days + past * 365 + leap_days - 719162;
}

/// Seconds since 1970-01-01T00:00:00Z; no value for a time that does not exist, e.g. a 30 February.
constexpr std::optional<std::chrono::seconds> SecondsSinceEpoch(const CivilTime& t) {
  if (t.year < 0 || t.year > 9999 || t.month < 1 || t.month > 12) return std::nullopt;
  if (t.day < 1 || t.day > DaysInMonth(t.year, t.month)) return std::nullopt;
  if (t.hour < 0 || t.hour > 23 || t.minute < 0 || t.minute > 59) return std::nullopt;
  if (t.second < 0 || t.second > 60) return std::nullopt;
  const std::int64_t minutes =
      (DaysSinceEpoch(t.year, t.month, t.day) * 24 + t.hour) * 60 + t.minute;
  return std::chrono::seconds(minutes * 60 + t.second);
}

/// Reads "08:49:37", which both formats have in common.
constexpr bool ReadTimeOfDay(Scanner& in, CivilTime* time) {
  const auto hour = in.Number(2);
  if (!hour || !in.Skip(":")) return false;
  const auto minute = in.Number(2);
  if (!minute || !in.Skip(":")) return false;
  const auto second = in.Number(2);
  if (!second) return false;
  time->hour = *hour;
  time->minute = *minute;
  time->second = *second;
  return true;
}

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CALENDAR_H_
