#include <service_accounts/client_options.h>

#include <cstdlib>
#include <functional>

#include "tests/support/catch.h"

namespace service_accounts::v0 {
namespace {

using namespace std::chrono_literals;

ClientOptions Good() {
  ClientOptions options;
  options.base_url = "https://accounts.test";
  options.credentials = BearerToken("token");
  return options;
}

TEST_CASE("Options with a base URL and credentials are enough") {
  CHECK(Good().Validate() == std::nullopt);
}

TEST_CASE("The defaults of the options are the documented ones") {
  const ClientOptions options;
  CHECK(options.timeout == 30s);
  CHECK(options.connect_timeout == 10s);
  CHECK(options.max_response_bytes == 1 << 20);
  CHECK_FALSE(options.allow_plain_http);
  CHECK(options.transport == nullptr);
}

TEST_CASE("An option that cannot work is named in the error") {
  struct Case {
    const char* what;
    std::function<void(ClientOptions&)> change;
    const char* expected;
  };
  const Case cases[] = {
      {"no base URL", [](auto& o) { o.base_url.clear(); }, "base_url: is empty"},
      {"not a URL", [](auto& o) { o.base_url = "accounts"; }, "base_url: has no scheme"},
      {"http to a host", [](auto& o) { o.base_url = "http://accounts.test"; },
       "base_url: http:// would send the token in clear"},
      {"no credentials", [](auto& o) { o.credentials = Credentials(); },
       "credentials: none are set"},
      {"bad token", [](auto& o) { o.credentials = BearerToken("a b"); },
       "credentials: the token holds"},
      {"no timeout", [](auto& o) { o.timeout = 0ms; }, "timeout: is 0 ms"},
      {"negative timeout", [](auto& o) { o.timeout = -5ms; }, "timeout: is -5 ms"},
      {"no connect timeout", [](auto& o) { o.connect_timeout = 0ms; }, "connect_timeout: is 0 ms"},
      {"no room for a reply", [](auto& o) { o.max_response_bytes = 0; },
       "max_response_bytes: is zero"},
      {"smuggled header",
       [](auto& o) {
         o.headers = {{"authorization", "x"}};
       },
       "headers[0]: authorization"},
      {"line break in the user agent", [](auto& o) { o.user_agent = "a\r\nb"; },
       "user_agent: holds"},
      {"long user agent", [](auto& o) { o.user_agent = std::string(257, 'a'); },
       "user_agent: is longer"},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    ClientOptions options = Good();
    c.change(options);
    const auto error = options.Validate();
    REQUIRE(error);
    CHECK(error->kind == ErrorKind::kInvalidArgument);
    CHECK(error->outcome == RequestOutcome::kNotSent);
    CAPTURE(error->message);
    CHECK(error->message.find(c.expected) == 0);
  }
}

TEST_CASE("Plain HTTP is allowed to loopback, and elsewhere only when asked for") {
  ClientOptions options = Good();
  options.base_url = "http://127.0.0.1:8080";
  CHECK(options.Validate() == std::nullopt);
  options.base_url = "http://accounts.test";
  CHECK(options.Validate());
  options.allow_plain_http = true;
  CHECK(options.Validate() == std::nullopt);
}

TEST_CASE("A proxy's URL that is not one is named, without its credentials") {
  ClientOptions options = Good();
  CHECK(options.proxy == ProxyOptions::FromEnvironment());
  for (const char* url :
       {"", "proxy.test", "ftp://hidden:hidden@proxy.test", "http://hidden:hid/den@proxy.test",
        "http://hidden:hidden@proxy.test/x"}) {
    CAPTURE(url);
    options.proxy = ProxyOptions::Url(url);
    const auto error = options.Validate();
    REQUIRE(error);
    CHECK(error->kind == ErrorKind::kInvalidArgument);
    CAPTURE(error->message);
    CHECK(error->message.find("proxy: the URL ") == 0);
    CHECK(error->message.find("hid") == std::string::npos);
  }
  for (const auto& proxy : {ProxyOptions(), ProxyOptions::None(),
                            ProxyOptions::Url("socks5h://user:pass@proxy.test")}) {
    options.proxy = proxy;
    CHECK(options.Validate() == std::nullopt);
  }
}

TEST_CASE("A proxy off this machine is handed a token in clear only when that is asked for") {
  ClientOptions options = Good();
  options.base_url = "http://127.0.0.1:8080";
  for (const char* near : {"http://127.0.0.1:3128", "socks5://localhost", "https://user@[::1]"}) {
    CAPTURE(near);
    options.proxy = ProxyOptions::Url(near);
    CHECK(options.Validate() == std::nullopt);
  }
  options.proxy = ProxyOptions::Url("https://proxy.test");
  REQUIRE(options.Validate());
  CHECK(options.Validate()->message.find("proxy: would be handed the token") == 0);
  options.allow_plain_http = true;
  CHECK(options.Validate() == std::nullopt);
}

TEST_CASE("Huge timeouts are fine") {
  ClientOptions options = Good();
  options.timeout = std::chrono::milliseconds::max();
  options.connect_timeout = std::chrono::milliseconds::max();
  CHECK(options.Validate() == std::nullopt);
}

TEST_CASE("Options come from the environment") {
  setenv("SERVICE_ACCOUNTS_BASE_URL", "https://accounts.test/x", 1);
  setenv("SERVICE_ACCOUNTS_TOKEN", "token", 1);
  const ClientOptions options = ClientOptions::FromEnvironment();
  CHECK(options.base_url == "https://accounts.test/x");
  CHECK(options.Validate() == std::nullopt);
  unsetenv("SERVICE_ACCOUNTS_TOKEN");
  CHECK(ClientOptions::FromEnvironment().Validate()->message.find("SERVICE_ACCOUNTS_TOKEN") !=
        std::string::npos);
  unsetenv("SERVICE_ACCOUNTS_BASE_URL");
  CHECK(ClientOptions::FromEnvironment().Validate()->message.find("SERVICE_ACCOUNTS_BASE_URL") !=
        std::string::npos);
}

}  // namespace
}  // namespace service_accounts::v0
