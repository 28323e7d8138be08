#include "url.h"

#include <algorithm>
#include <array>

#include "scanner.h"

namespace service_accounts::v0::internal {
namespace {

constexpr std::string_view kBaseForm = "https://host[:port][/prefix]";
constexpr std::string_view kProxyForm = "http://[user:password@]host:port";

/// What may stand in user info beside letters, digits and "%XX"; in a path RFC 3986 allows two
/// more.
constexpr std::string_view kUserInfoPunctuation = "-._~!$&'()*+,;=:";

/// The parts of "scheme://authority" and what follows.
struct Parts {
  std::string_view scheme;
  std::string_view authority;
  std::string_view rest;
};

bool IsPrintableAscii(char c) { return c > ' ' && c < '\x7F'; }

/// The text before the first of the delimiters, which is cut off `rest`.
std::string_view TakeUntil(std::string_view* rest, std::string_view delimiters) {
  const std::string_view taken = rest->substr(0, rest->find_first_of(delimiters));
  rest->remove_prefix(taken.size());
  return taken;
}

bool IsRegisteredName(std::string_view host) {
  return !host.empty() && host.front() != '.' && host.front() != '-' &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return IsLetter(c) || IsDigit(c) || c == '-' || c == '.' || c == '_';
         });
}

bool IsPort(std::string_view text) {
  if (text.empty() || text.size() > 5) return false;
  const auto port = Scanner(text).Number(text.size());
  return port && *port >= 1 && *port <= 65535;
}

/// One number of a dotted address, written plainly: other spellings mean other things to others.
bool IsOctet(std::string_view text) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0')) return false;
  const auto number = Scanner(text).Number(text.size());
  return number && *number <= 255;
}

bool IsDottedAddress(std::string_view host) {
  for (int i = 0; i < 3; ++i) {
    if (!IsOctet(TakeUntil(&host, ".")) || host.empty()) return false;
    host.remove_prefix(1);
  }
  return IsOctet(host);
}

bool IsLoopback(std::string_view host) {
  if (EqualsIgnoringCase(host, "localhost") || host == "[::1]") return true;
  return host.substr(0, 4) == "127." && IsDottedAddress(host);
}

/// How many groups of 16 bits: "2001:db8" are two, and so is a dotted address at the end. No value
/// where there is something else.
std::optional<int> CountGroups(std::string_view text) {
  if (text.empty()) return 0;
  for (int groups = 1;; ++groups) {
    const std::string_view group = TakeUntil(&text, ":");
    if (text.empty() && IsDottedAddress(group)) return groups + 1;
    if (group.empty() || group.size() > 4) return std::nullopt;
    if (!std::all_of(group.begin(), group.end(), IsHexDigit)) return std::nullopt;
    if (text.empty()) return groups;
    text.remove_prefix(1);
  }
}

/// RFC 3986's IPv6address in brackets: eight groups, or fewer around one "::".
bool IsAddressLiteral(std::string_view host) {
  if (host.size() < 4 || host.front() != '[' || host.back() != ']') return false;
  const std::string_view address = host.substr(1, host.size() - 2);
  const std::size_t gap = address.find("::");
  if (gap == std::string_view::npos) return CountGroups(address) == 8;
  const auto before = CountGroups(address.substr(0, gap));
  const auto behind = CountGroups(address.substr(gap + 2));
  return before && behind && *before + *behind < 8 &&
         address.substr(0, gap).find('.') == std::string_view::npos;
}

/// "." and "..", also with their dots encoded: some on the way would resolve them, others not.
bool IsDotSegment(std::string_view segment) {
  Scanner in(segment);
  int dots = 0;
  while (in.Skip(".") || in.Skip("%2e") || in.Skip("%2E")) ++dots;
  return in.AtEnd() && (dots == 1 || dots == 2);
}

bool IsUserInfoCharacter(char c) {
  return IsLetter(c) || IsDigit(c) || kUserInfoPunctuation.find(c) != std::string_view::npos;
}

bool IsPathCharacter(char c) { return IsUserInfoCharacter(c) || c == '@' || c == '/'; }

/// "%XX" at the text's begin.
bool IsEncoded(std::string_view text) {
  return text.size() >= 3 && IsHexDigit(text[1]) && IsHexDigit(text[2]);
}

/// "%00" to "%1F", and "%7F". Given one of these in a URL, libcurl goes past the proxy without a
/// word.
bool IsEncodedControl(std::string_view text) {
  return text[1] == '0' || text[1] == '1' || (text[1] == '7' && ToLower(text[2]) == 'f');
}

/// Why the path cannot be used; "" when it can.
std::string_view PathProblem(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%') {
      if (!IsEncoded(path.substr(i))) return "holds a \"%\" without two hexadecimal digits";
    } else if (!IsPathCharacter(path[i])) {
      return "holds a character that a URL's path may not: percent-encode it";
    }
  }
  while (!path.empty()) {
    path.remove_prefix(1);  // The slash.
    if (IsDotSegment(TakeUntil(&path, "/")))
      return "holds a dot segment: write the path without it";
  }
  return "";
}

