// Any text as an HTTP date, and any time as a text: read as the C library would print it.
#include <cstdint>
#include <cstring>
#include <ctime>

#include "retry_after.h"

#include "fuzz.h"

namespace service_accounts::fuzz {
namespace {

/// RFC 9110's three forms, all but the first in disuse.
constexpr const char* kForms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                  "%a %b %e %H:%M:%S %Y"};

std::string Printed(std::time_t time, const char* form) {
  std::tm parts{};
  Require(gmtime_r(&time, &parts) != nullptr, "a time has a date");
  char text[64];
  // glibc pads no year to four digits.
  if (parts.tm_year < -900) return "";
  return {text, std::strftime(text, sizeof text, form, &parts)};
}

/// Behind the name of the day, which is redundant and not looked at.
std::string_view BehindDay(std::string_view text) { return text.substr(text.find(' ')); }

bool IsPrintedSo(std::string_view text, std::time_t time) {
  for (const char* form : kForms) {
    std::string printed = Printed(time, form);
    if (printed.empty()) return true;  // Too long ago for the C library to print it so.
    if (BehindDay(text) == BehindDay(printed)) return true;
    // asctime's day may have its blank as a zero.
    const std::size_t blanks = printed.find("  ");
    if (blanks != std::string::npos) printed[blanks + 1] = '0';
    if (BehindDay(text) == BehindDay(printed)) return true;
  }
  return false;
}

}  // namespace

void Try(std::string_view input) {
  if (const auto time = internal::ParseHttpDate(input)) {
    const bool leap_second = input.find(":60 ") != std::string_view::npos;
    Require(leap_second || IsPrintedSo(input, time->count()),
            "a date is the time that prints as it");
    const bool short_year = input.find('-') != std::string_view::npos;
    Require(!short_year || (time->count() >= -631152000 && time->count() <= 2524608000),
            "a year of two digits is from 1950 to 2049");
    Require(!leap_second || time->count() % 60 == 0, "a leap second is a minute's first");
  }

  std::uint64_t number = 0;
  std::memcpy(&number, input.data(), input.size() < sizeof number ? input.size() : sizeof number);
  constexpr std::uint64_t kSeconds = 253402300800U;  // To the year 10000.
  const auto any = static_cast<std::time_t>(number % kSeconds);
  for (const char* form : kForms) {
    const bool short_year = form == kForms[1];
    if (short_year && any >= 2524608000) continue;  // From 2050 on it would be another century.
    const auto read = internal::ParseHttpDate(Printed(any, form));
    Require(read && read->count() == any, "a printed time reads as it was");
  }
}

}  // namespace service_accounts::fuzz
