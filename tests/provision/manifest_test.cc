// The manifest: what is read from it, and what is said of bad lines.
#include "provision/manifest.h"

#include <sstream>

#include "tests/support/catch.h"

namespace provision {
namespace {

Manifest Read(const std::string& text) {
  std::istringstream in(text);
  return ReadManifest(in);
}

TEST_CASE("Each line of a manifest is a request, with members beyond the documented ones kept") {
  const Manifest manifest = Read(
      "{\"name\": \"a\", \"permissions\": [\"org:read\"], \"description\": \"d\"}\n"
      "{\"name\": \"b\", \"permissions\": [], \"labels\": {\"team\": [1, 2.50]}}");
  CHECK(manifest.problems.empty());
  REQUIRE(manifest.entries.size() == 2);
  const auto& first = manifest.entries[0].request;
  CHECK(first.name == "a");
  CHECK(first.permissions == std::vector<std::string>{"org:read"});
  CHECK(first.description == "d");
  CHECK(manifest.entries[1].request.extra_fields.at("labels") == R"({"team":[1,2.50]})");
}

TEST_CASE("Blank lines of a manifest are skipped and counted, whatever ends them") {
  const Manifest manifest = Read(
      "\r\n \t\n{\"name\":\"a\",\"permissions\":[]}\r\n\n{\"name\":\"b\",\"permissions\":[]}\n\n");
  CHECK(manifest.problems.empty());
  REQUIRE(manifest.entries.size() == 2);
  CHECK(manifest.entries[0].line == 3);
  CHECK(manifest.entries[1].line == 5);
}

TEST_CASE("Every bad line of a manifest is told, with its number and what is wrong") {
  const Manifest manifest = Read(
      "{\"name\":\"a\",\"permissions\":[]}\n"
      "{\"name\":\"b\"\n"
      "{\"permissions\":[]}\n"
      "{\"name\":\"c\"}\n"
      "{\"name\":\"\",\"permissions\":[]}\n"
      "{\"name\":7,\"permissions\":[]}\n"
      "[]\n"
      "{\"name\":\"d\",\"permissions\":[\"\xff\"]}\n"
      "{\"name\":\"a\",\"permissions\":[\"org:read\"]}\n"
      "{\"name\":\"e\",\"permissions\":[]}\n");
  const struct {
    std::size_t line;
    const char* word;
  } expected[] = {
      {2, "JSON"}, {3, "name"},   {4, "permissions"}, {5, "name"},
      {6, "name"}, {7, "object"}, {8, "UTF-8"},       {9, "\"a\" stands in line 1 already"}};
  REQUIRE(manifest.problems.size() == std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    CAPTURE(manifest.problems[i].what);
    CHECK(manifest.problems[i].line == expected[i].line);
    CHECK(manifest.problems[i].what.find(expected[i].word) != std::string::npos);
  }
  CHECK(manifest.entries.size() == 2);
}

TEST_CASE("A digest tells requests apart, and not the ways to write one") {
  const auto digest = [](const char* line) { return Read(line).entries.at(0).digest; };
  const std::string one = digest("{\"name\":\"a\",\"permissions\":[\"x\"],\"k\":1}");
  CHECK(one == digest(" { \"k\" : 1, \"permissions\": [\"\\u0078\"], \"name\": \"a\" } "));
  CHECK(one != digest("{\"name\":\"a\",\"permissions\":[\"y\"],\"k\":1}"));
  CHECK(one != digest("{\"name\":\"a\",\"permissions\":[\"x\"],\"k\":2}"));
  CHECK(one != digest("{\"name\":\"a\",\"permissions\":[\"x\"],\"k\":1,\"description\":\"\"}"));
  // For journals of today to be read tomorrow: FNV-1a of {"name":"a","permissions":[]}.
  CHECK(digest("{\"name\":\"a\",\"permissions\":[]}") == "ac2351ab129394c5");
}

TEST_CASE("A name is quoted for people's eyes, whatever it holds") {
  CHECK(Quoted("a\"\n\x1b") == R"("a\"\n\u001b")");
  CHECK(Quoted("\xff") == "\"\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace provision
