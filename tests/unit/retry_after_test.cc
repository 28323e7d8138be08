#include "retry_after.h"

#include "tests/support/catch.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::system_clock;

// 1994-11-06T08:49:37Z, the date of RFC 9110's examples.
constexpr std::chrono::seconds kExample{784111777};
constexpr system_clock::time_point kNow{kExample - 10s};

std::optional<milliseconds> Wait(const std::string& value) {
  return RetryAfter({{"Retry-After", value}}, kNow);
}

TEST_CASE("Retry-After in seconds is honoured, and clamped to a day") {
  CHECK(Wait("0") == 0ms);
  CHECK(Wait("2") == 2s);
  CHECK(Wait("0000000000002") == 2s);
  CHECK(Wait("86400") == 24h);
  CHECK(Wait("86401") == 24h);
  CHECK(Wait("3000000000") == 24h);
  CHECK(Wait("9999999999") == 24h);
  CHECK(Wait("99999999999999999999999999999999") == 24h);
}

TEST_CASE("Retry-After as an HTTP date in any of its three forms is counted from now") {
  CHECK(Wait("Sun, 06 Nov 1994 08:49:37 GMT") == 10s);
  CHECK(Wait("Sunday, 06-Nov-94 08:49:37 GMT") == 10s);
  CHECK(Wait("Sun Nov  6 08:49:37 1994") == 10s);
  CHECK(Wait("Sun, 06 Nov 1994 08:49:20 GMT") == 0ms);
  CHECK(Wait("Sun, 06 Nov 2044 08:49:37 GMT") == 24h);
}

TEST_CASE("Retry-After as a date is counted from the reply's own date, whatever our clock says") {
  const HeaderList headers = {{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                              {"Retry-After", "Sun, 06 Nov 1994 08:49:40 GMT"}};
  CHECK(RetryAfter(headers, system_clock::time_point()) == 3s);
  CHECK(RetryAfter(headers, kNow + 1000h) == 3s);
}

TEST_CASE("Retry-After that is neither form is ignored") {
  for (const std::string value :
       {"", "-1", "+1", "1.5", "1 s", "soon", "0x10", "Sun, 06 Nov 1994",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49:37 GMT+1", "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nox 1994 08:49:37 GMT", "Sun Nov 06 08:49:37 94", "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov  6 08:49:37 ", "Sun, 6 Nov 1994 08:49:37 GMT"}) {
    CAPTURE(value);
    CHECK(Wait(value) == std::nullopt);
  }
  CHECK(RetryAfter({}, kNow) == std::nullopt);
}

TEST_CASE("An HTTP date may be of any day and month, in each form") {
  const std::string days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                              "Friday", "Saturday", "Sunday"};
  for (const std::string& day : days) {
    CAPTURE(day);
    const std::string shortened = day.substr(0, 3);
    CHECK(ParseHttpDate(day + ", 06-Nov-94 08:49:37 GMT") == kExample);
    CHECK(ParseHttpDate(shortened + ", 06 Nov 1994 08:49:37 GMT") == kExample);
    CHECK(ParseHttpDate(shortened + " Nov  6 08:49:37 1994") == kExample);
  }
  CHECK(ParseHttpDate("Wed Nov 16 08:49:37 1994") == kExample + 240h);
  const std::string months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr int kDaysBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  for (std::size_t i = 0; i < 12; ++i) {
    CAPTURE(months[i]);
    CHECK(ParseHttpDate("Sun, 01 " + months[i] + " 1970 00:00:00 GMT") == 24h * kDaysBefore[i]);
  }
}

TEST_CASE("An HTTP date without its day's name is none") {
  for (const char* date : {", 06-Nov-94 08:49:37 GMT", ", 06 Nov 1994 08:49:37 GMT",
                           " Nov  6 08:49:37 1994", "06 Nov 1994 08:49:37 GMT"}) {
    CAPTURE(date);
    CHECK(ParseHttpDate(date) == std::nullopt);
  }
}

TEST_CASE("An HTTP date with a two-digit year is within fifty years of 2000") {
  CHECK(ParseHttpDate("Friday, 31-Dec-99 23:59:59 GMT") == std::chrono::seconds(946684799));
  CHECK(ParseHttpDate("Saturday, 01-Jan-00 00:00:00 GMT") == std::chrono::seconds(946684800));
  CHECK(ParseHttpDate("Friday, 01-Jan-49 00:00:00 GMT") == std::chrono::seconds(2493072000));
  CHECK(ParseHttpDate("Sunday, 01-Jan-50 00:00:00 GMT") == std::chrono::seconds(-631152000));
}

}  // namespace
}  // namespace service_accounts::v0::internal
