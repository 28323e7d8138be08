#include "url.h"

#include "tests/support/catch.h"

namespace service_accounts::v0::internal {
namespace {

std::optional<BaseUrl> Parse(const std::string& text) {
  std::string problem;
  auto url = ParseBaseUrl(text, &problem);
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
      {"https://[::]", "https://[::]"},
      {"https://[1:2:3:4:5:6:7:8]", "https://[1:2:3:4:5:6:7:8]"},
      {"https://[1:2:3::5:6:7:8]", "https://[1:2:3::5:6:7:8]"},
      {"https://[::ffff:192.0.2.1]", "https://[::ffff:192.0.2.1]"},
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
      {"https://[1::2::3]", "no valid host"},
      {"https://[:::]", "no valid host"},
      {"https://[1:2:3:4:5:6:7]", "no valid host"},
      {"https://[1:2:3:4:5:6:7:8:9]", "no valid host"},
      {"https://[1:2:3:4::5:6:7:8]", "no valid host"},
      {"https://[12345::]", "no valid host"},
      {"https://[::g]", "no valid host"},
      {"https://[1.2.3.4::]", "no valid host"},
      {"https://[::1.2.3]", "no valid host"},
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

TEST_CASE("A proxy's URL is taken with scheme and host, and its user info kept apart") {
  struct Case {
    const char* url;
    const char* text;
    const char* user_info;
  };
  const Case cases[] = {
      {"http://proxy.test:3128", "http://proxy.test:3128", ""},
      {"http://proxy.test", "http://proxy.test", ""},
      {"HTTP://Proxy.Test:1/", "HTTP://Proxy.Test:1", ""},
      {"https://[2001:db8::1]:443", "https://[2001:db8::1]:443", ""},
      {"socks5://192.0.2.1", "socks5://192.0.2.1", ""},
      {"socks5h://user@proxy.test:1080", "socks5h://proxy.test:1080", "user"},
      {"http://user:pass@proxy.test/", "http://proxy.test", "user:pass"},
      {"http://:pass@proxy.test", "http://proxy.test", ":pass"},
      {"http://a%40b:c:d%2F%c3%A4@proxy.test", "http://proxy.test", "a%40b:c:d%2F%c3%A4"},
      {"http://-._~!$&'()*+,;=:@proxy.test", "http://proxy.test", "-._~!$&'()*+,;=:"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.url);
    std::string problem;
    const auto url = ParseProxyUrl(c.url, &problem);
    CHECK(problem.empty());
    REQUIRE(url);
    CHECK(url->text == c.text);
    CHECK(url->user_info == c.user_info);
    CHECK(url->https == (std::string(c.url).find("https") == 0));
  }
}

TEST_CASE("A proxy's URL that is not one is refused, saying why and quoting nothing") {
  const std::pair<std::string, std::string> cases[] = {
      {"", "is empty"},
      {"proxy.test:3128", "no scheme: write http://"},
      {"hidden:hidden@proxy.test:3128", "no scheme"},
      {"http:proxy.test", "no scheme"},
      {"ftp://hidden@proxy.test", "none of http, https, socks5 and socks5h"},
      {"socks://proxy.test", "none of http, https, socks5 and socks5h"},
      {"socks4://proxy.test", "none of http, https, socks5 and socks5h"},
      {"socks4a://proxy.test", "none of http, https, socks5 and socks5h"},
      {"http://", "no valid host: write http://"},
      {"http://hidden:hidden@", "no valid host"},
      {"http://hidden:hidden@:3128", "no valid host"},
      {"http://@proxy.test", "nothing before its \"@\""},
      {"http://proxy.test:", "port"},
      {"http://proxy.test:0", "port"},
      {"http://hidden:hidden@proxy.test:65536", "port"},
      {"http://[::1", "\"]\""},
      {"http://proxy.test/path", "more than a host and a port"},
      {"http://proxy.test//", "more than a host and a port"},
      {"http://proxy.test?x", "more than a host and a port"},
      {"http://proxy.test#x", "more than a host and a port"},
      {"http://proxy.test\\x", "more than a host and a port"},
      {"http://hidden:hid/den@proxy.test", "percent-encoded"},
      {"http://hidden:hid?den@proxy.test", "percent-encoded"},
      {"http://hidden:hid#den@proxy.test", "percent-encoded"},
      {"http://hidden:hid\\den@proxy.test", "percent-encoded"},
      {"http://hidden:hid@den@proxy.test", "percent-encoded"},
      {"http://hidden:hid\"den@proxy.test", "percent-encoded"},
      {"http://hidden:hid den@proxy.test", "holds a space"},
      {"http://hidden:hid\r\nden@proxy.test", "control"},
      {std::string("http://hidden:h") + '\0' + "d@proxy.test", "control"},
      {"http://hidden:hid\xC3\xA4@proxy.test", "ASCII"},
      {"http://hidden:%00@proxy.test", "control"},
      {"http://hidden:%0d%0aX-Evil:@proxy.test", "control"},
      {"http://hid%0Aden@proxy.test", "control"},
      {"http://hid%1fden@proxy.test", "control"},
      {"http://hid%7Fden@proxy.test", "control"},
      {"http://hidden:100%@proxy.test", "hexadecimal"},
      {"http://hidden:%4@proxy.test", "hexadecimal"},
      {"http://hidden:%zz@proxy.test", "hexadecimal"},
      {"http://hidden:hidden@" + std::string(100'000, 'a'), "2048"},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text.substr(0, 60));
    std::string problem;
    CHECK_FALSE(ParseProxyUrl(text, &problem));
    CAPTURE(problem);
    CHECK(problem.find(expected) != std::string::npos);
    CHECK(problem.find("hid") == std::string::npos);
    CHECK(problem.find("proxy.test") == std::string::npos);
  }
}

TEST_CASE("The scheme says whether TLS is used, in any case of letters") {
  CHECK(Parse("https://a")->https);
  CHECK(Parse("HttpS://a")->https);
  CHECK_FALSE(Parse("http://a")->https);
}

}  // namespace
}  // namespace service_accounts::v0::internal
