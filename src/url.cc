#include "url.h"

#include <algorithm>

#include "scanner.h"

namespace service_accounts::internal {
namespace {

/// What may stand in a path beside letters, digits and "%XX": RFC 3986's pchar, and the slash.
constexpr std::string_view kPathPunctuation = "-._~!$&'()*+,;=:@/";

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

/// The outline of an IPv6 address in brackets; whether it is one is for the lookup to say.
bool IsAddressLiteral(std::string_view host) {
  if (host.size() < 4 || host.front() != '[' || host.back() != ']') return false;
  const std::string_view address = host.substr(1, host.size() - 2);
  return address.find(':') != std::string_view::npos &&
         std::all_of(address.begin(), address.end(),
                     [](char c) { return IsHexDigit(c) || c == ':' || c == '.'; });
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

bool IsLoopback(std::string_view host) {
  if (EqualsIgnoringCase(host, "localhost") || host == "[::1]") return true;
  if (TakeUntil(&host, ".") != "127") return false;
  for (int i = 0; i < 3; ++i) {
    if (host.empty() || host.front() != '.') return false;
    host.remove_prefix(1);
    if (!IsOctet(TakeUntil(&host, "."))) return false;
  }
  return host.empty();
}

/// "." and "..", also with their dots encoded: some on the way would resolve them, others not.
bool IsDotSegment(std::string_view segment) {
  Scanner in(segment);
  int dots = 0;
  while (in.Skip(".") || in.Skip("%2e") || in.Skip("%2E")) ++dots;
  return in.AtEnd() && (dots == 1 || dots == 2);
}

bool IsPathCharacter(char c) {
  return IsLetter(c) || IsDigit(c) || kPathPunctuation.find(c) != std::string_view::npos;
}

/// Why the path cannot be used; "" when it can.
std::string_view PathProblem(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%') {
      if (i + 2 >= path.size() || !IsHexDigit(path[i + 1]) || !IsHexDigit(path[i + 2])) {
        return "holds a \"%\" without two hexadecimal digits";
      }
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

/// Takes "host[:port]" apart; says what is wrong, or "".
std::string_view AuthorityProblem(std::string_view authority, BaseUrl* url) {
  if (authority.find('@') != std::string_view::npos) {
    return "holds user info (\"user@\"): the token is the only credential, set credentials";
  }
  const std::size_t end = authority.empty() || authority.front() != '[' ? 0 : authority.find(']');
  if (end == std::string_view::npos) return "has a host that begins with \"[\" and has no \"]\"";
  const std::size_t colon = authority.find(':', end);
  const std::string_view host = authority.substr(0, colon);
  if (!IsRegisteredName(host) && !IsAddressLiteral(host)) {
    return "has no valid host: write https://host[:port][/prefix]";
  }
  if (colon != std::string_view::npos && !IsPort(authority.substr(colon + 1))) {
    return "has a port that is not a number from 1 to 65535";
  }
  url->loopback = IsLoopback(host);
  return "";
}

std::string_view ReadBaseUrl(std::string_view text, BaseUrl* url) {
  if (text.empty())
    return "is empty: set it (SERVICE_ACCOUNTS_BASE_URL for ClientOptions::FromEnvironment), e.g. "
           "to "
           "https://accounts.example.com";
  if (text.size() > kLongestBaseUrl) return "is longer than 2048 characters";
  if (!std::all_of(text.begin(), text.end(), IsPrintableAscii)) {
    return "holds a space, a control character or one beyond ASCII";
  }
  std::string_view rest = text;
  const std::string_view scheme = TakeUntil(&rest, ":");
  if (rest.substr(0, 3) != "://") return "has no scheme: write https://host[:port][/prefix]";
  url->https = EqualsIgnoringCase(scheme, "https");
  if (!url->https && !EqualsIgnoringCase(scheme, "http")) {
    return "has a scheme that is neither https nor http";
  }
  rest.remove_prefix(3);
  const std::string_view authority = TakeUntil(&rest, "/?#\\");
  if (rest.find('?') != std::string_view::npos) return "holds a query (\"?\"): leave it out";
  if (rest.find('#') != std::string_view::npos) return "holds a fragment (\"#\"): leave it out";
  const std::string_view problem = AuthorityProblem(authority, url);
  return problem.empty() ? PathProblem(rest) : problem;
}

}  // namespace

std::optional<BaseUrl> ParseBaseUrl(std::string_view text, std::string* problem) {
  BaseUrl url;
  *problem = ReadBaseUrl(text, &url);
  if (!problem->empty()) return std::nullopt;
  text.remove_suffix(text.size() - 1 - text.find_last_not_of('/'));
  url.text = text;
  return url;
}

}  // namespace service_accounts::internal
