// As long as is asked, 64 calls in flight against a server that fails in every way: asynchronous
// ones, blocking ones from threads, and bulk ones, some of them cancelled. In the end the books
// have to balance, call by call; memory, descriptors and threads have to have stayed where they
// were.
//   soak SECONDS SAMPLES [SEED]      SAMPLES: a file, a line of CSV for each second
#include <service_accounts/service_accounts.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/soak/faults.h"
#include "tests/soak/ledger.h"
#include "tests/soak/storm_server.h"
#include "tests/support/client.h"
#include "tests/support/process.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

// In flight: 64 together.
constexpr std::size_t kAsync = 40;
constexpr std::size_t kThreads = 8;
constexpr std::size_t kBulk = 16;
constexpr std::size_t kBulkRequests = 256;

/// What may have come by the last quarter since the second one: less than a byte for each call of
/// a run of minutes. The numbers of connections, and what they hold, go up and down by themselves.
constexpr std::size_t kMostKibGrowth = 2048;
constexpr std::size_t kMostDescriptorGrowth = 16;
/// What a busy machine may add to a call's timeout.
constexpr std::chrono::seconds kPatience{10};

std::string StatusLine(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name, 0) == 0) return line.substr(name.size());
  }
  throw std::runtime_error("/proc/self/status holds no " + name);
}

struct Sample {
  int second;
  std::size_t calls;
  std::size_t resident_kib;
  std::size_t descriptors;
  std::size_t threads;
};

/// The ledger, in which the other process writes as well, is not counted as memory of this one.
Sample Look(int second, std::size_t calls) {
  const std::size_t kib = std::stoul(StatusLine("RssAnon:")) + std::stoul(StatusLine("RssFile:"));
  return {second, calls, kib, OpenDescriptors(), Threads()};
}

ClientOptions OptionsFor(const std::string& base_url) {
  ClientOptions options = Options(base_url);
  options.timeout = kSoakTimeout;
  options.max_response_bytes = kSoakLongestBody;
  options.retry.initial_backoff = 2ms;
  options.retry.max_backoff = 20ms;
  return options;
}

/// What is wrong with it, kept up to a handful.
class Problems {
 public:
  void Add(const std::string& what) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (++count_ <= 10) std::printf("WRONG: %s\n", what.c_str());
  }
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  std::mutex mutex_;
  std::atomic<std::size_t> count_{0};
};

