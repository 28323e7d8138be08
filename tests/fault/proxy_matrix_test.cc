// What comes back when the proxy refuses or misbehaves: nothing was sent, the proxy is named as the
// cause, and its credentials are in no text.
#include <chrono>
#include <functional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/fault.h"
#include "tests/support/proxy_environment.h"
#include "tests/support/raw_proxy.h"
#include "tests/support/raw_server.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr const char* kUserInfo = "hidden%2Duser:hidden%2Dpass";
// "hidden-user:hidden-pass", which "Basic" sends in base64.
const std::vector<std::string>& Secrets() {
  static const std::vector<std::string> secrets = {"hidden-user", "hidden-pass", "hidden%2D",
                                                   "aGlkZGVuLXVzZXI6aGlkZGVuLXBhc3M="};
  return secrets;
}

std::string ProxyUrl(int port, const std::string& scheme = "http") {
  return scheme + "://" + kUserInfo + "@127.0.0.1:" + std::to_string(port);
}

ClientOptions Through(const ProxyOptions& proxy, const std::string& base_url) {
  ClientOptions options = Options(base_url);
  options.allow_plain_http = true;
  options.proxy = proxy;
  options.retry.max_attempts = 1;
  return options;
}

/// `posts` is what everybody read, the proxy and the service behind it.
void CheckNotSent(const ClientOptions& options, Kind kind, const std::string& words,
                  const std::function<int()>& posts) {
  const WatchedCall call = WatchedClient(options).Call();
  Expected expected = NotSent(kind, words).Hiding(Secrets());
  if (kind == Kind::kTimeout) expected = expected.At(options.connect_timeout);
  CheckFault(call, expected, posts());
  CHECK(call.result.metadata().headers.text().empty());
  std::ostringstream printed;
  printed << options.proxy;
  CheckSecrecy(printed.str(), Secrets());
}

int Nobody() { return 0; }

RawServer::Behaviour Status(int status) { return Answer(HttpReply(status, "no")); }

struct Case {
  const char* what;
  RawServer::Behaviour behaviour;
  Kind kind;
  const char* words;
};

/// Each for a service under TLS that counts whom it hears from.
void CheckCases(const std::vector<Case>& cases, const std::string& scheme = "http") {
  for (const Case& c : cases) {
    INFO(c.what);
    RawServer target({Silence()});
    RawServer proxy({c.behaviour});
    ClientOptions options = Through(ProxyOptions::Url(ProxyUrl(proxy.port(), scheme)),
                                    "https://127.0.0.1:" + std::to_string(target.port()));
    if (c.kind == Kind::kTimeout) options.connect_timeout = 200ms;
    CheckNotSent(options, c.kind, c.words, [&] { return proxy.Finish() + target.Finish(); });
    CHECK(proxy.connections() == 1);
    CHECK(target.connections() == 0);
  }
}

TEST_CASE("A proxy that refuses a CONNECT is named with its reason, and nothing was sent") {
  const char* const echo = "X-Echo: aGlkZGVuLXVzZXI6aGlkZGVuLXBhc3M=\r\n";
  CheckCases({
      {"407", Status(407), Kind::kConnection, "the proxy wants credentials, or others"},
      {"407 with a challenge, kept open",
       [&](RawConnection& connection) {
         connection.ReadRequest();
         connection.Write(
             HttpReply(407, "", "Proxy-Authenticate: Digest realm=\"x\", nonce=\"1\"\r\n"s + echo));
         connection.WaitForPeer();
       },
       Kind::kConnection, "the proxy wants credentials, or others"},
      {"403", Status(403), Kind::kConnection, "the proxy does not allow a connection"},
      {"502", Status(502), Kind::kConnection, "the proxy could not connect to the service"},
      {"504", Status(504), Kind::kConnection, "the proxy could not connect to the service"},
      {"302", Status(302), Kind::kConnection, "the proxy refused to connect"},
      {"100", Status(100), Kind::kConnection, "the proxy refused to connect"},
  });
}

TEST_CASE("A proxy that breaks off or answers something else is named, and nothing was sent") {
  const char* const broke_off = "the proxy broke off, or did not answer";
  CheckCases({
      {"dropped at once", [](RawConnection& connection) { connection.Close(); }, Kind::kConnection,
       broke_off},
      {"dropped", Answer(""), Kind::kConnection, broke_off},
      {"reset",
       [](RawConnection& connection) {
         connection.ReadRequest();
         connection.Reset();
       },
       Kind::kConnection, broke_off},
      {"half a status line", Answer("HTTP/1.1 20"), Kind::kConnection, broke_off},
      {"half a head", Answer("HTTP/1.1 200 OK\r\nX: 1"), Kind::kConnection, broke_off},
      {"garbage", Answer("SSH-2.0-OpenSSH_9.2\r\n"), Kind::kConnection, broke_off},
      {"binary garbage", Answer("\0\x01\xFF\n\n"s), Kind::kConnection, broke_off},
      {"an echo of the request",
       [](RawConnection& connection) { connection.Write(connection.ReadRequest()); },
       Kind::kConnection, broke_off},
      {"an endless head",
       [](RawConnection& connection) {
         connection.ReadRequest();
         connection.Write("HTTP/1.1 200 OK\r\n");
         while (connection.Write("X-Fill: 0123456789012345678901234567890123456789\r\n")) {
         }
       },
       Kind::kConnection, broke_off},
      {"silence", Silence(), Kind::kTimeout, "no connection through the proxy within the time"},
  });
}

