// A program with a RapidJSON of its own, which is compiled in another way than the library's,
// before and after the library uses its own. The program's functions come first, for shared
// libraries too: were the names the same, then it would be these that run in the library. Prints
// nothing, unless something is wrong.
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>

#include "tests/footprint/server_process.h"
#include "tests/support/client.h"

namespace {
int assertions = 0;
}  // namespace

// NOLINTBEGIN(cppcoreguidelines-macro-usage): what RapidJSON takes are macros.
#define RAPIDJSON_HAS_STDSTRING 1
#define RAPIDJSON_PARSE_DEFAULT_FLAGS kParseCommentsFlag
#define RAPIDJSON_WRITE_DEFAULT_FLAGS kWriteNanAndInfFlag
#define RAPIDJSON_ASSERT(condition) \
  (++assertions, (condition) ? static_cast<void>(0) : throw std::logic_error(#condition))
#if defined(__SSE2__) && !defined(__SANITIZE_ADDRESS__)  // It reads on to a multiple of 16 bytes.
#define RAPIDJSON_SSE2
#endif
// NOLINTEND(cppcoreguidelines-macro-usage)
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace service_accounts::v0 {
namespace {

constexpr const char* kCommented = R"(/* whose? */ {"id": "sa_1", "limit": 1.5})";

void Check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what);
  std::_Exit(1);
}

/// All that the settings above are for.
void UseOurs() {
  assertions = 0;
  rapidjson::Document document;
  document.Parse(std::string(kCommented));
  Check(!document.HasParseError(), "the program's parser refuses a comment");
  Check(std::string("sa_1") == document["id"].GetString(), "the program reads something else");
  Check(assertions > 0, "the program's assertions are not its own");
  bool thrown = false;
  try {
    document.PushBack(1, document.GetAllocator());  // It is no array.
  } catch (const std::logic_error&) {
    thrown = true;
  }
  Check(thrown, "the program's assertions do not throw");
  document["limit"].SetDouble(std::numeric_limits<double>::infinity());
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  Check(document.Accept(writer), "the program's writer refuses an infinity");
  Check(std::string(R"({"id":"sa_1","limit":Infinity})") == buffer.GetString(),
        "the program writes something else");
}

void UseTheLibrarys(const ServiceAccountsClient& client) {
  assertions = 0;
  const auto account = client.CreateServiceAccount(tests::Request("x"));
  Check(account.has_value(), account ? "" : account.error().ToString().c_str());
  Check(account->id == "sa_1", "the library reads something else");
  Check(!ServiceAccountFromJson(kCommented), "the library's parser takes a comment");
  Check(assertions == 0, "the library has used the program's RapidJSON");
}

}  // namespace
}  // namespace service_accounts::v0

// NOLINTNEXTLINE(bugprone-exception-escape): an assertion that is not expected ends the program.
int main() {
  using namespace service_accounts;
  const tests::ServerProcess server;
  const ServiceAccountsClient client(tests::Options(server.http_url()));
  UseTheLibrarys(client);
  UseOurs();
  UseTheLibrarys(client);
  UseOurs();
  return 0;
}
