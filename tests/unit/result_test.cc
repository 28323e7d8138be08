#include <service_accounts/result.h>

#include <memory>

#include "tests/support/catch.h"

namespace service_accounts::v0 {
namespace {

Error Failure(const std::string& message) {
  Error error;
  error.kind = ErrorKind::kConflict;
  error.message = message;
  return error;
}

Result<std::string> Good() {
  ResponseMetadata metadata;
  metadata.http_status = 200;
  return {"value", metadata};
}

Result<std::string> Bad() {
  ResponseMetadata metadata;
  metadata.http_status = 409;
  return {Failure("taken"), metadata};
}

TEST_CASE("A result holds a value or an error, and its metadata either way") {
  CHECK(Good().has_value());
  CHECK(static_cast<bool>(Good()));
  CHECK(*Good() == "value");
  CHECK(Good()->size() == 5);
  CHECK(Good().value() == "value");
  CHECK(Good().metadata().http_status == 200);
  CHECK_FALSE(Bad().has_value());
  CHECK(Bad().error().message == "taken");
  CHECK(Bad().metadata().http_status == 409);
  CHECK(Result<int>(1).metadata().http_status == 0);
}

#if defined(__cpp_exceptions)
TEST_CASE("Asking an error for its value throws, with the error in the exception") {
  const auto bad = Bad();
  CHECK_THROWS_AS(bad.value(), BadResultAccess);
  try {
    static_cast<void>(bad.value());
  } catch (const BadResultAccess& exception) {
    CHECK(exception.error().message == "taken");
    CHECK(std::string(exception.what()).find("taken") != std::string::npos);
  }
}
#endif

TEST_CASE("value_or gives the fallback on an error") {
  CHECK(Good().value_or("other") == "value");
  CHECK(Bad().value_or("other") == "other");
  const auto good = Good();
  CHECK(good.value_or("other") == "value");
}

TEST_CASE("transform changes the value and keeps error and metadata") {
  const auto size = Good().transform([](const std::string& s) { return s.size(); });
  CHECK(*size == 5);
  CHECK(size.metadata().http_status == 200);
  const auto bad = Bad().transform([](const std::string& s) { return s.size(); });
  CHECK(bad.error().message == "taken");
  CHECK(bad.metadata().http_status == 409);
}

TEST_CASE("and_then continues with another result, or passes the error on") {
  const auto next = [](const std::string& s) { return Result<int>(static_cast<int>(s.size())); };
  const auto good = Good();
  CHECK(*good.and_then(next) == 5);
  CHECK(Bad().and_then(next).error().message == "taken");
  CHECK(Bad().and_then(next).metadata().http_status == 409);
}

TEST_CASE("or_else answers an error with another result") {
  const auto rescue = [](const Error& e) {
    return Result<std::string>("rescued from " + e.message);
  };
  CHECK(*Bad().or_else(rescue) == "rescued from taken");
  CHECK(*Good().or_else(rescue) == "value");
  const auto bad = Bad();
  CHECK(*bad.or_else(rescue) == "rescued from taken");
}

TEST_CASE("A result of a type that only moves can be moved out of") {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const std::unique_ptr<int> value = std::move(result).value();
  CHECK(*value == 7);
  auto size =
      Result<std::unique_ptr<int>>(std::make_unique<int>(8)).transform([](std::unique_ptr<int> p) {
        return *p;
      });
  CHECK(*size == 8);
}

}  // namespace
}  // namespace service_accounts::v0
