// Any text as an RFC 3339 time: read as the C library counts days.
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include <service_accounts/timestamp.h>

#include "fuzz.h"

namespace service_accounts::fuzz {
namespace {

int Number(std::string_view text, std::size_t at, std::size_t digits) {
  return static_cast<int>(std::strtol(std::string(text.substr(at, digits)).c_str(), nullptr, 10));
}

/// Of a text that is known to be a date-time.
std::time_t CountedByTheLibrary(std::string_view text) {
  std::tm parts{};
  parts.tm_year = Number(text, 0, 4) - 1900;
  parts.tm_mon = Number(text, 5, 2) - 1;
  parts.tm_mday = Number(text, 8, 2);
  parts.tm_hour = Number(text, 11, 2);
  parts.tm_min = Number(text, 14, 2);
  parts.tm_sec = Number(text, 17, 2);
  const std::time_t local = timegm(&parts);
  if (text.back() == 'Z' || text.back() == 'z') return local;
  const std::size_t zone = text.size() - 6;
  const int ahead = (Number(text, zone + 1, 2) * 60 + Number(text, zone + 4, 2)) * 60;
  return text[zone] == '+' ? local - ahead : local + ahead;
}

}  // namespace

void Try(std::string_view input) {
  using std::chrono::seconds;
  const Timestamp timestamp{std::string(input)};
  Require(timestamp.text() == input, "the text is kept");
  const auto time = timestamp.time();
  if (!time) return;

  Require(input.size() >= 20 &&
              input.find_first_not_of("0123456789-:.+TtZz ") == std::string_view::npos,
          "what is a time looks like one");
  const auto whole = std::chrono::floor<seconds>(*time);
  Require(whole.time_since_epoch().count() == CountedByTheLibrary(input),
          "it is the time that the C library counts");

  // Printed in UTC with nanoseconds, it is the same time.
  const std::time_t since = whole.time_since_epoch().count();
  std::tm parts{};
  Require(gmtime_r(&since, &parts) != nullptr, "a time has a date");
  char text[64];
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(*time - whole).count();
  (void)std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%09lldZ",
                      parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                      parts.tm_min, parts.tm_sec, static_cast<long long>(rest));
  Require(Timestamp(text).time() == time, "printed it reads back as the same");
}

}  // namespace service_accounts::fuzz
