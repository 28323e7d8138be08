#include <service_accounts/timestamp.h>

#include "tests/support/catch.h"

namespace service_accounts::v0 {
namespace {

using std::chrono::system_clock;

std::optional<long long> Milliseconds(const std::string& text) {
  const auto time = Timestamp(text).time();
  if (!time) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>(time->time_since_epoch()).count();
}

TEST_CASE("A timestamp keeps the text as received, whatever it is") {
  CHECK(Timestamp("next Tuesday").text() == "next Tuesday");
  CHECK(Timestamp("next Tuesday").time() == std::nullopt);
  CHECK(Timestamp().text().empty());
}

TEST_CASE("A timestamp in RFC 3339 is a point in time") {
  const std::pair<std::string, long long> cases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01t00:00:01z", 1000},
      {"1970-01-01 00:00:01Z", 1000},
      {"1969-12-31T23:59:59Z", -1000},
      {"2000-02-29T00:00:00Z", 951782400000},
      {"2024-02-29T12:30:45Z", 1709209845000},
      {"2026-11-24T01:54:00.5Z", 1795485240500},
      {"2026-11-24T01:54:00.123456789123Z", 1795485240123},
      {"1985-04-12T23:20:50.52Z", 482196050520},
      {"1996-12-19T16:39:57-08:00", 851042397000},
      {"1937-01-01T12:00:27.87+00:20", -1041337172130},
      {"1970-01-02T00:00:00+23:59", 60'000},
      {"1990-12-31T23:59:60Z", 662688000000},
      {"2100-03-01T00:00:00Z", 4107542400000},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    CHECK(Milliseconds(text) == expected);
  }
}

TEST_CASE("A timestamp that is not RFC 3339 is no point in time") {
  for (const std::string text : {"",
                                 "2026",
                                 "2026-11-24",
                                 "T00:00:00Z",
                                 "2026T00:00:00Z",
                                 "2026-11T00:00:00Z",
                                 "2026-11-T00:00:00Z",
                                 "2026-11-24T01:54Z",
                                 "2026-11-24T01:54:00",
                                 "2026-11-24T01:54:00ZZ",
                                 "2026-13-01T00:00:00Z",
                                 "2026-00-01T00:00:00Z",
                                 "2026-02-29T00:00:00Z",
                                 "1900-02-29T00:00:00Z",
                                 "2026-04-31T00:00:00Z",
                                 "2026-01-00T00:00:00Z",
                                 "2026-01-01T24:00:00Z",
                                 "2026-01-01T00:60:00Z",
                                 "2026-01-01T00:00:61Z",
                                 "2026-01-01T00:00:00.Z",
                                 "2026-01-01T00:00:00+24:00",
                                 "2026-01-01T00:00:00+01:60",
                                 "2026-01-01T00:00:00+0100",
                                 "2026-01-01T00:00:00 Z",
                                 "-026-01-01T00:00:00Z",
                                 "+2026-01-01T00:00:00Z",
                                 "20260101T000000Z",
                                 "2026-1-1T0:0:0Z"}) {
    CAPTURE(text);
    CHECK(Timestamp(text).time() == std::nullopt);
  }
}

TEST_CASE("A timestamp beyond the system clock's range is no point in time") {
  const auto last_year = std::chrono::duration_cast<std::chrono::hours>(
                             system_clock::time_point::max().time_since_epoch())
                                 .count() /
                             8766 +
                         1970;
  if (last_year < 9999) CHECK(Timestamp("9999-12-31T23:59:59Z").time() == std::nullopt);
  if (last_year < 9999) CHECK(Timestamp("0000-01-01T00:00:00Z").time() == std::nullopt);
  if (last_year != 2262) return;  // Where the clock ticks in nanoseconds, to the second:
  CHECK(Timestamp("1677-09-21T00:12:44Z").time() == std::nullopt);
  CHECK(Timestamp("1677-09-21T00:12:45Z").time());
  CHECK(Timestamp("2262-04-11T23:47:15.999Z").time());
  CHECK(Timestamp("2262-04-11T23:47:16.999Z").time() == std::nullopt);
}

TEST_CASE("Timestamps are equal when their texts are") {
  CHECK(Timestamp("a") == Timestamp("a"));
  CHECK(Timestamp("2026-01-01T00:00:00Z") != Timestamp("2026-01-01T01:00:00+01:00"));
}

}  // namespace
}  // namespace service_accounts::v0
