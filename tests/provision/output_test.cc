// The output's lines, by what the journal knows.
#include "provision/output.h"

#include "tests/support/catch.h"

namespace provision {
namespace {

ManifestEntry Entry() {
  ManifestEntry entry;
  entry.line = 3;
  entry.request.name = "a";
  return entry;
}

TEST_CASE("A line of the output has what is known of the account, and nothing empty") {
  Record record;
  record.state = State::kCreated;
  record.outcome = "created";
  record.id = "sa_1";
  record.request_id = "req_1";
  CHECK(OutputLine(Entry(), record) ==
        R"({"line":3,"name":"a","outcome":"created","id":"sa_1","request_id":"req_1"})");
  record.outcome = "accepted";
  record.id = "";
  record.error = "no JSON";
  CHECK(OutputLine(Entry(), record) ==
        R"({"line":3,"name":"a","outcome":"accepted","request_id":"req_1","error":"no JSON"})");
}

TEST_CASE("A line of the output says why nothing came of a request") {
  Record record;
  CHECK(OutputLine(Entry(), record) ==
        R"({"line":3,"name":"a","outcome":"not sent","error":"its turn did not come"})");
  record.state = State::kUnknown;
  record.under_way = true;
  CHECK(OutputLine(Entry(), record) ==
        R"({"line":3,"name":"a","outcome":"unknown","error":"a run ended before its reply came"})");
}

TEST_CASE("An account whose repetition was refused is still unknown in the output") {
  Record record;
  record.state = State::kUnknown;
  record.outcome = "rejected";
  record.error = "conflict";
  CHECK(OutputLine(Entry(), record) ==
        R"({"line":3,"name":"a","outcome":"unknown","error":"conflict"})");
}

}  // namespace
}  // namespace provision
