// RFC 3339 `date-time`, read strictly: https://www.rfc-editor.org/rfc/rfc3339#section-5.6
#include <service_accounts/timestamp.h>

#include <string_view>

#include "calendar.h"
#include "scanner.h"

namespace service_accounts::v0 {
namespace {

using std::chrono::system_clock;

bool ReadDate(internal::Scanner& in, internal::CivilTime* time) {
  const auto year = in.Number(4);
  if (!year || !in.Skip("-")) return false;
  const auto month = in.Number(2);
  if (!month || !in.Skip("-")) return false;
  const auto day = in.Number(2);
  if (!day) return false;
  time->year = *year;
  time->month = *month;
  time->day = *day;
  return true;
}

/// ".25" as nanoseconds; further digits are cut off.
std::optional<std::chrono::nanoseconds> ReadFraction(internal::Scanner& in) {
  if (!in.Skip(".")) return std::chrono::nanoseconds(0);
  const std::string_view digits = in.Digits();
  if (digits.empty()) return std::nullopt;
  std::int64_t nanoseconds = 0;
  for (std::size_t i = 0; i < 9; ++i) {
    nanoseconds = nanoseconds * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  }
  return std::chrono::nanoseconds(nanoseconds);
}

/// "Z" or "+01:00": how far the local time is ahead of UTC.
std::optional<std::chrono::minutes> ReadOffset(internal::Scanner& in) {
  if (in.SkipAnyOf("Zz")) return std::chrono::minutes(0);
  const bool ahead = in.Skip("+");
  if (!ahead && !in.Skip("-")) return std::nullopt;
  const auto hours = in.Number(2);
  if (!hours || *hours > 23 || !in.Skip(":")) return std::nullopt;
  const auto minutes = in.Number(2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return ahead ? offset : -offset;
}

/// The clock may tick too finely to reach far: in nanoseconds 64 bits end in 2262.
std::optional<system_clock::time_point> ToTimePoint(std::chrono::seconds seconds,
                                                    std::chrono::nanoseconds fraction) {
  using Limits = std::chrono::time_point<system_clock, std::chrono::seconds>;
  const auto earliest =
      std::chrono::time_point_cast<std::chrono::seconds>(system_clock::time_point::min());
  const auto latest =
      std::chrono::time_point_cast<std::chrono::seconds>(system_clock::time_point::max());
  const Limits time{seconds};
  if (time <= earliest || time >= latest) return std::nullopt;
  return system_clock::time_point(time) +
         std::chrono::duration_cast<system_clock::duration>(fraction);
}

}  // namespace

std::optional<system_clock::time_point> Timestamp::time() const {
  internal::Scanner in(text_);
  internal::CivilTime local;
  if (!ReadDate(in, &local) || !in.SkipAnyOf("Tt ") || !ReadTimeOfDay(in, &local))
    return std::nullopt;
  const auto fraction = ReadFraction(in);
  if (!fraction) return std::nullopt;
  const auto offset = ReadOffset(in);
  const auto seconds = internal::SecondsSinceEpoch(local);
  if (!offset || !seconds || !in.AtEnd()) return std::nullopt;
  return ToTimePoint(*seconds - *offset, *fraction);
}

}  // namespace service_accounts::v0
