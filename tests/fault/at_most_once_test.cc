// One call, at most one POST: the promise that libcurl by itself does not keep.
#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/raw_server.h"

namespace service_accounts {
namespace {

using tests::HttpReply;
using tests::Options;
using tests::RawConnection;
using tests::RawServer;
using tests::Request;

constexpr const char* kAccount = R"({"data":{"id":"sa_1"}})";

/// Answers the first request, reads the second one, and then ends the connection in its own way.
RawServer::Behaviour AnswerOnceThen(void (*end)(RawConnection&)) {
  return [end](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(HttpReply(200, kAccount));
    connection.ReadRequest();
    end(connection);
  };
}

void AnswerAll(RawConnection& connection) {
  while (!connection.ReadRequest().empty()) connection.Write(HttpReply(200, kAccount));
}

TEST_CASE("A POST that was read on a kept-alive connection before it broke is not sent again") {
  const std::pair<const char*, void (*)(RawConnection&)> ends[] = {
      {"closed", [](RawConnection& c) { c.Close(); }},
      {"reset", [](RawConnection& c) { c.Reset(); }}};
  for (const auto& [how, end] : ends) {
    INFO(how);
    // Any further connection would be answered well: a repetition would look like a success.
    RawServer server({AnswerOnceThen(end), AnswerAll});
    const ServiceAccountsClient client(Options(server.base_url()));
    REQUIRE(client.CreateServiceAccount(Request("first")));
    const auto second = client.CreateServiceAccount(Request("second"));
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == ErrorKind::kConnection);
    CHECK(second.error().outcome == RequestOutcome::kUnknown);
    CHECK(second.error().http_status == 0);
    CHECK(second.error().attempts == 1);
    CHECK(second.error().message.find("the connection was lost after the request had been sent") ==
          0);
    CHECK(second.error().message.find("onnect to") == std::string::npos);
    CHECK(server.connections() == 1);
    CHECK(server.Finish() == 2);
  }
}

TEST_CASE("After a lost connection the client works again") {
  RawServer server({AnswerOnceThen([](RawConnection& c) { c.Reset(); }), AnswerAll});
  const ServiceAccountsClient client(Options(server.base_url()));
  REQUIRE(client.CreateServiceAccount(Request("first")));
  REQUIRE_FALSE(client.CreateServiceAccount(Request("second")));
  REQUIRE(client.CreateServiceAccount(Request("third")));
  REQUIRE(client.CreateServiceAccount(Request("fourth")));
  CHECK(server.connections() == 2);
  CHECK(server.Finish() == 4);
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
    const ServiceAccountsClient client(Options(server.base_url()));
    if (warm) REQUIRE(client.CreateServiceAccount(Request("first")));
    const auto lost = client.CreateServiceAccount(Request("second"));
    REQUIRE_FALSE(lost);
    CHECK(lost.error().outcome == RequestOutcome::kUnknown);
    CHECK(server.Finish() == (warm ? 2 : 1));
  }
}

TEST_CASE("An answer that asks for the request once more is not obeyed") {
  const std::pair<int, std::string> cases[] = {
      {301, "Location: /elsewhere\r\n"},
      {302, "Location: /elsewhere\r\n"},
      {303, "Location: /elsewhere\r\n"},
      {307, "Location: /elsewhere\r\n"},
      {308, "Location: /elsewhere\r\n"},
      {401, "WWW-Authenticate: Basic realm=\"x\"\r\n"},
      {401, "WWW-Authenticate: Negotiate\r\n"},
      {407, "Proxy-Authenticate: Basic realm=\"x\"\r\n"},
      {408, "Connection: keep-alive\r\n"},
      {417, ""},
      {425, ""},
      {503, "Retry-After: 0\r\n"},
  };
  for (const auto& [status, headers] : cases) {
    CAPTURE(status, headers);
    RawServer server({[&, status = status, headers = headers](RawConnection& connection) {
      while (!connection.ReadRequest().empty()) connection.Write(HttpReply(status, "no", headers));
    }});
    const auto refused =
        ServiceAccountsClient(Options(server.base_url())).CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().http_status == status);
    CHECK(server.connections() == 1);
    CHECK(server.Finish() == 1);
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
  const auto refused =
      ServiceAccountsClient(Options(server.base_url())).CreateServiceAccount(request);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().http_status == 417);
  CHECK(server.Finish() == 1);
}

}  // namespace
}  // namespace service_accounts
