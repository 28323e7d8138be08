#include "request_headers.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "invalid_argument.h"
#include "scanner.h"

namespace service_accounts::v0::internal {
namespace {

/// What the library answers for: the credential, the shape of the message, and what it can read.
constexpr std::array<std::string_view, 17> kReserved = {"Authorization",
                                                        "Proxy-Authorization",
                                                        "Content-Type",
                                                        "Content-Length",
                                                        "Content-Encoding",
                                                        "Accept-Encoding",
                                                        "Transfer-Encoding",
                                                        "TE",
                                                        "Trailer",
                                                        "Host",
                                                        "User-Agent",
                                                        "Connection",
                                                        "Keep-Alive",
                                                        "Proxy-Connection",
                                                        "Upgrade",
                                                        "HTTP2-Settings",
                                                        "Expect"};

/// RFC 9110's tchar.
bool IsNameCharacter(char c) {
  constexpr std::string_view kPunctuation = "!#$%&'*+-.^_`|~";
  return IsLetter(c) || IsDigit(c) || kPunctuation.find(c) != std::string_view::npos;
}

/// RFC 9110's field-content: no control but the tab.
bool IsValueCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7F) || c == '\t';
}

bool IsReserved(std::string_view name) {
  return std::any_of(kReserved.begin(), kReserved.end(),
                     [&](std::string_view reserved) { return EqualsIgnoringCase(reserved, name); });
}

std::string_view Problem(const Header& header) {
  if (header.name.empty()) return "has an empty name";
  if (!std::all_of(header.name.begin(), header.name.end(), IsNameCharacter)) {
    return "has a name with a character that RFC 9110 does not allow in one";
  }
  if (!std::all_of(header.value.begin(), header.value.end(), IsValueCharacter)) {
    return "has a value with a line break, NUL or another control character";
  }
  return "";
}

}  // namespace

std::optional<Error> CheckHeaders(const std::vector<Header>& headers, std::string_view where) {
  const std::string list(where);
  if (headers.size() > kMostHeaders) return InvalidArgument(list + ": more than 100 fields");
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const std::string name = list + "[" + std::to_string(i) + "]";
    const std::string_view problem = Problem(headers[i]);
    if (!problem.empty()) return InvalidArgument(name + ": " + std::string(problem));
    if (IsReserved(headers[i].name)) {
      return InvalidArgument(name + ": " + headers[i].name +
                             " is set by the library and cannot be given");
    }
    bytes += headers[i].name.size() + headers[i].value.size();
  }
  if (bytes > kMostHeaderBytes) return InvalidArgument(list + ": more than 64 KiB together");
  return std::nullopt;
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7F'; });
}

std::vector<Header> MergeHeaders(std::vector<Header> base, const std::vector<Header>& added) {
  const auto is_replaced = [&](const Header& header) {
    return std::any_of(added.begin(), added.end(), [&](const Header& other) {
      return EqualsIgnoringCase(other.name, header.name);
    });
  };
  base.erase(std::remove_if(base.begin(), base.end(), is_replaced), base.end());
  base.insert(base.end(), added.begin(), added.end());
  return base;
}

}  // namespace service_accounts::v0::internal
