#include "proxy_secrets.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "scanner.h"

namespace service_accounts::v0::internal {
namespace {

int HexValue(char c) { return IsDigit(c) ? c - '0' : ToLower(c) - 'a' + 10; }

/// A "%" that is not followed by two digits stays as it is: a variable holds anything.
std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool encoded =
        text[i] == '%' && i + 2 < text.size() && IsHexDigit(text[i + 1]) && IsHexDigit(text[i + 2]);
    decoded +=
        encoded ? static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2])) : text[i];
    if (encoded) i += 2;
  }
  return decoded;
}

/// All before the last "@", whatever it holds: what libcurl then makes of a URL that is not quite
/// one does not matter here.
std::string_view UserInfo(std::string_view url) {
  const std::size_t at = url.rfind('@');
  if (at == std::string_view::npos) return "";
  const std::size_t scheme = url.find("://");
  const std::size_t begin = scheme < at ? scheme + 3 : 0;
  return url.substr(begin, at - begin);
}

}  // namespace

std::string EnvironmentProxy(bool https) {
  const char* const plain[] = {"http_proxy", "all_proxy", "ALL_PROXY"};
  const char* const secure[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
  const auto* const end = https ? std::end(secure) : std::end(plain);
  for (const auto* name = https ? std::begin(secure) : std::begin(plain); name != end; ++name) {
    const char* value = std::getenv(*name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "";
}

std::vector<std::string> ProxySecrets(const ProxyOptions& proxy, bool https) {
  const bool environment = proxy.source() == ProxyOptions::Source::kEnvironment;
  const std::string url = environment ? EnvironmentProxy(https) : proxy.url();
  const std::string_view info = UserInfo(url);
  if (info.empty()) return {};
  const std::size_t colon = std::min(info.find(':'), info.size());
  const std::string_view user = info.substr(0, colon);
  const std::string_view password = info.substr(std::min(colon + 1, info.size()));
  std::vector<std::string> secrets = {
      Base64(PercentDecoded(user) + ":" + PercentDecoded(password)),
      PercentDecoded(password),
      std::string(password),
      PercentDecoded(user),
      std::string(user),
  };
  // The longest first: a shorter one may stand in it, and would leave the rest of it.
  std::sort(secrets.begin(), secrets.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  secrets.erase(std::unique(secrets.begin(), secrets.end()), secrets.end());
  if (secrets.back().empty()) secrets.pop_back();
  return secrets;
}

std::string Base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view three = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t n = 0; n < 3; ++n) {
      bits = bits << 8U | (n < three.size() ? static_cast<unsigned char>(three[n]) : 0U);
    }
    for (std::size_t n = 0; n < 4; ++n) {
      text += n <= three.size() ? kAlphabet[bits >> (18 - 6 * n) & 63U] : '=';
    }
  }
  return text;
}

}  // namespace service_accounts::v0::internal