/// The calls, from when it is made to `Stop`.
class Callers {
 public:
  Callers(const std::string& base_url, Ledger* ledger, Problems* problems, std::uint64_t seed)
      : ledger_(*ledger), problems_(*problems), random_(seed), client_(OptionsFor(base_url)) {
    for (std::size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Block(); });
    threads_.emplace_back([this, seed] { CallInBulk(seed); });
    for (std::size_t i = 0; i < kAsync; ++i) Begin(CallOptions());
  }
  ~Callers() { Stop(); }
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;

  /// Begins no further calls and waits for those under way.
  void Stop() {
    stopped_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    std::unique_lock<std::mutex> lock(mutex_);
    none_left_.wait(lock, [this] { return in_flight_ == 0; });
  }

  [[nodiscard]] std::size_t asked() const { return asked_; }
  [[nodiscard]] std::size_t attempts() const { return attempts_; }
  [[nodiscard]] std::chrono::nanoseconds longest() const { return longest_.load(); }

 private:
  std::size_t Ask(std::size_t calls = 1) {
    const std::size_t first = asked_.fetch_add(calls);
    if (first + calls > Ledger::kMostCalls) throw std::length_error("the ledger is full");
    return first;
  }

  static CreateServiceAccountRequest RequestOf(std::size_t call) {
    return Request("bot-" + std::to_string(call));
  }

  void Enter(std::size_t call, const Result<ServiceAccount>& result) {
    const std::string name = "call " + std::to_string(call);
    if (ledger_.at(call).end.exchange(EndOf(result)) != End::kOpen) {
      problems_.Add(name + " ended twice");
    }
    if (result && result->name != "bot-" + std::to_string(call)) {
      problems_.Add(name + " was given the account of another one, " + result->name);
    }
    if (AllTextOf(result).find(kToken) != std::string::npos) {
      problems_.Add(name + " gave the token away");
    }
    const std::chrono::nanoseconds took = result.metadata().elapsed;
    if (took > kSoakTimeout + kPatience) problems_.Add(name + " missed its deadline by far");
    auto longest = longest_.load();
    while (longest < took && !longest_.compare_exchange_weak(longest, took)) {
    }
    attempts_ += result.metadata().attempts.size();
  }

  static End EndOf(const Result<ServiceAccount>& result) {
    if (result) return End::kCreated;
    switch (result.error().outcome) {
      case RequestOutcome::kNotSent: return End::kNotSent;
      case RequestOutcome::kRejected: return End::kRejected;
      case RequestOutcome::kAccepted: return End::kAccepted;
      case RequestOutcome::kUnknown: break;
    }
    return End::kUnknown;
  }

  void Block() {
    while (!stopped_) {
      const std::size_t call = Ask();
      Enter(call, client_.CreateServiceAccount(RequestOf(call)));
    }
  }

  // On this thread at first, then on the client's own; by one at a time.
  void Begin(const CallOptions& options) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++in_flight_;
    }
    const std::size_t call = Ask();
    client_.CreateServiceAccountAsync(
        RequestOf(call), options,
        [this, call](const Result<ServiceAccount>& result) { Continue(call, result); });
  }

  void Continue(std::size_t call, const Result<ServiceAccount>& result) {
    Enter(call, result);
    // The one that was chosen with an earlier end is wherever it may be by now.
    if (chosen_) std::exchange(chosen_, std::nullopt)->Cancel();
    if (!stopped_) {
      CallOptions options;
      if (random_() % 50 == 0) options.cancellation = chosen_.emplace().token();
      Begin(options);
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--in_flight_ == 0) none_left_.notify_all();
  }

  void CallInBulk(std::uint64_t seed) {
    std::mt19937_64 random(seed + 1);
    while (!stopped_) {
      const std::size_t first = Ask(kBulkRequests);
      std::vector<CreateServiceAccountRequest> requests;
      for (std::size_t i = 0; i < kBulkRequests; ++i) requests.push_back(RequestOf(first + i));
      CancellationSource cancellation;
      const std::size_t enough = random() % (4 * kBulkRequests);
      BulkOptions bulk;
      bulk.max_in_flight = kBulk;
      bulk.call.cancellation = cancellation.token();
      bulk.on_progress = [&](const BulkProgress& progress) {
        if (progress.done == enough || stopped_) cancellation.Cancel();
      };
      const auto results = client_.CreateServiceAccounts(requests, bulk);
      for (std::size_t i = 0; i < results.size(); ++i) Enter(first + i, results[i]);
    }
  }

  Ledger& ledger_;
  Problems& problems_;
  std::atomic<bool> stopped_{false};
  std::atomic<std::size_t> asked_{0};
  std::atomic<std::size_t> attempts_{0};
  std::atomic<std::chrono::nanoseconds> longest_{};
  std::mt19937_64 random_;                    // Of the asynchronous calls' thread.
  std::optional<CancellationSource> chosen_;  // The same.
  std::mutex mutex_;
  std::condition_variable none_left_;
  std::size_t in_flight_ = 0;
  std::vector<std::thread> threads_;
  ServiceAccountsClient client_;  // The first to go, with its thread.
};

/// Each call's end beside what the server says of it, and the sums.
void CheckBooks(Ledger* ledger, std::size_t asked, std::size_t attempts, Problems* problems) {
  constexpr const char* kNames[kEnds] = {"open",     "created",  "accepted",
                                         "rejected", "not sent", "unknown"};
  std::array<std::size_t, kEnds> ends{};
  std::size_t accounts = 0;
  for (std::size_t call = 0; call < asked; ++call) {
    const LedgerEntry& entry = ledger->at(call);
    const End end = entry.end;
    const int made = entry.accounts;
    ++ends[static_cast<std::size_t>(end)];
    accounts += static_cast<std::size_t>(made);
    const bool has_to_be = end == End::kCreated || end == End::kAccepted;
    const bool may_be = has_to_be || end == End::kUnknown;
    if (end == End::kOpen || made > (may_be ? 1 : 0) || made < (has_to_be ? 1 : 0)) {
      problems->Add("call " + std::to_string(call) + " ended as " +
                    kNames[static_cast<std::size_t>(end)] +
                    " with accounts: " + std::to_string(made));
    }
  }
  const auto count = [&](End end) { return ends[static_cast<std::size_t>(end)]; };
  const std::size_t sum = count(End::kCreated) + count(End::kRejected) + count(End::kNotSent) +
                          count(End::kUnknown) + count(End::kAccepted);
  const std::size_t least = count(End::kCreated) + count(End::kAccepted);
  const std::size_t most = least + count(End::kUnknown);
  const std::size_t posts = ledger->posts();
  std::printf(
      "asked %zu = created %zu + rejected %zu + not sent %zu + unknown %zu + accepted %zu\n", asked,
      count(End::kCreated), count(End::kRejected), count(End::kNotSent), count(End::kUnknown),
      count(End::kAccepted));
  std::printf("accounts at the server: %zu, from %zu to %zu possible\n", accounts, least, most);
  std::printf("requests read by the server: %zu, attempts made: %zu\n", posts, attempts);
  if (sum != asked) problems->Add("the books do not balance");
  if (accounts < least || accounts > most) problems->Add("the accounts are not what was told");
  if (posts > attempts) problems->Add("more requests were read than attempts made");
  if (posts == 0) problems->Add("nothing was asked");
  for (std::size_t i = 0; i < Faults().size(); ++i) {
    std::printf("  %-34s %9" PRIu64 "\n", Faults()[i].name, ledger->faults(i).load());
  }
}

