#include <service_accounts/header.h>

#include <vector>

#include "tests/support/catch.h"

namespace service_accounts::v0 {
namespace {

std::vector<Header> AsVector(const HeaderList& list) { return {list.begin(), list.end()}; }

TEST_CASE("A header list keeps its fields in order, repeated names too") {
  HeaderList list = {{"Content-Type", "text/plain"}, {"Set-Cookie", "a=1"}};
  list.push_back({"Set-Cookie", "b=2"});
  CHECK(list.size() == 3);
  CHECK(AsVector(list) == std::vector<Header>{{"Content-Type", "text/plain"},
                                              {"Set-Cookie", "a=1"},
                                              {"Set-Cookie", "b=2"}});
}

TEST_CASE("A header is found by its name without regard to case, the first of several") {
  const HeaderList list = {{"X-Request-Id", "req_1"}, {"x-request-id", "req_2"}, {"Empty", ""}};
  CHECK(list.find("x-REQUEST-id") == "req_1");
  CHECK(list.find("empty") == "");
  CHECK(list.find("X-Request") == std::nullopt);
  CHECK(HeaderList().find("X") == std::nullopt);
}

TEST_CASE("Header lines are split as they arrive") {
  HeaderList list;
  list.AddLine("Retry-After:  3 \r\n");
  list.AddLine("X-Url: http://host:80/\n");
  list.AddLine("no colon here\r\n");
  list.AddLine("\r\n");
  CHECK(AsVector(list) == std::vector<Header>{{"Retry-After", "3"}, {"X-Url", "http://host:80/"}});
}

TEST_CASE("A header value cannot bring a field of its own into the list") {
  HeaderList list;
  list.push_back({"X-A", "1\r\nX-Evil: 2"});
  CHECK(list.size() == 1);
  CHECK(list.find("X-Evil") == std::nullopt);
  CHECK(list.find("X-A") == "1  X-Evil: 2");
}

TEST_CASE("A header list is made from its own text again") {
  const HeaderList list = {{"A", "1"}, {"B", ""}};
  CHECK(list.text() == "A: 1\nB:\n");
  CHECK(AsVector(HeaderList::FromText(list.text())) == AsVector(list));
  CHECK(HeaderList::FromText("").empty());
}

}  // namespace
}  // namespace service_accounts::v0
