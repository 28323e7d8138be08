// How fast a bulk call goes, by itself.
#include "bulk_pace.h"

#include "tests/support/catch.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kNow{1000h};

void Begin(BulkPace& pace, int attempts) {
  for (int i = 0; i < attempts; ++i) pace.Begin();
}

/// They end, all of them with success.
void Succeed(BulkPace& pace, int attempts) {
  for (int i = 0; i < attempts; ++i) {
    pace.OnSuccess(kNow);
    pace.End();
  }
}

TEST_CASE("A batch begins at full speed, and each attempt takes its room until it ends") {
  BulkPace pace(3);
  CHECK(pace.pause_end() == SteadyTime::min());
  CHECK(pace.room() == 3);
  Begin(pace, 3);
  CHECK(pace.room() == 0);
  pace.End();
  CHECK(pace.room() == 1);
  Succeed(pace, 2);
  CHECK(pace.room() == 3);
}

TEST_CASE("Once the service has asked for fewer requests it is one at a time") {
  BulkPace pace(8);
  pace.OnRateLimited(kNow);
  CHECK(pace.room() == 1);
  Begin(pace, 1);
  CHECK(pace.room() == 0);
  pace.End();
  CHECK(pace.room() == 1);
}

TEST_CASE("With more attempts on their way than are allowed any more there is no room") {
  BulkPace pace(4);
  Begin(pace, 4);
  pace.OnRateLimited(kNow);
  for (int still_on_their_way = 4; still_on_their_way > 0; --still_on_their_way) {
    CHECK(pace.room() == 0);
    pace.End();
  }
  CHECK(pace.room() == 1);
}

TEST_CASE("The number doubles with each round of successes, up to where it was") {
  BulkPace pace(20);
  pace.OnRateLimited(kNow);
  for (const int round : {1, 2, 4, 8, 16, 20, 20}) {
    CHECK(pace.room() == static_cast<std::size_t>(round));
    Begin(pace, round);
    CHECK(pace.room() == 0);
    Succeed(pace, round);
  }
}

TEST_CASE("An attempt that fails makes nothing faster") {
  BulkPace pace(8);
  pace.OnRateLimited(kNow);
  Begin(pace, 1);
  pace.End();
  CHECK(pace.room() == 1);
}

TEST_CASE("What succeeds before the pause has ended makes nothing faster") {
  BulkPace pace(8);
  Begin(pace, 3);
  pace.OnRateLimited(kNow + 1s);
  pace.End();
  for (const SteadyTime time : {kNow, kNow + 1s - 1ns}) {
    pace.OnSuccess(time);
    pace.End();
    CHECK(pace.room() <= 1);
  }
  CHECK(pace.room() == 1);
  Begin(pace, 1);
  pace.OnSuccess(kNow + 1s);
  pace.End();
  CHECK(pace.room() == 2);
}

TEST_CASE("Asked once more the pace is one at a time again") {
  BulkPace pace(8);
  pace.OnRateLimited(kNow);
  Begin(pace, 1);
  Succeed(pace, 1);
  CHECK(pace.room() == 2);
  pace.OnRateLimited(kNow);
  CHECK(pace.room() == 1);
}

TEST_CASE("Of several pauses the one that lasts longest counts") {
  BulkPace pace(8);
  pace.OnRateLimited(kNow + 2s);
  CHECK(pace.pause_end() == kNow + 2s);
  pace.OnRateLimited(kNow + 1s);
  CHECK(pace.pause_end() == kNow + 2s);
  pace.OnRateLimited(kNow + 3s);
  CHECK(pace.pause_end() == kNow + 3s);
}

TEST_CASE("A pace of one at a time stays that, whatever comes") {
  BulkPace pace(1);
  Begin(pace, 1);
  pace.OnRateLimited(kNow);
  Succeed(pace, 1);
  CHECK(pace.room() == 1);
}

}  // namespace
}  // namespace service_accounts::v0::internal
