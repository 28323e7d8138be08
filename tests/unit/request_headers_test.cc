#include "request_headers.h"

#include <string>

#include "tests/support/catch.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::string_literals;

TEST_CASE("Ordinary header fields may be sent") {
  CHECK(CheckHeaders({}, "headers") == std::nullopt);
  CHECK(CheckHeaders({{"X-Organization", "org_1"},
                      {"!#$%&'*+-.^_`|~9aZ", "a b\tc"},
                      {"X-Empty", ""},
                      {"X-Utf8", "caf\xC3\xA9"}},
                     "headers") == std::nullopt);
}

TEST_CASE("A header field that could change the request is refused by its place and cause") {
  const std::pair<Header, std::string> cases[] = {
      {{"", "x"}, "empty name"},        {{"X Y", "x"}, "name"},    {{"X:Y", "x"}, "name"},
      {{"X\r\nEvil", "x"}, "name"},     {{"X\0Y"s, "x"}, "name"},  {{"X-\xC3\xA9", "x"}, "name"},
      {{"X", "a\r\nEvil: 1"}, "value"}, {{"X", "a\nb"}, "value"},  {{"X", "a\rb"}, "value"},
      {{"X", "a\0b"s}, "value"},        {{"X", "a\x7F"}, "value"}, {{"X", "\x1B[31m"}, "value"},
  };
  for (const auto& [header, expected] : cases) {
    CAPTURE(header.name, header.value);
    const auto error = CheckHeaders({{"X-Fine", "1"}, header}, "headers");
    REQUIRE(error);
    CHECK(error->kind == ErrorKind::kInvalidArgument);
    CHECK(error->message.find("headers[1]") == 0);
    CHECK(error->message.find(expected) != std::string::npos);
  }
}

TEST_CASE("Header fields that the library answers for are refused in any case of letters") {
  for (const std::string name :
       {"Authorization", "authorization", "AUTHORIZATION", "Proxy-Authorization", "Content-Type",
        "Content-Length", "Content-Encoding", "Accept-Encoding", "Transfer-Encoding", "TE",
        "Trailer", "Host", "User-Agent", "Connection", "Keep-Alive", "Proxy-Connection", "Upgrade",
        "HTTP2-Settings", "Expect"}) {
    CAPTURE(name);
    const auto error = CheckHeaders({{name, "x"}}, "headers");
    REQUIRE(error);
    CHECK(error->message.find("set by the library") != std::string::npos);
  }
}

TEST_CASE("Too many or too long header fields are refused") {
  CHECK(CheckHeaders(std::vector<Header>(100, {"X", "1"}), "headers") == std::nullopt);
  CHECK(CheckHeaders(std::vector<Header>(101, {"X", "1"}), "headers"));
  CHECK(CheckHeaders({{"X", std::string(64 * 1024 - 1, 'a')}}, "headers") == std::nullopt);
  CHECK(CheckHeaders({{"X", std::string(64 * 1024, 'a')}}, "headers"));
}

TEST_CASE("A call's header fields take the place of the client's of the same name") {
  const std::vector<Header> merged =
      MergeHeaders({{"Accept", "a"}, {"X-Trace", "1"}, {"x-trace", "2"}, {"X-Org", "o"}},
                   {{"X-TRACE", "3"}, {"X-TRACE", "4"}});
  CHECK(merged ==
        std::vector<Header>{{"Accept", "a"}, {"X-Org", "o"}, {"X-TRACE", "3"}, {"X-TRACE", "4"}});
}

}  // namespace
}  // namespace service_accounts::v0::internal