std::string_view UserInfoProblem(std::string_view info) {
  if (info.empty()) return "has nothing before its \"@\"";
  for (std::size_t i = 0; i < info.size(); ++i) {
    if (info[i] == '%') {
      if (!IsEncoded(info.substr(i))) {
        return "has user info with a \"%\" without two hexadecimal digits: write \"%25\"";
      }
      if (IsEncodedControl(info.substr(i))) return "has user info with a control character";
    } else if (!IsUserInfoCharacter(info[i])) {
      return "has user info with a character that has to be percent-encoded";
    }
  }
  return "";
}

/// Takes the URL apart; says what is wrong, or "".
std::string_view Split(std::string_view text, Parts* parts) {
  if (text.size() > kLongestUrl) return "is longer than 2048 characters";
  if (!std::all_of(text.begin(), text.end(), IsPrintableAscii)) {
    return "holds a space, a control character or one beyond ASCII";
  }
  parts->scheme = TakeUntil(&text, ":");
  if (text.substr(0, 3) != "://") return "has no scheme: write ";
  text.remove_prefix(3);
  parts->authority = TakeUntil(&text, "/?#\\");
  parts->rest = text;
  return "";
}

/// Of "host[:port]".
std::string_view HostProblem(std::string_view authority, bool* loopback) {
  const std::size_t end = authority.empty() || authority.front() != '[' ? 0 : authority.find(']');
  if (end == std::string_view::npos) return "has a host that begins with \"[\" and has no \"]\"";
  const std::size_t colon = authority.find(':', end);
  const std::string_view host = authority.substr(0, colon);
  if (!IsRegisteredName(host) && !IsAddressLiteral(host)) return "has no valid host: write ";
  if (colon != std::string_view::npos && !IsPort(authority.substr(colon + 1))) {
    return "has a port that is not a number from 1 to 65535";
  }
  *loopback = IsLoopback(host);
  return "";
}

std::string_view ReadBaseUrl(std::string_view text, BaseUrl* url) {
  if (text.empty()) {
    return "is empty: set it (SERVICE_ACCOUNTS_BASE_URL for ClientOptions::FromEnvironment), e.g. "
           "to https://accounts.example.com";
  }
  Parts parts;
  if (const auto problem = Split(text, &parts); !problem.empty()) return problem;
  url->https = EqualsIgnoringCase(parts.scheme, "https");
  if (!url->https && !EqualsIgnoringCase(parts.scheme, "http")) {
    return "has a scheme that is neither https nor http";
  }
  if (parts.rest.find('?') != std::string_view::npos) return "holds a query (\"?\"): leave it out";
  if (parts.rest.find('#') != std::string_view::npos) {
    return "holds a fragment (\"#\"): leave it out";
  }
  if (parts.authority.find('@') != std::string_view::npos) {
    return "holds user info (\"user@\"): the token is the only credential, set credentials";
  }
  const std::string_view problem = HostProblem(parts.authority, &url->loopback);
  return problem.empty() ? PathProblem(parts.rest) : problem;
}

bool IsProxyScheme(std::string_view scheme) {
  constexpr std::array<std::string_view, 4> kKnown = {"http", "https", "socks5", "socks5h"};
  return std::any_of(kKnown.begin(), kKnown.end(),
                     [&](std::string_view known) { return EqualsIgnoringCase(scheme, known); });
}

std::string_view ReadProxyUrl(std::string_view text, ProxyUrl* url) {
  if (text.empty()) return "is empty: use ProxyOptions::None(), or write ";
  Parts parts;
  if (const auto problem = Split(text, &parts); !problem.empty()) return problem;
  if (!IsProxyScheme(parts.scheme)) {
    return "has a scheme that is none of http, https, socks5 and socks5h";
  }
  if (parts.rest.find('@') != std::string_view::npos) {
    return "has user info with a character that has to be percent-encoded";
  }
  if (!parts.rest.empty() && parts.rest != "/") return "holds more than a host and a port: write ";
  std::string_view host = parts.authority;
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
    url->user_info = host.substr(0, at);
    host.remove_prefix(at + 1);
    if (const auto problem = UserInfoProblem(url->user_info); !problem.empty()) return problem;
  }
  url->https = EqualsIgnoringCase(parts.scheme, "https");
  url->text = std::string(parts.scheme).append("://").append(host);
  return HostProblem(host, &url->loopback);
}

/// A problem that asks for another form ends with where that goes.
std::string InWords(std::string_view problem, std::string_view form) {
  std::string words(problem);
  if (!words.empty() && words.back() == ' ') words += form;
  return words;
}

}  // namespace

std::optional<BaseUrl> ParseBaseUrl(std::string_view text, std::string* problem) {
  BaseUrl url;
  *problem = InWords(ReadBaseUrl(text, &url), kBaseForm);
  if (!problem->empty()) return std::nullopt;
  text.remove_suffix(text.size() - 1 - text.find_last_not_of('/'));
  url.text = text;
  return url;
}

std::optional<ProxyUrl> ParseProxyUrl(std::string_view text, std::string* problem) {
  ProxyUrl url;
  *problem = InWords(ReadProxyUrl(text, &url), kProxyForm);
  if (!problem->empty()) return std::nullopt;
  return url;
}

}  // namespace service_accounts::v0::internal
