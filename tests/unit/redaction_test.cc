#include "redaction.h"

#include "tests/support/catch.h"

namespace service_accounts::v0::internal {
namespace {

std::string Redacted(std::string_view secret, std::string text) {
  Redact(secret, &text);
  return text;
}

TEST_CASE("A secret is blotted out wherever it occurs") {
  CHECK(Redacted("TOPSECRET", "") == "");
  CHECK(Redacted("TOPSECRET", "nothing here") == "nothing here");
  CHECK(Redacted("TOPSECRET", "TOPSECRET") == "[redacted]");
  CHECK(Redacted("TOPSECRET", "Bearer TOPSECRET, TOPSECRETTOPSECRET.") ==
        "Bearer [redacted], [redacted][redacted].");
}

TEST_CASE("A secret with slashes is blotted out as JSON escapes them, too") {
  CHECK(Redacted("top/secret/9", R"({"a":"top\/secret\/9","b":"top/secret/9"})") ==
        R"({"a":"[redacted]","b":"[redacted]"})");
  CHECK(Redacted("top/secret/9", R"({"a":"top\/secret\/9"})") == R"({"a":"[redacted]"})");
}

TEST_CASE("The beginning of a secret at the end of a cut text is blotted out") {
  CHECK(Redacted("TOPSECRET-0123", "Bearer TOPSECRE") == "Bearer [redacted]");
  CHECK(Redacted("TOPSECRET-0123", "Bearer TOPSECRET-012") == "Bearer [redacted]");
  CHECK(Redacted("TOPSECRET-0123", "at the TOP") == "at the TOP");
  CHECK(Redacted("TOPSECRET-0123", "Bearer TOPSECR") == "Bearer TOPSECR");
  CHECK(Redacted("TOPSECRET-0123", "TOPSECRET-012") == "[redacted]");
  CHECK(Redacted("TOPSECRET/0123", R"({"a":"TOPSECRET\)") == R"({"a":"[redacted])");
}

TEST_CASE("A secret of three characters or fewer is left, since any text holds it") {
  CHECK(Redacted("the", "the service") == "the service");
  CHECK(Redacted("", "the service") == "the service");
  CHECK(Redacted("serv", "the service") == "the [redacted]ice");
}

TEST_CASE("Every text of an error and of the metadata is redacted") {
  const std::string text = "x TOPSECRET y";
  const std::string clean = "x [redacted] y";
  Error error;
  error.code = error.message = error.request_id = error.details = error.body = text;
  Redact("TOPSECRET", &error);
  for (const std::string* field :
       {&error.code, &error.message, &error.request_id, &error.details, &error.body}) {
    CHECK(*field == clean);
  }
  ResponseMetadata metadata;
  metadata.request_id = metadata.message = metadata.http_version = metadata.body = text;
  metadata.headers = {{"X-Echo", text}, {"TOPSECRET", "name"}, {"X-Plain", "1"}};
  Redact("TOPSECRET", &metadata);
  for (const std::string* field :
       {&metadata.request_id, &metadata.message, &metadata.http_version, &metadata.body}) {
    CHECK(*field == clean);
  }
  CHECK(metadata.headers.text() == "X-Echo: x [redacted] y\n[redacted]: name\nX-Plain: 1\n");
}

}  // namespace
}  // namespace service_accounts::v0::internal
