#include "response_mapping.h"

#include "service_account_json.h"
#include "tests/support/catch.h"
#include "tests/support/fake_clock.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::chrono_literals;
using Kind = ErrorKind;
using Outcome = RequestOutcome;

constexpr const char* kAccount =
    R"({"code":200,"data":{"id":"sa_1"},"message":"success","requestId":"req_1"})";

HttpResponse Reply(int status, std::string body, HeaderList headers = {}) {
  return {status, "HTTP/1.1", std::move(headers), std::move(body), {}};
}

struct Mapped : Described {
  std::optional<ServiceAccount> value;
};

Mapped Map(TransportResult result) {
  const tests::FakeClock clock;
  Mapped mapped;
  MapResult(std::move(result), DecodeServiceAccountReply, clock, &mapped.value, &mapped);
  return mapped;
}

TEST_CASE("Every status but 2xx has its kind and outcome") {
  struct Case {
    int status;
    Kind kind;
    Outcome outcome;
  };
  const Case cases[] = {
      {400, Kind::kBadRequest, Outcome::kRejected},
      {401, Kind::kUnauthenticated, Outcome::kRejected},
      {403, Kind::kPermissionDenied, Outcome::kRejected},
      {404, Kind::kNotFound, Outcome::kRejected},
      {409, Kind::kConflict, Outcome::kRejected},
      {429, Kind::kRateLimited, Outcome::kRejected},
      {402, Kind::kUnexpectedStatus, Outcome::kRejected},
      {405, Kind::kUnexpectedStatus, Outcome::kRejected},
      {413, Kind::kUnexpectedStatus, Outcome::kRejected},
      {422, Kind::kUnexpectedStatus, Outcome::kRejected},
      {499, Kind::kUnexpectedStatus, Outcome::kRejected},
      {408, Kind::kUnexpectedStatus, Outcome::kUnknown},
      {500, Kind::kServerError, Outcome::kUnknown},
      {502, Kind::kServerError, Outcome::kUnknown},
      {503, Kind::kServerError, Outcome::kUnknown},
      {504, Kind::kServerError, Outcome::kUnknown},
      {599, Kind::kServerError, Outcome::kUnknown},
      {301, Kind::kUnexpectedStatus, Outcome::kRejected},
      {302, Kind::kUnexpectedStatus, Outcome::kRejected},
      {307, Kind::kUnexpectedStatus, Outcome::kRejected},
      {308, Kind::kUnexpectedStatus, Outcome::kRejected},
      {303, Kind::kUnexpectedStatus, Outcome::kUnknown},
      {300, Kind::kUnexpectedStatus, Outcome::kUnknown},
      {304, Kind::kUnexpectedStatus, Outcome::kUnknown},
      {399, Kind::kUnexpectedStatus, Outcome::kUnknown},
      {0, Kind::kUnexpectedStatus, Outcome::kUnknown},
      {101, Kind::kUnexpectedStatus, Outcome::kUnknown},
      {199, Kind::kUnexpectedStatus, Outcome::kUnknown},
      {600, Kind::kUnexpectedStatus, Outcome::kUnknown},
      {999, Kind::kUnexpectedStatus, Outcome::kUnknown},
  };
  for (const Case& c : cases) {
    CAPTURE(c.status);
    const auto mapped = Map(Reply(c.status, "x"));
    CHECK_FALSE(mapped.value);
    CHECK(mapped.error.kind == c.kind);
    CHECK(mapped.error.outcome == c.outcome);
    CHECK(mapped.error.http_status == c.status);
    CHECK(mapped.metadata.http_status == c.status);
  }
}

