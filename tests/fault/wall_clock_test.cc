// Somebody sets the computer's clock while a call is under way.
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <ctime>

#include "tests/support/catch.h"
#include "tests/support/fault.h"
#include "tests/support/raw_server.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;

/// How far the clock is from the truth.
std::atomic<std::time_t> wrong_by_seconds{0};

/// Where the clock has 32 bits only, too.
void SetWrong(std::chrono::seconds by) { wrong_by_seconds = static_cast<std::time_t>(by.count()); }

timespec WallTime() {
  timespec now{};
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  now.tv_sec += wrong_by_seconds;
  return now;
}

}  // namespace
}  // namespace service_accounts::tests

// In the place of the C library's, for libcurl and the C++ library too: the program's own symbols
// come first.

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (clock != CLOCK_REALTIME) return static_cast<int>(syscall(SYS_clock_gettime, clock, time));
  *time = service_accounts::tests::WallTime();
  return 0;
}

extern "C" std::time_t time(std::time_t* result) noexcept {
  const std::time_t now = service_accounts::tests::WallTime().tv_sec;
  if (result != nullptr) *result = now;
  return now;
}

extern "C" int gettimeofday(timeval* result, void*) noexcept {
  const timespec now = service_accounts::tests::WallTime();
  *result = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

namespace service_accounts::tests {
namespace {

/// Sets the clock right again.
struct RightInTheEnd {
  RightInTheEnd() = default;
  ~RightInTheEnd() { wrong_by_seconds = 0; }
};

TEST_CASE("A jump of the wall clock while the reply is awaited leaves the deadline where it was") {
  for (const std::chrono::seconds jump : {24h * 365, -24h * 365}) {
    CAPTURE(jump.count());
    const RightInTheEnd right;
    RawServer server({[&](RawConnection& connection) {
      connection.ReadRequest();
      SetWrong(jump);
      connection.WaitForPeer();
    }});
    ClientOptions options = Options(server.base_url());
    options.timeout = 300ms;
    const auto before = std::chrono::system_clock::now();
    CheckFault(options, server, Unknown(Kind::kTimeout).At(300ms));
    const auto moved = std::chrono::system_clock::now() - before;
    CHECK(std::chrono::abs(moved) > 24h);  // The clock was seen to jump.
  }
}

TEST_CASE("A jump of the wall clock between attempts leaves the wait as long as it was") {
  const RightInTheEnd right;
  RawServer server({[](RawConnection& connection) {
    connection.ReadRequest();
    SetWrong(24h * 365);
    connection.Write(HttpReply(429, "", "Retry-After: 1\r\n"));
    connection.ReadRequest();
    SetWrong(-24h * 365);
    connection.Write(HttpReply(400, ""));
  }});
  CheckFault(Options(server.base_url()), server,
             Rejected(Kind::kBadRequest, 400).Repeated(2).At(1s));
}

TEST_CASE("A jump of the wall clock leaves the idle connection in use") {
  const RightInTheEnd right;
  RawServer server({AnswerAll});
  const ServiceAccountsClient client(Options(server.base_url()));
  for (const std::chrono::seconds wrong : {0h, 24h * 365, -24h * 365}) {
    SetWrong(wrong);
    REQUIRE(client.CreateServiceAccount(Request("x")));
  }
  CHECK(server.connections() == 1);
  CHECK(server.Finish() == 3);
}

}  // namespace
}  // namespace service_accounts::tests
