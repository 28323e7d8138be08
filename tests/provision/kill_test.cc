// The promise that the program is for: killed at any moment, and run again, it creates every
// account once, or says that it does not know.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "tests/provision/programs.h"
#include "tests/support/catch.h"
#include "tests/support/http_text.h"
#include "tests/support/raw_server.h"

namespace service_accounts::tests {
namespace {

using Json = nlohmann::json;
using std::chrono::microseconds;
using std::chrono::milliseconds;

/// What the service knows, and nobody else: what it was asked, and what it did.
class Books {
 public:
  enum class Turn {
    kCreated,
    kSlow,
    kRateLimited,
    kFailed,
    kFailedAndCreated,
    kLost,
    kLostAndCreated
  };

  explicit Books(std::uint64_t seed) : random_(seed) {}

  struct Decision {
    Turn turn;
    int id;
    milliseconds pause;
  };

  Decision Decide(const std::string& name) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const Turn turn = Draw();
    ++requests_[name];
    ++total_;
    if (turn == Turn::kRateLimited) ++turned_away_[name];
    if (turn >= Turn::kFailed) ++faults_;
    const bool creates = turn == Turn::kCreated || turn == Turn::kSlow ||
                         turn == Turn::kFailedAndCreated || turn == Turn::kLostAndCreated;
    if (creates) ++created_[name];
    return {turn, ++last_id_, milliseconds(random_() % 20)};
  }

  [[nodiscard]] int total() const { return Locked(total_); }
  /// That leave it open to the client what happened.
  [[nodiscard]] int faults() const { return Locked(faults_); }
  [[nodiscard]] std::map<std::string, int> requests() const { return Locked(requests_); }
  [[nodiscard]] std::map<std::string, int> turned_away() const { return Locked(turned_away_); }
  [[nodiscard]] std::map<std::string, int> created() const { return Locked(created_); }

 private:
  /// Of a hundred: 10 slow, 3 for each fault.
  Turn Draw() {
    const auto draw = random_() % 100;
    if (draw < 10) return Turn::kSlow;
    if (draw < 13) return Turn::kRateLimited;
    if (draw < 16) return Turn::kFailed;
    if (draw < 19) return Turn::kFailedAndCreated;
    if (draw < 22) return Turn::kLost;
    return draw < 25 ? Turn::kLostAndCreated : Turn::kCreated;
  }

  template <class T>
  [[nodiscard]] T Locked(const T& value) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return value;
  }

  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  std::map<std::string, int> requests_;
  std::map<std::string, int> turned_away_;
  std::map<std::string, int> created_;
  int total_ = 0;
  int faults_ = 0;
  int last_id_ = 0;
};

std::string NameIn(const std::string& request) {
  return Json::parse(request.substr(HeadLength(request))).at("name").get<std::string>();
}

RawServer::Behaviour Service(Books* books) {
  return [books](RawConnection& connection) {
    for (std::string request; !(request = connection.ReadRequest()).empty();) {
      const Books::Decision decision = books->Decide(NameIn(request));
      switch (decision.turn) {
        case Books::Turn::kLost:
        case Books::Turn::kLostAndCreated: return;
        case Books::Turn::kRateLimited:
          connection.Write(HttpReply(429, "", "Retry-After: 0\r\n"));
          continue;
        case Books::Turn::kFailed:
        case Books::Turn::kFailedAndCreated: connection.Write(HttpReply(503, "")); continue;
        case Books::Turn::kSlow: connection.Pause(decision.pause); break;
        case Books::Turn::kCreated: break;
      }
      connection.Write(
          HttpReply(200, R"({"data":{"id":"sa_)" + std::to_string(decision.id) + "\"}}"));
    }
  };
}

constexpr std::size_t kAccounts = 40;
constexpr int kInFlight = 4;
constexpr int kKills = 100;

/// One manifest with its journal, and what was told of its accounts so far.
class Manifest {
 public:
  explicit Manifest(int number) : prefix_("bot-" + std::to_string(number) + '-') {
    std::string text;
    for (std::size_t i = 0; i < kAccounts; ++i) text += Line(i);
    Write(path(), text);
  }

  [[nodiscard]] std::string path() const { return folder_ / "bots.jsonl"; }
  [[nodiscard]] std::size_t journal_size() const { return ContentsOf(path() + ".journal").size(); }
  [[nodiscard]] std::size_t told() const { return told_.size(); }

  /// What was said once is said for good: the output of a killed run is good as far as it goes.
  void Note(const std::string& output) {
    const std::size_t whole = output.rfind('\n');
    if (whole == std::string::npos) return;
    for (const std::string& text : Lines(output.substr(0, whole))) {
      const Json line = Json::parse(text);
      if (line.at("outcome") != "created") continue;
      const auto [before, is_new] = told_.emplace(line.at("name"), line.at("id"));
      CHECK((is_new || before->second == line.at("id")));
    }
  }

