// Call after call: nothing piles up, whatever the calls come to.
#include <chrono>
#include <cstddef>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/fault.h"
#include "tests/support/process.h"
#include "tests/support/raw_server.h"

namespace service_accounts::tests {
namespace {

struct Holdings {
  std::size_t descriptors;
  std::size_t threads;
  std::size_t bytes;
};

/// What a client holds after so many calls, and nobody else does: the server is gone by then.
Holdings AfterCalls(int calls, bool good, const RawServer::Behaviour& behaviour) {
  RawServer server({behaviour});
  ClientOptions options = Options(server.base_url());
  options.retry.max_attempts = 1;
  const ServiceAccountsClient client(options);
  int as_expected = 0;
  for (int i = 0; i < calls; ++i) {
    as_expected += client.CreateServiceAccount(Request("x")).has_value() == good ? 1 : 0;
  }
  CHECK(as_expected == calls);
  CHECK(server.Finish() == calls);
  return {OpenDescriptors(), Threads(), AllocatedBytes()};
}

void CheckFlat(const Holdings& few, const Holdings& many) {
  CHECK(many.descriptors == few.descriptors);
  CHECK(many.threads == few.threads);
  // Less than half a pointer for each of some thousand calls.
  CHECK(many.bytes <= few.bytes + 16 * 1024);
}

TEST_CASE("Thousands of calls in a row leave descriptors, memory and threads as they were") {
  // No request is kept: the server's memory counts as well.
  const RawServer::Behaviour answer = [](RawConnection& connection) {
    for (std::string bytes; !(bytes = connection.ReadSome()).empty();) {
      if (bytes.back() == '}') connection.Write(HttpReply(200, kAccount));
    }
  };
  const Holdings few = AfterCalls(100, true, answer);
  CheckFlat(few, AfterCalls(5000, true, answer));
}

TEST_CASE("Hundreds of lost connections in a row leave descriptors, memory and threads as well") {
  const RawServer::Behaviour lose = [](RawConnection& connection) { connection.ReadSome(); };
  const Holdings few = AfterCalls(10, false, lose);
  CheckFlat(few, AfterCalls(300, false, lose));
}

}  // namespace
}  // namespace service_accounts::tests
