// The library in a program that has plans of its own for what the library stands on.
#include <service_accounts/testing/mock_server.h>

#include <curl/curl.h>

#include <string>

#include "tests/support/catch.h"
#include "tests/support/fault.h"
#include "tests/support/raw_server.h"

namespace service_accounts::tests {
/// How often this program's RapidJSON has made sure of something.
int rapidjson_assertions = 0;
}  // namespace service_accounts::tests

// This program's settings, which are not the library's.
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): what RapidJSON takes is a macro.
#define RAPIDJSON_ASSERT(condition) \
  (++service_accounts::tests::rapidjson_assertions, static_cast<void>(condition))
#include <rapidjson/document.h>

namespace service_accounts::tests {
namespace {

using testing::MockServer;

TEST_CASE("A program may initialize and clean up libcurl for itself, before and after") {
  const MockServer server;
  REQUIRE(curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK);
  const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  REQUIRE(client.CreateServiceAccount(Request("first")));
  curl_global_cleanup();
  REQUIRE(client.CreateServiceAccount(Request("second")));
  const ServiceAccountsClient other(Options(server.base_url(), server.token()));
  REQUIRE(other.CreateServiceAccount(Request("third")));

  // And the other way round: the library's client goes, and the program's handle works.
  CURL* const handle = curl_easy_init();
  REQUIRE(handle != nullptr);
  curl_easy_setopt(handle, CURLOPT_URL, server.base_url().c_str());
  curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  CHECK(curl_easy_perform(handle) == CURLE_OK);
  curl_easy_cleanup(handle);
  CHECK(server.accounts().size() == 3);
}

TEST_CASE("A program may use RapidJSON with other settings, and neither sees the other's") {
  const std::string commented = std::string("/* ours */") + kAccount;
  rapidjson::Document document;
  document.Parse(commented);  // A std::string, and a comment: by this program's settings.
  REQUIRE_FALSE(document.HasParseError());
  CHECK(std::string(document["data"]["id"].GetString()) == "sa_1");
  CHECK(rapidjson_assertions > 0);
  rapidjson_assertions = 0;
  RawServer server({Answer(HttpReply(200, commented))});
  CheckFault(Options(server.base_url()), server, Accepted(Kind::kMalformedResponse));
  const testing::MockServer good;
  CHECK(ServiceAccountsClient(Options(good.base_url(), good.token()))
            .CreateServiceAccount(Request("x")));
  CHECK(rapidjson_assertions == 0);
}

TEST_CASE("A client that is a static may end with the program, its connection open") {
  static const MockServer server;
  static const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  CHECK(client.CreateServiceAccount(Request("x")));
}

TEST_CASE("A client that is a static may outlive the server") {
  const MockServer server;
  static const ServiceAccountsClient client(Options(server.base_url(), server.token()));
  CHECK(client.CreateServiceAccount(Request("x")));
}

}  // namespace
}  // namespace service_accounts::tests