TEST_CASE("A success is its account, with the reply in the metadata") {
  for (const int status : {200, 201, 202, 299}) {
    const auto mapped = Map(
        Reply(status, kAccount, {{"Content-Type", "text/html"}, {"X-Request-Id", "req_header"}}));
    REQUIRE(mapped.value);
    CHECK(mapped.value->id == "sa_1");
    CHECK(mapped.metadata.http_status == status);
    CHECK(mapped.metadata.code == 200);
    CHECK(mapped.metadata.message == "success");
    CHECK(mapped.metadata.request_id == "req_1");
    CHECK(mapped.metadata.http_version == "HTTP/1.1");
    CHECK(mapped.metadata.body == kAccount);
    CHECK(mapped.metadata.headers.find("content-type") == "text/html");
  }
}

TEST_CASE("The request id comes from the body, else from the header") {
  CHECK(Map(Reply(400, R"({"requestId":"body"})", {{"X-Request-Id", "header"}})).error.request_id ==
        "body");
  CHECK(Map(Reply(400, "nothing", {{"x-request-id", "header"}})).error.request_id == "header");
  CHECK(
      Map(Reply(200, R"({"data":{"id":"a"}})", {{"X-Request-Id", "header"}})).metadata.request_id ==
      "header");
}

TEST_CASE("An error's code, message and details are the service's, in either shape") {
  const auto first = Map(
      Reply(400, R"({"code":400,"message":"bad name","requestId":"r","data":{"field":"name"}})"));
  CHECK(first.error.code == "400");
  CHECK(first.error.message == "bad name");
  CHECK(first.error.details == R"({"data":{"field":"name"}})");
  CHECK(first.metadata.code == 400);
  CHECK(first.metadata.message == "bad name");
  const auto second =
      Map(Reply(409, R"({"success":false,"error":{"code":"NAME_TAKEN","message":"taken"}})"));
  CHECK(second.error.code == "NAME_TAKEN");
  CHECK(second.error.message == "taken");
  CHECK(second.metadata.code == 0);
}

TEST_CASE("An error's message reads well whatever its body is") {
  const std::pair<std::string, std::string> cases[] = {
      {"  no such thing \n", "no such thing"},
      {"", "the service found the request wrong"},
      {"   ", "the service found the request wrong"},
      {"{}", "the service found the request wrong"},
      {R"({"message":""})", "the service found the request wrong"},
      {R"({"message":"  "})", "the service found the request wrong"},
      {R"({"message":"cut)", "the service found the request wrong"},
      {"<html><h1>Bad Gateway</h1></html>", "the service found the request wrong"},
      {"\x01\x02\x03", "the service found the request wrong"},
      {"\xFF\xFE", "the service found the request wrong"},
      {std::string(1 << 20, 'x'), "the service found the request wrong"},
  };
  for (const auto& [body, expected] : cases) {
    CAPTURE(body.substr(0, 40));
    const auto mapped = Map(Reply(400, body));
    CHECK(mapped.error.message.find(expected) == 0);
    CHECK((mapped.error.message.find("web page") != std::string::npos) == (body.find('<') == 0));
    CHECK(mapped.error.outcome == Outcome::kRejected);
  }
  CHECK(Map(Reply(502, "<html>")).error.message.find("web page") != std::string::npos);
  CHECK(Map(Reply(302, "")).error.message.find("redirect (302)") != std::string::npos);
}

TEST_CASE("An error without a message is told by its status in words of its own") {
  const std::pair<int, const char*> cases[] = {
      {401, "the service did not accept the token"},
      {403, "the token may not create service accounts"},
      {404, "the service knows no such path or organization"},
      {409, "an account of that name exists"},
      {429, "the service asks for fewer requests"},
      {500, "the service failed with status 500"},
      {300, "the service answered with a redirect (300)"},
      {399, "the service answered with a redirect (399)"},
      {199, "the service answered with status 199, which is not documented"},
      {418, "the service answered with status 418, which is not documented"},
  };
  for (const auto& [status, words] : cases) {
    CAPTURE(status);
    CHECK(Map(Reply(status, "")).error.message.find(words) == 0);
  }
}