template <class Value>
std::size_t Median(const std::vector<Sample>& samples, std::size_t quarter, Value value) {
  std::vector<std::size_t> values;
  for (std::size_t i = samples.size() * quarter / 4; i < samples.size() * (quarter + 1) / 4; ++i) {
    values.push_back(samples[i].*value);
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The first quarter is to warm up.
void CheckFlat(const std::vector<Sample>& samples, Problems* problems) {
  const auto check = [&](const char* what, auto value, std::size_t growth) {
    const std::size_t early = Median(samples, 1, value);
    const std::size_t late = Median(samples, 3, value);
    std::printf("%s: %zu in the second quarter, %zu in the last\n", what, early, late);
    if (late > early + growth) problems->Add(std::string(what) + " grew");
  };
  check("resident KiB", &Sample::resident_kib, kMostKibGrowth);
  check("descriptors", &Sample::descriptors, kMostDescriptorGrowth);
  check("threads", &Sample::threads, 0);
}

std::vector<Sample> TakeSamples(const Callers& callers, int seconds, const char* file) {
  std::vector<Sample> samples;
  std::ofstream out(file);
  out << "second,calls,resident_kib,descriptors,threads\n";
  const auto begin = steady_clock::now();
  for (int second = 1; second <= seconds; ++second) {
    std::this_thread::sleep_until(begin + std::chrono::seconds(second));
    const Sample& s = samples.emplace_back(Look(second, callers.asked()));
    out << s.second << ',' << s.calls << ',' << s.resident_kib << ',' << s.descriptors << ','
        << s.threads << std::endl;
  }
  if (!out) throw std::runtime_error(std::string("cannot write ") + file);
  return samples;
}

int Run(int seconds, const char* file, std::uint64_t seed) {
  std::printf("seed %" PRIu64 "\n", seed);
  std::fflush(stdout);
  Problems problems;
  Ledger ledger;
  StormServer server(&ledger, seed);
  const Sample before = Look(0, 0);
  std::size_t asked = 0;
  std::size_t attempts = 0;
  {
    Callers callers(server.base_url(), &ledger, &problems, seed);
    const std::vector<Sample> samples = TakeSamples(callers, seconds, file);
    callers.Stop();
    asked = callers.asked();
    attempts = callers.attempts();
    CheckFlat(samples, &problems);
    std::printf("longest call: %.3f s of %.3f s allowed\n",
                std::chrono::duration<double>(callers.longest()).count(),
                std::chrono::duration<double>(kSoakTimeout).count());
  }
  const Sample after = Look(seconds, asked);
  std::printf("without the client: %zu descriptors and %zu threads, as before %zu and %zu\n",
              after.descriptors, after.threads, before.descriptors, before.threads);
  if (after.descriptors != before.descriptors) problems.Add("descriptors were left behind");
  if (after.threads != before.threads) problems.Add("threads were left behind");
  if (!server.Finish()) problems.Add("the server did not end well");
  CheckBooks(&ledger, asked, attempts, &problems);
  std::printf("%s: %zu problems, seed %" PRIu64 "\n", problems.count() == 0 ? "good" : "NOT GOOD",
              problems.count(), seed);
  return problems.count() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace service_accounts::tests

int main(int argc, char** argv) {
  const int seconds = argc == 3 || argc == 4 ? std::atoi(argv[1]) : 0;
  if (seconds < 4) {
    std::fprintf(stderr, "usage: soak SECONDS SAMPLES [SEED], 4 seconds at least\n");
    return 2;
  }
  try {
    const std::uint64_t seed = argc == 4 ? std::stoull(argv[3]) : std::random_device()();
    return service_accounts::tests::Run(seconds, argv[2], seed);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "soak: %s\n", problem.what());
    return 2;
  }
}
