#include "envelope.h"

#include "tests/support/catch.h"

namespace service_accounts::v0::internal {
namespace {

TEST_CASE("An error in the success's envelope is read") {
  const ErrorBody e = ReadErrorBody(
      R"({"code":400,"message":"bad","requestId":"req_1","data":{"field":"name"},"n":1})");
  CHECK(e.is_json);
  CHECK_FALSE(e.says_failure);
  CHECK(e.code == "400");
  CHECK(e.message == "bad");
  CHECK(e.request_id == "req_1");
  CHECK(e.details == R"({"data":{"field":"name"},"n":1})");
}

TEST_CASE("An error in the second shape is read, with the further members of both levels") {
  const ErrorBody e = ReadErrorBody(
      R"({"success":false,"error":{"code":"NAME_TAKEN","message":"taken","field":"name"},"trace":"t"})");
  CHECK(e.says_failure);
  CHECK(e.code == "NAME_TAKEN");
  CHECK(e.message == "taken");
  CHECK(e.details == R"({"field":"name","trace":"t"})");
}

TEST_CASE("An error whose members are of other types keeps them as details") {
  const ErrorBody e =
      ReadErrorBody(R"({"code":4.5,"message":["a"],"error":"boom","success":"no","requestId":7})");
  CHECK(e.is_json);
  CHECK_FALSE(e.says_failure);
  CHECK(e.code.empty());
  CHECK(e.message.empty());
  CHECK(e.details == R"({"code":4.5,"message":["a"],"error":"boom","success":"no","requestId":7})");
}

TEST_CASE("A member without a name is one of the further members, on both levels") {
  const ErrorBody e = ReadErrorBody(R"({"":"a","error":{"":"b","message":"no"},"code":7})");
  CHECK(e.is_json);
  CHECK(e.code == "7");
  CHECK(e.message == "no");
  CHECK(e.details == R"({"":"a"})");
}

TEST_CASE("An envelope without a code has the code 0, whatever else is in it") {
  Envelope envelope;
  std::string id;
  std::array<Field, 1> fields = {{{"id", &id}}};
  ObjectFields data("data.", fields);
  CHECK(ReadEnvelope(R"({"":{},"data":{"":7,"id":"sa_1"}})", &data, &envelope).empty());
  CHECK(id == "sa_1");
  CHECK(envelope.code == 0);
}

TEST_CASE("A body that is no JSON object says nothing") {
  for (const char* body :
       {"", "<html>", "[1]", "{\"message\":\"cut", "\"text\"", "{\"message\":\"\xFF\"}"}) {
    CAPTURE(body);
    const ErrorBody e = ReadErrorBody(body);
    CHECK_FALSE(e.is_json);
    CHECK((e.code + e.message + e.request_id + e.details).empty());
  }
}

}  // namespace
}  // namespace service_accounts::v0::internal