  /// The last run's output: every account, once.
  void CheckEnd(const std::string& output, const Books& books) const {
    const auto created = books.created();
    const auto requests = books.requests();
    const auto turned_away = books.turned_away();
    std::set<std::string> names;
    for (const std::string& text : Lines(output)) {
      const Json line = Json::parse(text);
      const auto name = line.at("name").get<std::string>();
      CAPTURE(text);
      CHECK(names.insert(name).second);
      const int times = CountOf(created, name);
      const bool is_created = line.at("outcome") == "created";
      CHECK((is_created || line.at("outcome") == "unknown"));
      CHECK((is_created ? times == 1 : times <= 1));
      CHECK(told_.count(name) == (is_created ? 1 : 0));
      // Sent once, and again only where the service had turned it away.
      CHECK(CountOf(requests, name) <= 1 + CountOf(turned_away, name));
    }
    CHECK(names.size() == kAccounts);
  }

  [[nodiscard]] static int CountOf(const std::map<std::string, int>& counts,
                                   const std::string& name) {
    const auto count = counts.find(name);
    return count == counts.end() ? 0 : count->second;
  }

 private:
  [[nodiscard]] std::string Line(std::size_t i) const {
    return R"({"name":")" + prefix_ + std::to_string(i) + "\",\"permissions\":[\"org:read\"]}\n";
  }

  TemporaryFolder folder_;
  std::string prefix_;
  std::map<std::string, std::string> told_;  // Ids by names.
};

/// When to kill: some requests, or some bytes of the journal, after the start, and some time after
/// that.
class Moment {
 public:
  Moment(std::mt19937_64* random, std::size_t left, const Books& books, const Manifest& manifest)
      : by_requests_((*random)() % 2 == 0),
        books_(books),
        manifest_(manifest),
        requests_(books.total() + static_cast<int>((*random)() % (left + 2))),
        // Two lines of some 120 bytes for each.
        bytes_(manifest.journal_size() + (*random)() % ((left + 1) * 240)),
        // Longer where nothing is awaited, for what comes before the first request.
        delay_((*random)() % (requests_ == books.total() ? 30'000 : 3'000)) {}

  void Await(Program* program) const {
    const bool came = program->Await([this] {
      return by_requests_ ? books_.total() >= requests_ : manifest_.journal_size() >= bytes_;
    });
    // At random, not for luck: whatever happens meanwhile may.
    if (came) std::this_thread::sleep_for(delay_);
  }

 private:
  bool by_requests_;
  const Books& books_;
  const Manifest& manifest_;
  int requests_;
  std::size_t bytes_;
  microseconds delay_;
};

TEST_CASE(
    "Killed at a hundred random moments, runs create every account once, or list it as unknown") {
  constexpr std::uint64_t kSeed = 20260131;
  CAPTURE(kSeed);
  // NOLINTNEXTLINE(cert-msc32-c,cert-msc51-cpp): a failure is to come again.
  std::mt19937_64 random(kSeed);
  Books books(kSeed);
  RawServer server({Service(&books)});
  const Program::Variables variables = {{"SERVICE_ACCOUNTS_BASE_URL", server.base_url()},
                                        {"SERVICE_ACCOUNTS_TOKEN", "token"}};
  int kills = 0;
  int created = 0;
  int unknown = 0;
  for (int number = 0; kills < kKills; ++number) {
    Manifest manifest(number);
    int exit_code = 1;
    while (exit_code != 0 && exit_code != 3) {
      Program program({kProvision, manifest.path(), "--max-in-flight", std::to_string(kInFlight)},
                      variables);
      if (kills < kKills) {
        Moment(&random, kAccounts - manifest.told(), books, manifest).Await(&program);
        program.Signal(SIGKILL);
      }
      exit_code = program.Wait();
      CAPTURE(number, kills, program.errors());
      REQUIRE((exit_code == 0 || exit_code == 1 || exit_code == 3 || exit_code == 128 + SIGKILL));
      if (exit_code == 128 + SIGKILL) ++kills;
      manifest.Note(program.output());
      if (exit_code == 0 || exit_code == 3) manifest.CheckEnd(program.output(), books);
    }
    created += static_cast<int>(manifest.told());
    unknown += static_cast<int>(kAccounts - manifest.told());
  }
  server.Finish();
  for (const auto& [name, times] : books.created()) {
    CAPTURE(name);
    CHECK(times == 1);
  }
  // No more is unknown than what was under way at a kill, or met a fault.
  CHECK(unknown <= kills * kInFlight + books.faults());
  CHECK(created > unknown);
  WARN("seed " << kSeed << ": " << kills << " kills, " << created << " created, " << unknown
               << " unknown, " << books.total() << " requests, " << books.faults() << " faults");
}

}  // namespace
}  // namespace service_accounts::tests
