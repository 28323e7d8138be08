#include <service_accounts/cancellation.h>

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "clock.h"
#include "tests/support/catch.h"

namespace service_accounts::v0 {
namespace {

using namespace std::chrono_literals;

TEST_CASE("A token tells whether its source was cancelled") {
  const CancellationSource source;
  const CancellationToken token = source.token();
  const CancellationToken copy = token;
  CHECK_FALSE(token.cancelled());
  source.Cancel();
  source.Cancel();
  CHECK(token.cancelled());
  CHECK(copy.cancelled());
  CHECK(source.token().cancelled());
}

TEST_CASE("A token without a source is never cancelled, and takes callbacks all the same") {
  const CancellationToken token;
  const CancellationCallback callback(token, [] { FAIL("called"); });
  CHECK_FALSE(token.cancelled());
}

TEST_CASE("A token outlives its source, and a source that goes cancels nothing") {
  std::optional<CancellationSource> source(std::in_place);
  const CancellationToken token = source->token();
  source.reset();
  CHECK_FALSE(token.cancelled());
}

TEST_CASE("A callback runs once, when its token is cancelled") {
  const CancellationSource source;
  int first = 0;
  int second = 0;
  const CancellationCallback one(source.token(), [&] { ++first; });
  {
    const CancellationCallback gone(source.token(), [&] { second += 100; });
    const CancellationCallback two(source.token(), [&] { second += 100; });
  }
  const CancellationCallback two(source.token(), [&] { ++second; });
  CHECK(first == 0);
  source.Cancel();
  source.Cancel();
  CHECK(first == 1);
  CHECK(second == 1);
}

TEST_CASE("A callback for a token that was cancelled runs at once") {
  const CancellationSource source;
  source.Cancel();
  int called = 0;
  const CancellationCallback callback(source.token(), [&] { ++called; });
  CHECK(called == 1);
}

TEST_CASE("Callbacks leave the list in any order") {
  const CancellationSource source;
  int called = 0;
  std::vector<std::unique_ptr<CancellationCallback>> callbacks;
  for (int i = 0; i < 5; ++i) {
    callbacks.push_back(std::make_unique<CancellationCallback>(source.token(), [&] { ++called; }));
  }
  callbacks.erase(callbacks.begin() + 2);
  callbacks.erase(callbacks.begin());
  callbacks.pop_back();
  source.Cancel();
  CHECK(called == 2);
}

TEST_CASE("Cancelling and coming and going at the same time is safe") {
  for (int round = 0; round < 200; ++round) {
    const CancellationSource source;
    std::thread canceller([&] { source.Cancel(); });
    int called = 0;
    {
      const CancellationCallback callback(source.token(), [&] { ++called; });
    }
    CHECK(called <= 1);
    canceller.join();
  }
}

TEST_CASE("A wait ends at its time, or at once when it is cancelled") {
  const internal::Clock& clock = internal::SystemClock();
  const CancellationSource source;
  const auto begin = clock.Now();
  clock.WaitUntil(begin + 20ms, source.token());
  CHECK(clock.Now() >= begin + 20ms);
  clock.WaitUntil(begin - 1h, source.token());
  std::thread canceller([&] { source.Cancel(); });
  clock.WaitUntil(begin + 1h, source.token());
  canceller.join();
  clock.WaitUntil(begin + 1h, source.token());
  CHECK(clock.Now() < begin + 30min);
}

}  // namespace
}  // namespace service_accounts::v0
