#include "url.h"

#include "tests/support/catch.h"

namespace service_accounts::internal {
namespace {

std::optional<BaseUrl> Parse(const std::string& text) {
  std::string problem;
  const auto url = ParseBaseUrl(text, &problem);
  CHECK(url.has_value() == problem.empty());
  return url;
}

TEST_CASE("A base URL is taken with host, port and prefix, without the slashes at its end") {
  const std::pair<std::string, std::string> cases[] = {
      {"https://accounts.test", "https://accounts.test"},
      {"https://accounts.test/", "https://accounts.test"},
      {"https://accounts.test///", "https://accounts.test"},
      {"HTTPS://Accounts.Test:8443/a/b/", "HTTPS://Accounts.Test:8443/a/b"},
      {"https://accounts.test:65535", "https://accounts.test:65535"},
      {"https://accounts.test/a%20b/~c;d=e", "https://accounts.test/a%20b/~c;d=e"},
      {"https://accounts.test/a..b/...", "https://accounts.test/a..b/..."},
      {"https://192.0.2.1", "https://192.0.2.1"},
      {"https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"},
      {"https://my_host", "https://my_host"},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    const auto url = Parse(text);
    REQUIRE(url);
    CHECK(url->text == expected);
  }
}

TEST_CASE("A base URL that is not one is refused, saying why") {
  const std::pair<std::string, std::string> cases[] = {
      {"", "is empty"},
      {"accounts.test", "no scheme"},
      {"/v1", "no scheme"},
      {"https:accounts.test", "no scheme"},
      {"https:/accounts.test", "no scheme"},
      {"ftp://accounts.test", "neither https nor http"},
      {"file:///etc/passwd", "neither https nor http"},
      {"httpsx://accounts.test", "neither https nor http"},
      {"https://", "no valid host"},
      {"https:///path", "no valid host"},
      {"https://:443", "no valid host"},
      {"https://user@accounts.test", "user info"},
      {"https://user:pw@accounts.test", "user info"},
      {"https://accounts.test@evil.test", "user info"},
      {"https://accounts.test?x=1", "query"},
      {"https://accounts.test/a?x=1", "query"},
      {"https://accounts.test#f", "fragment"},
      {"https://accounts.test:0", "port"},
      {"https://accounts.test:99999", "port"},
      {"https://accounts.test:", "port"},
      {"https://accounts.test:8o", "port"},
      {"https://accounts.test:-1", "port"},
      {"https://[bad", "\"]\""},
      {"https://[]", "no valid host"},
      {"https://[::1]x", "no valid host"},
      {"https://[abcd]", "no valid host"},
      {"https://::1", "no valid host"},
      {"https://accounts .test", "space"},
      {"https://accounts.test/\r\nX: 1", "control"},
      {"https://accounts.test/\x7F", "control"},
      {std::string("https://accounts.test/\0", 23), "control"},
      {"https://acc\xC3\xB6unts.test", "ASCII"},
      {"https://accounts.test\\evil", "a URL's path"},
      {"https://-accounts.test", "no valid host"},
      {"https://.test", "no valid host"},
      {"https://a%62.test", "no valid host"},
      {"https://accounts.test/../x", "dot segment"},
      {"https://accounts.test/a/.", "dot segment"},
      {"https://accounts.test/%2e%2E/x", "dot segment"},
      {"https://accounts.test/.%2e", "dot segment"},
      {"https://accounts.test/%zz", "hexadecimal"},
      {"https://accounts.test/a%2", "hexadecimal"},
      {"https://accounts.test/{id}", "percent-encode"},
      {"https://accounts.test/" + std::string(100'000, 'a'), "2048"},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text.substr(0, 60));
    std::string problem;
    CHECK_FALSE(ParseBaseUrl(text, &problem));
    CAPTURE(problem);
    CHECK(problem.find(expected) != std::string::npos);
  }
}

TEST_CASE("Loopback is what is written as such, and nothing that looks like it") {
  for (const std::string host : {"localhost", "LocalHost", "127.0.0.1", "127.255.0.9", "[::1]"}) {
    CAPTURE(host);
    CHECK(Parse("http://" + host)->loopback);
    CHECK(Parse("http://" + host + ":8080/x")->loopback);
  }
  for (const std::string host :
       {"localhost.evil.test", "localhost.", "127.0.0.1.evil.test", "127.0.0.256", "127.1",
        "127.0.0", "127.0.0.01", "0127.0.0.1", "128.0.0.1", "127.0.0.1.", "evil-127.0.0.1", "[::2]",
        "[::ffff:127.0.0.1]", "2130706433", "127.0.0.x"}) {
    CAPTURE(host);
    const auto url = Parse("http://" + host);
    REQUIRE(url);
    CHECK_FALSE(url->loopback);
  }
}

TEST_CASE("The scheme says whether TLS is used, in any case of letters") {
  CHECK(Parse("https://a")->https);
  CHECK(Parse("HttpS://a")->https);
  CHECK_FALSE(Parse("http://a")->https);
}

}  // namespace
}  // namespace service_accounts::internal
