// What comes back when the network fails before the reply, or time runs out: the fault matrix as
// tables, through real sockets.
#include <chrono>
#include <string>
#include <utility>

#include "tests/support/catch.h"
#include "tests/support/fault.h"
#include "tests/support/raw_server.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;

TEST_CASE("A connection that cannot be made sends nothing") {
  const std::string closed = "127.0.0.1:" + std::to_string(ClosedPort());
  const char* const no_connection = "could not connect: check base_url";
  const char* const no_name = "the host name could not be resolved: check base_url";
  struct Case {
    const char* what;
    std::string base_url;
    const char* words;
  };
  const Case cases[] = {
      {"refused", "http://" + closed, no_connection},
      {"refused under TLS", "https://" + closed, no_connection},
      // The kernel connects to no broadcast address, wherever the machine is.
      {"unreachable", "https://255.255.255.255", no_connection},
      {"no such name", "https://no-such-host.invalid", no_name},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    ClientOptions options = Options(c.base_url);
    options.retry.initial_backoff = 0ms;
    CheckFault(WatchedClient(options).Call(), NotSent(Kind::kConnection, c.words).Repeated(3), 0);
  }
}

TEST_CASE("A connection into a black hole ends at the connect timeout, with nothing sent") {
  const BlackHole nobody;
  for (const char* scheme : {"http", "https"}) {
    CAPTURE(scheme);
    ClientOptions options = Options(scheme + ("://127.0.0.1:" + std::to_string(nobody.port())));
    options.connect_timeout = 200ms;
    options.retry.max_attempts = 1;
    CheckFault(WatchedClient(options).Call(),
               NotSent(Kind::kTimeout, "no connection within the time allowed").At(200ms), 0);
  }
}

TEST_CASE(
    "A deadline that holds the connection back as well ends all attempts, with nothing sent") {
  const BlackHole nobody;
  ClientOptions options = Options("http://127.0.0.1:" + std::to_string(nobody.port()));
  options.timeout = 300ms;
  CheckFault(WatchedClient(options).Call(), NotSent(Kind::kTimeout).At(300ms), 0);
}

TEST_CASE("A call whose deadline has passed when it comes to send opens no connection") {
  RawServer service({AnswerAll});
  RawServer slow({Silence()});
  ClientOptions options = Options(service.base_url());
  options.timeout = 20ms;
  // Who hands the token out takes all of that time.
  options.credentials = TokenFromCallback([&]() -> Result<AccessToken> {
    ClientOptions inner = Options(slow.base_url());
    inner.timeout = 40ms;
    (void)ServiceAccountsClient(inner).CreateServiceAccount(Request("x"));
    return AccessToken{kToken, std::nullopt};
  });
  CheckFault(options, service, NotSent(Kind::kTimeout).Repeated(0).At(40ms));
  CHECK(service.connections() == 0);
}

TEST_CASE("A connection that is closed before anything was read may have carried the request") {
  RawServer server({[](RawConnection& connection) { connection.Close(); }});
  CheckFault(Options(server.base_url()), server, Unknown(Kind::kConnection));
}

TEST_CASE("A connection that is reset before anything was read is judged by what was sent") {
  RawServer server({[](RawConnection& connection) { connection.Reset(); }});
  ClientOptions options = Options(server.base_url());
  options.retry.max_attempts = 1;
  const WatchedCall call = WatchedClient(options).Call();
  REQUIRE_FALSE(call);
  const int posts = server.Finish();
  // The reset may overtake the sending: then it is certain, and told, that nothing was sent.
  Expected expected = NotSent(Kind::kConnection);
  if (call.result.error().outcome != Outcome::kNotSent) {
    expected = Unknown(Kind::kConnection);
    expected.posts = posts == 0 ? 0 : 1;
  }
  CheckFault(call, expected, posts);
}

TEST_CASE(
    "A reset while a long body is being sent leaves the outcome open, and the process alive") {
  RawServer server({[](RawConnection& connection) {
    connection.ReadSome();
    connection.Reset();
  }});
  CreateServiceAccountRequest request = Request("x");
  request.description = std::string(30 << 20, 'x');
  CheckFault(Options(server.base_url()), server, Unknown(Kind::kConnection), request);
}

TEST_CASE("The deadline holds in each phase after the connection is made") {
  struct Case {
    const char* what;
    std::string begin;
    std::string drip;
    Expected expected;
  };
  const Case cases[] = {
      {"no reply", "", "", Unknown(Kind::kTimeout)},
      {"dripping header", "HTTP/1.1 200 OK\r\n", "X", Accepted(Kind::kTimeout)},
      {"dripping status line", "HTTP/1.1 200 O", "K", Unknown(Kind::kTimeout)},
      {"dripping body", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "x",
       Accepted(Kind::kTimeout)},
      {"dripping error", "HTTP/1.1 400 No\r\nContent-Length: 1000000\r\n\r\n", "x",
       Rejected(Kind::kBadRequest, 400)},
      {"endless interim replies", "", "HTTP/1.1 100 Continue\r\n\r\n", Unknown(Kind::kTimeout)},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    RawServer server({[&](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write(c.begin);
      while (!c.drip.empty() && connection.Pause(20ms) && connection.Write(c.drip)) {
      }
      connection.WaitForPeer();
    }});
    CallOptions call;
    call.timeout = 300ms;
    CheckFault(Options(server.base_url()), server, c.expected.At(300ms), Request("x"), call);
  }
}

TEST_CASE("The deadline holds while a body is sent that nobody reads") {
  RawServer server({[](RawConnection& connection) { connection.Pause(1h); }});
  CreateServiceAccountRequest request = Request("x");
  // More than the sockets of both hold. To write it takes a while where sanitizers watch, and is
  // part of the call.
  request.description = std::string(12 << 20, 'x');
  ClientOptions options = Options(server.base_url());
  options.timeout = 2s;
  CheckFault(options, server, Unknown(Kind::kTimeout).At(2s), request);
}

}  // namespace
}  // namespace service_accounts::tests
