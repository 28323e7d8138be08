// One call, at most one POST: the promise that libcurl by itself does not keep.
#include <string>
#include <utility>

#include "tests/support/catch.h"
#include "tests/support/fault.h"
#include "tests/support/raw_server.h"

namespace service_accounts::tests {
namespace {

/// Answers the first request, reads the second one, and then ends the connection in its own way.
RawServer::Behaviour AnswerOnceThen(void (*end)(RawConnection&)) {
  return [end](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(HttpReply(200, kAccount));
    connection.ReadRequest();
    end(connection);
  };
}

void Close(RawConnection& connection) { connection.Close(); }
void Reset(RawConnection& connection) { connection.Reset(); }

TEST_CASE("A POST that was read on a kept-alive connection before it broke is not sent again") {
  const std::pair<const char*, void (*)(RawConnection&)> ends[] = {{"closed", Close},
                                                                   {"reset", Reset}};
  for (const auto& [how, end] : ends) {
    INFO(how);
    // Any further connection would be answered well: a repetition would look like a success.
    RawServer server({AnswerOnceThen(end), AnswerAll});
    const WatchedClient client(Options(server.base_url()));
    REQUIRE(client.Call(Request("first")));
    const auto second = CheckFault(client, server, Lost(), Request("second")).result;
    CHECK(second.error().message.find("onnect to") == std::string::npos);
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("After a lost connection the client works again") {
  RawServer server({AnswerOnceThen(Reset), AnswerAll});
  const WatchedClient client(Options(server.base_url()));
  REQUIRE(client.Call(Request("first")));
  const WatchedCall second = client.Call(Request("second"));
  REQUIRE(client.Call(Request("third")));
  REQUIRE(client.Call(Request("fourth")));
  CheckFault(second, Lost(), server.Finish() - 3);
  CHECK(server.connections() == 2);
}

TEST_CASE("A server that dies after reading the POST is not reported as never reached") {
  // libcurl by itself would repeat the request, be refused, and call it a failed connect.
  for (const bool warm : {true, false}) {
    CAPTURE(warm);
    RawServer server({[&](RawConnection& connection) {
      if (warm) {
        connection.ReadRequest();
        connection.Write(HttpReply(200, kAccount));
      }
      connection.ReadRequest();
      connection.Reset();
    }});
    const WatchedClient client(Options(server.base_url()));
    if (warm) REQUIRE(client.Call(Request("first")));
    CheckFault(client, server, Lost(), Request("second"));
  }
}

TEST_CASE("An answer that asks for the request once more is not obeyed") {
  const std::pair<Expected, std::string> cases[] = {
      {Rejected(Kind::kUnexpectedStatus, 301), "Location: /elsewhere\r\n"},
      {Rejected(Kind::kUnexpectedStatus, 302), "Location: /elsewhere\r\n"},
      {Unknown(Kind::kUnexpectedStatus, 303), "Location: /elsewhere\r\n"},
      {Rejected(Kind::kUnexpectedStatus, 307), "Location: /elsewhere\r\n"},
      {Rejected(Kind::kUnexpectedStatus, 308), "Location: /elsewhere\r\n"},
      {Rejected(Kind::kUnauthenticated, 401), "WWW-Authenticate: Basic realm=\"x\"\r\n"},
      {Rejected(Kind::kUnauthenticated, 401), "WWW-Authenticate: Negotiate\r\n"},
      {Rejected(Kind::kUnexpectedStatus, 407), "Proxy-Authenticate: Basic realm=\"x\"\r\n"},
      {Unknown(Kind::kUnexpectedStatus, 408), "Connection: keep-alive\r\n"},
      {Rejected(Kind::kUnexpectedStatus, 417), ""},
      {Rejected(Kind::kUnexpectedStatus, 425), ""},
      {Unknown(Kind::kServerError, 503), "Retry-After: 0\r\n"},
  };
  for (const auto& [expected, headers] : cases) {
    CAPTURE(expected.status, headers);
    const std::string reply = HttpReply(expected.status, "no", headers);
    RawServer server({[&](RawConnection& connection) {
      while (!connection.ReadRequest().empty()) connection.Write(reply);
    }});
    CheckFault(Options(server.base_url()), server, expected);
    CHECK(server.connections() == 1);
  }
}

TEST_CASE(
    "A long body is not announced, so that no refusal of the announcement repeats the request") {
  RawServer server({[](RawConnection& connection) {
    const std::string request = connection.ReadRequest();
    if (request.find("Expect:") != std::string::npos) return;
    connection.Write(HttpReply(417, ""));
    connection.WaitForPeer();
  }});
  CreateServiceAccountRequest request = Request("x");
  request.description = std::string(2 << 20, 'x');
  CheckFault(Options(server.base_url()), server, Rejected(Kind::kUnexpectedStatus, 417), request);
}

}  // namespace
}  // namespace service_accounts::tests