TEST_CASE("A tunnel that breaks before TLS is agreed on has carried no request") {
  CheckCases({
      {"dropped", Answer("HTTP/1.1 200 OK\r\n\r\n"), Kind::kTls, "no TLS connection could be"},
      {"garbage", Answer("HTTP/1.1 200 OK\r\n\r\nnot TLS"), Kind::kTls,
       "the server does not answer"},
      {"silence",
       [](RawConnection& connection) {
         connection.ReadRequest();
         connection.Write("HTTP/1.1 200 OK\r\n\r\n");
         connection.WaitForPeer();
       },
       Kind::kTimeout, "no connection within the time"},
  });
}

TEST_CASE("A proxy under TLS that does not speak it is named, and was told nothing") {
  CheckCases({{"not TLS",
               [](RawConnection& connection) {
                 connection.ReadSome();
                 connection.Write("HTTP/1.1 400 Bad\r\n\r\n");
               },
               Kind::kTls, "no TLS connection with the proxy"},
              {"silence", Silence(), Kind::kTimeout, "no connection through the proxy"}},
             "https");
}

TEST_CASE("A SOCKS proxy that refuses or breaks off is named, and nothing was sent") {
  const char* const words = "the SOCKS proxy did not connect";
  CheckCases({{"dropped", [](RawConnection& connection) { connection.ReadSome(); },
               Kind::kConnection, words},
              {"credentials refused",
               [](RawConnection& connection) {
                 connection.ReadSome();
                 connection.Write("\x05\x02");
                 connection.ReadSome();
                 connection.Write("\x01\x01");
                 connection.WaitForPeer();
               },
               Kind::kConnection, words},
              {"garbage",
               [](RawConnection& connection) {
                 connection.ReadSome();
                 connection.Write("HTTP/1.1 400 Bad\r\n\r\n");
               },
               Kind::kConnection, words},
              {"silence", Silence(), Kind::kTimeout, "no connection through the proxy"}},
             "socks5h");
}

TEST_CASE("A proxy that cannot be reached is named, and nothing was sent") {
  for (const char* scheme : {"http", "https", "socks5", "socks5h"}) {
    for (const char* target : {"https://accounts.test", "http://accounts.test"}) {
      CAPTURE(scheme, target);
      CheckNotSent(Through(ProxyOptions::Url(ProxyUrl(ClosedPort(), scheme)), target),
                   Kind::kConnection, "could not connect to the proxy", Nobody);
      const std::string unknown = scheme + "://"s + kUserInfo + "@no-such-proxy.invalid:3128";
      CheckNotSent(Through(ProxyOptions::Url(unknown), target), Kind::kConnection,
                   "the proxy's name could not be resolved", Nobody);
    }
  }
}

TEST_CASE("A refusal is not remembered for the next call's failure") {
  RawServer proxy({Status(403), Answer("")});
  const WatchedClient client(Through(ProxyOptions::Url(proxy.base_url()), "https://accounts.test"));
  const WatchedCall refused = client.Call();
  const WatchedCall dropped = client.Call();
  CheckFault(refused, NotSent(Kind::kConnection, "the proxy does not allow"), proxy.Finish());
  CheckFault(dropped, NotSent(Kind::kConnection, "the proxy broke off"), proxy.Finish());
}

TEST_CASE("A proxy of the environment that fails is named, without its credentials") {
  RawServer refusing({Status(407)});
  const std::pair<std::string, const char*> cases[] = {
      {ProxyUrl(refusing.port()), "the proxy wants credentials, or others"},
      {ProxyUrl(ClosedPort()),
       "could not connect: check base_url, and the proxy that the environment names"},
      {"http://"s + kUserInfo + "@no-such-proxy.invalid", "the proxy's name could not be resolved"},
      // libcurl's own words for these hold the whole URL.
      {ProxyUrl(99999), "the proxy's name could not be resolved, or its URL is not one"},
      {"http://hidden-user:hidden-pass/x@127.0.0.1:1", "the proxy's name could not be resolved"},
      {"http://hidden-user:it's hidden-pass@127.0.0.1:1", "the proxy's name could not be resolved"},
      {"http://hidden-user:hidden-pass", "the proxy's name could not be resolved"},
      {ProxyUrl(1, "hidden-pass"), "could not connect: check base_url, and the proxy"},
  };
  for (const auto& [url, words] : cases) {
    const ProxyEnvironment environment({{"https_proxy", url}});
    CheckNotSent(Through(ProxyOptions(), "https://accounts.test"), Kind::kConnection, words,
                 [&] { return refusing.posts(); });
  }
  CHECK(refusing.Finish() == 0);
}

}  // namespace
}  // namespace service_accounts::tests