TEST_CASE("A short plain text is the message, markup and control characters are not") {
  for (const std::string& text :
       {std::string(500, 'x'), std::string("a\tb\r\nc"), std::string("a < b"), std::string("x")}) {
    CAPTURE(text);
    CHECK(Map(Reply(400, text)).error.message == text);
  }
  for (const std::string& text :
       {std::string(501, 'x'), std::string("a\x1F z"), std::string("a\x7F z"), std::string("[x"),
        std::string("{x"), std::string("\"x"), std::string("\"x\"")}) {
    CAPTURE(text);
    CHECK(Map(Reply(400, text)).error.message.find("the service found the request wrong") == 0);
  }
}

TEST_CASE("A code is a number in the metadata only if all of it is one") {
  CHECK(Map(Reply(400, R"({"code":"12"})")).metadata.code == 12);
  CHECK(Map(Reply(400, R"({"code":"12x"})")).metadata.code == 0);
  CHECK(Map(Reply(400, R"({"code":"99999999999999999999"})")).metadata.code == 0);
}

TEST_CASE("An error's body is bounded, the metadata's is whole") {
  const std::string body(100'000, 'x');
  const auto mapped = Map(Reply(500, body));
  CHECK(mapped.error.body == body.substr(0, 65536));
  CHECK(mapped.metadata.body == body);
}

TEST_CASE("Retry-After is told with any error") {
  CHECK(Map(Reply(429, "", {{"Retry-After", "3"}})).error.retry_after == 3s);
  CHECK(Map(Reply(503, "", {{"Retry-After", "3"}})).error.retry_after == 3s);
  CHECK(Map(Reply(429, "", {{"Retry-After", "junk"}})).error.retry_after == std::nullopt);
}

TEST_CASE("A success that cannot be read was accepted, and says what is wrong with it") {
  const std::pair<std::string, std::string> cases[] = {
      {"", "it is empty"},
      {" \n", "it is empty"},
      {"{}", "`data.id` is missing or empty"},
      {"OK", "the JSON is not valid"},
      {R"({"data":{"id":7}})", "`data.id` is not a string"},
      {"\x1F\x8B\x08 compressed", "not valid UTF-8"},
      {R"({"code":"NO","data":null})", "`code` is not an integer"},
      {R"({"code":399,"message":"odd"})", "`data.id` is missing or empty"},
      {R"({"code":600,"message":"odd"})", "`data.id` is missing or empty"},
      {R"({"code":200,"success":true})", "`data.id` is missing or empty"},
  };
  for (const auto& [body, problem] : cases) {
    CAPTURE(body);
    const auto mapped = Map(Reply(202, body));
    CHECK_FALSE(mapped.value);
    CHECK(mapped.error.kind == Kind::kMalformedResponse);
    CHECK(mapped.error.outcome == Outcome::kAccepted);
    CHECK(mapped.error.http_status == 202);
    CHECK(mapped.error.message.find("so the account was created") != std::string::npos);
    CHECK(mapped.error.message.find(problem) != std::string::npos);
    CHECK(mapped.metadata.body == body);
  }
}

TEST_CASE("A success whose envelope is that of an error is that error") {
  struct Case {
    std::string body;
    Kind kind;
    Outcome outcome;
  };
  const Case cases[] = {
      {R"({"code":400,"message":"no"})", Kind::kBadRequest, Outcome::kRejected},
      {R"({"code":409,"data":null,"message":"no"})", Kind::kConflict, Outcome::kRejected},
      {R"({"code":404,"data":{},"message":"no"})", Kind::kNotFound, Outcome::kRejected},
      {R"({"code":403,"data":{"id":""},"message":"no"})", Kind::kPermissionDenied,
       Outcome::kRejected},
      {R"({"code":408,"message":"no"})", Kind::kUnexpectedStatus, Outcome::kUnknown},
      {R"({"code":500,"message":"no"})", Kind::kServerError, Outcome::kUnknown},
      {R"({"code":599,"message":"no"})", Kind::kServerError, Outcome::kUnknown},
      {R"({"success":false,"error":{"code":"429","message":"no"}})", Kind::kRateLimited,
       Outcome::kRejected},
      {R"({"success":false,"error":{"code":"NAME_TAKEN","message":"no"}})",
       Kind::kMalformedResponse, Outcome::kUnknown},
  };
  for (const Case& c : cases) {
    CAPTURE(c.body);
    const auto mapped = Map(Reply(200, c.body));
    CHECK_FALSE(mapped.value);
    CHECK(mapped.error.kind == c.kind);
    CHECK(mapped.error.outcome == c.outcome);
    CHECK(mapped.error.http_status == 200);
    CHECK(mapped.error.message == "no");
  }
  CHECK(Map(Reply(200, R"({"success":false})")).error.message.find("says it failed") !=
        std::string::npos);
}

TEST_CASE("An account in an envelope with an error's code is an account") {
  CHECK(Map(Reply(200, R"({"code":500,"data":{"id":"sa_1"}})")).value);
}

TEST_CASE("A failure before the request was sent is not sent, whatever else is claimed") {
  const auto mapped =
      Map(TransportFailure{Kind::kTls, Outcome::kNotSent, "bad certificate", Reply(200, kAccount)});
  CHECK_FALSE(mapped.value);
  CHECK(mapped.error.kind == Kind::kTls);
  CHECK(mapped.error.outcome == Outcome::kNotSent);
  CHECK(mapped.error.message == "bad certificate");
  CHECK(mapped.error.http_status == 0);
  CHECK(mapped.metadata.http_status == 0);
}

TEST_CASE("A failure without a final status leaves the outcome open") {
  for (const int status : {0, 100, 103, 199}) {
    const auto mapped =
        Map(TransportFailure{Kind::kTimeout, Outcome::kUnknown, "too slow", Reply(status, "")});
    CHECK(mapped.error.kind == Kind::kTimeout);
    CHECK(mapped.error.outcome == Outcome::kUnknown);
    CHECK(mapped.error.http_status == 0);
    CHECK(mapped.error.message == "too slow");
  }
  CHECK(Map(TransportFailure{}).error.message == "connection");
}

TEST_CASE("A final status decides before the failure does") {
  struct Case {
    int status;
    Kind kind;
    Outcome outcome;
  };
  const Case cases[] = {
      {200, Kind::kConnection, Outcome::kAccepted},
      {201, Kind::kConnection, Outcome::kAccepted},
      {299, Kind::kConnection, Outcome::kAccepted},
      {300, Kind::kUnexpectedStatus, Outcome::kUnknown},
      {400, Kind::kBadRequest, Outcome::kRejected},
      {408, Kind::kUnexpectedStatus, Outcome::kUnknown},
      {500, Kind::kServerError, Outcome::kUnknown},
      {302, Kind::kUnexpectedStatus, Outcome::kRejected},
  };
  for (const Case& c : cases) {
    CAPTURE(c.status);
    const auto mapped = Map(TransportFailure{Kind::kConnection, Outcome::kUnknown, "cut short",
                                             Reply(c.status, "{\"da")});
    CHECK_FALSE(mapped.value);
    CHECK(mapped.error.kind == c.kind);
    CHECK(mapped.error.outcome == c.outcome);
    CHECK(mapped.error.http_status == c.status);
    CHECK(mapped.error.body == "{\"da");
    CHECK(mapped.metadata.body == "{\"da");
  }
}

TEST_CASE("A success that was cut short keeps the cause, and the id in the headers") {
  const auto mapped =
      Map(TransportFailure{Kind::kResponseTooLarge, Outcome::kUnknown, "too long",
                           Reply(200, "{" + std::string(100'000, 'x'), {{"X-Request-Id", "r"}})});
  CHECK(mapped.error.request_id == "r");
  CHECK(mapped.error.body.size() == 65536);
  CHECK(mapped.metadata.request_id == "r");
  CHECK(mapped.error.kind == Kind::kResponseTooLarge);
  CHECK(mapped.error.outcome == Outcome::kAccepted);
  CHECK(mapped.error.message.find("too long") != std::string::npos);
}

}  // namespace
}  // namespace service_accounts::v0::internal
