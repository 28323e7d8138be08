// What is known of a proxy without asking it: how it prints, what of it is secret, and what a
// failure says of it.
#include <service_accounts/proxy_options.h>

#include <sstream>

#include "curl/failure.h"
#include "proxy_secrets.h"
#include "tests/support/catch.h"
#include "tests/support/proxy_environment.h"

namespace service_accounts::v0 {
namespace {

using internal::Base64;
using internal::ProxyFacts;
using internal::ProxySecrets;
using internal::ProxyUse;
using tests::ProxyEnvironment;
using Texts = std::vector<std::string>;

std::string Printed(const ProxyOptions& proxy) {
  std::ostringstream out;
  out << proxy;
  return out.str();
}

TEST_CASE("A proxy prints what is chosen, without credentials") {
  CHECK(Printed(ProxyOptions()) == "proxy from the environment");
  CHECK(Printed(ProxyOptions::FromEnvironment()) == "proxy from the environment");
  CHECK(Printed(ProxyOptions::None()) == "no proxy");
  CHECK(Printed(ProxyOptions::Url("http://a:hidden@proxy.test:1/")) == "proxy http://proxy.test:1");
  CHECK(Printed(ProxyOptions::Url("http://a:hid/den@proxy.test")) == "proxy with an invalid URL");
}

TEST_CASE("Proxies are equal that are chosen alike") {
  CHECK(ProxyOptions() == ProxyOptions::FromEnvironment());
  CHECK(ProxyOptions() != ProxyOptions::None());
  CHECK(ProxyOptions::Url("http://a") == ProxyOptions::Url("http://a"));
  CHECK(ProxyOptions::Url("http://a") != ProxyOptions::Url("http://b"));
}

TEST_CASE("Base64 is RFC 4648's") {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"},
                                                       {"\xFF\xFE\xFB", "//77"}};
  for (const auto& [bytes, text] : cases) CHECK(Base64(bytes) == text);
  CHECK(Base64(std::string_view("foobar").substr(0, 4)) == "Zm9vYg==");  // What follows is not its.
}

TEST_CASE("A proxy's secrets are its credentials as written and as sent, the longest first") {
  CHECK(ProxySecrets(ProxyOptions::Url("http://proxy.test"), true).empty());
  CHECK(ProxySecrets(ProxyOptions::None(), true).empty());
  CHECK(ProxySecrets(ProxyOptions::Url("http://user:pass-word@proxy.test"), true) ==
        Texts{"dXNlcjpwYXNzLXdvcmQ=", "pass-word", "user"});
  CHECK(ProxySecrets(ProxyOptions::Url("http://us%65r@proxy.test"), true) ==
        Texts{"dXNlcjo=", "us%65r", "user"});
  CHECK(ProxySecrets(ProxyOptions::Url("http://u:p%40s:s%2f@proxy.test"), true) ==
        Texts{"dTpwQHM6cy8=", "p%40s:s%2f", "p@s:s/", "u"});
}

TEST_CASE("A proxy's secrets are also found in a variable that holds no good URL") {
  const std::pair<const char*, Texts> cases[] = {
      {"user:pass@proxy.test:1", {"dXNlcjpwYXNz", "pass", "user"}},
      {"http://user:p@s/s@proxy.test", {"dXNlcjpwQHMvcw==", "p@s/s", "user"}},
      {"http://user:100%@proxy.test", {"dXNlcjoxMDAl", "100%", "user"}},
      {"http://user:1%4z@proxy.test", {"dXNlcjoxJTR6", "1%4z", "user"}},
      {"http://user:1%z4@proxy.test", {"dXNlcjoxJXo0", "1%z4", "user"}},
      {"http://user:1%4@proxy.test", {"dXNlcjoxJTQ=", "user", "1%4"}},
      {"proxy.test", {}}};
  for (const auto& [value, secrets] : cases) {
    CAPTURE(value);
    const ProxyEnvironment environment({{"https_proxy", std::string(value)}});
    CHECK(ProxySecrets(ProxyOptions(), true) == secrets);
    CHECK(ProxySecrets(ProxyOptions(), false).empty());
  }
}

TEST_CASE("The environment names a proxy as it does for libcurl") {
  using internal::EnvironmentProxy;
  {
    const ProxyEnvironment none;
    CHECK(EnvironmentProxy(true).empty());
  }
  const ProxyEnvironment all({{"https_proxy", ""},
                              {"HTTPS_PROXY", "https"},
                              {"HTTP_PROXY", "never"},
                              {"all_proxy", "all"},
                              {"ALL_PROXY", "ALL"}});
  CHECK(EnvironmentProxy(true) == "https");
  CHECK(EnvironmentProxy(false) == "all");
}

std::string Words(CURLcode code, const ProxyFacts& proxy) {
  internal::TransferFacts facts;
  facts.proxy = proxy;
  const TransportFailure failure = DescribeTransferFailure(code, facts);
  CHECK(failure.outcome == RequestOutcome::kNotSent);
  return failure.message;
}

TEST_CASE("A failure is laid on the proxy only where it is the proxy's") {
  struct Case {
    CURLcode code = CURLE_OK;
    ProxyFacts proxy;
    const char* words = "";
  };
  constexpr ProxyFacts kSure{ProxyUse::kCertain, false, 0};
  constexpr ProxyFacts kSureTls{ProxyUse::kCertain, true, 0};
  constexpr ProxyFacts kMaybe{ProxyUse::kPossible, false, 0};
  const auto answered = [](long status) { return ProxyFacts{ProxyUse::kPossible, false, status}; };
  const Case cases[] = {
      {CURLE_COULDNT_CONNECT, {}, "could not connect: check base_url, and that the service runs"},
      {CURLE_COULDNT_CONNECT, kMaybe, "could not connect: check base_url, and the proxy"},
      {CURLE_COULDNT_CONNECT, kSure, "could not connect to the proxy"},
      {CURLE_COULDNT_RESOLVE_HOST, {}, "the host name could not be resolved"},
      {CURLE_COULDNT_RESOLVE_HOST, kMaybe, "a name could not be resolved"},
      {CURLE_COULDNT_RESOLVE_HOST, kSure, "the proxy's name could not be resolved"},
      {CURLE_RECV_ERROR, {}, "no connection could be made"},
      {CURLE_RECV_ERROR, kMaybe, "the proxy broke off"},
      {CURLE_RECV_ERROR, answered(407), "the proxy wants credentials"},
      {CURLE_COULDNT_CONNECT, answered(407),
       "the proxy wants credentials"},  // libcurl from 8.21 on.
      {CURLE_OPERATION_TIMEDOUT, kMaybe, "no connection within"},
      {CURLE_OPERATION_TIMEDOUT, kSure, "no connection through the proxy"},
      {CURLE_OPERATION_TIMEDOUT, answered(200), "no connection within"},
      {CURLE_SSL_CONNECT_ERROR, kSure, "no TLS connection could be agreed on"},
      {CURLE_SSL_CONNECT_ERROR, kSureTls, "no TLS connection with the proxy"},
      {CURLE_SSL_CONNECT_ERROR, {ProxyUse::kCertain, true, 200}, "no TLS connection could be"},
      {CURLE_PEER_FAILED_VERIFICATION, kSureTls, "the proxy's certificate"},
      {CURLE_PEER_FAILED_VERIFICATION, kSure, "the server's certificate"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.code, c.proxy.connect_status, c.words);
    CHECK(Words(c.code, c.proxy).find(c.words) == 0);
  }
}

}  // namespace
}  // namespace service_accounts::v0
