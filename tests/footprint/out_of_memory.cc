// Memory runs out at each allocation of a call in turn: that one alone fails, or all from it on.
// Every call ends, says what is true, and the next one succeeds. Prints nothing, unless something
// is wrong.
//
//   out-of-memory WHEN HOW    a client's first call (cold), or a later one (warm);
//                             blocking, async or bulk
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/footprint/server_process.h"
#include "tests/support/client.h"
#include "tests/support/process.h"

// The C library's own, under their second names.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void __libc_free(void* block);
}
// NOLINTEND(bugprone-reserved-identifier)

namespace {

std::atomic<long> left{-1};  ///< Allocations until there is no memory; below 0: there is enough.
std::atomic<bool> for_good{false};
std::atomic<long> failed{0};
std::atomic<long> live{0};

/// This allocation is to fail.
bool RunsOut() {
  long before = left.load();
  do {
    if (before < 0) return false;
    if (before == 0) {
      if (!for_good) left = -1;
      ++failed;
      errno = ENOMEM;
      return true;
    }
  } while (!left.compare_exchange_weak(before, before - 1));
  return false;
}

void* Counted(void* block) {
  if (block != nullptr) ++live;
  return block;
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) { return RunsOut() ? nullptr : Counted(__libc_malloc(size)); }

void* calloc(std::size_t count, std::size_t size) {
  return RunsOut() ? nullptr : Counted(__libc_calloc(count, size));
}

void* realloc(void* block, std::size_t size) {
  if (RunsOut()) return nullptr;
  void* const moved = __libc_realloc(block, size);
  if (block == nullptr) Counted(moved);
  return moved;
}

void free(void* block) {
  if (block != nullptr) --live;
  __libc_free(block);
}

}  // extern "C"

namespace service_accounts::v0 {
namespace {

using Results = std::vector<Result<ServiceAccount>>;

/// What came of the calls; nothing that counts needs memory.
struct Books {
  int created = 0;
  int not_sent = 0;
  int unknown = 0;  ///< Those that threw, too.
};

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::_Exit(1);
}

void Enter(const Result<ServiceAccount>& result, Books* books) {
  if (result) {
    ++books->created;
  } else if (result.error().outcome == RequestOutcome::kNotSent) {
    ++books->not_sent;
  } else if (result.error().outcome == RequestOutcome::kRejected) {
    Fail("rejected, by a service that rejects nothing");
  } else {
    ++books->unknown;
  }
  if (!result && result.error().message.empty()) Fail("an error without a message");
}

/// The end of asynchronous calls, without a future, which would need memory.
class Ends {
 public:
  void Add(const Result<ServiceAccount>& result) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Enter(result, &books_);
    ++count_;
    changed_.notify_all();
  }
  Books Await(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(60), [&] { return count_ >= count; })) {
      Fail("a call has no end");
    }
    if (count_ > count) Fail("a call has two ends");
    return books_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Books books_;
  int count_ = 0;
};

/// Calls of one kind, as many as it says, through a client.
class Trial {
 public:
  Trial(const std::string& when, std::string how, const std::string& url)
      : cold_(when == "cold"), how_(std::move(how)), options_(Options(url)) {
    options_.retry.max_attempts = 1;
    for (const char* name : {"a", "b", "c", "d", "e"}) requests_.push_back(tests::Request(name));
    bulk_.max_in_flight = 2;
  }

  [[nodiscard]] int calls() const {
    return how_ == "bulk" ? static_cast<int>(requests_.size()) : 1;
  }

  /// A client that has made a call, unless it is to be cold.
  void Prepare() {
    if (client_ == nullptr || cold_) client_ = std::make_unique<ServiceAccountsClient>(options_);
  }

  Books Run() {
    Books books;
    try {
      if (how_ == "async") return RunAsync();
      if (how_ == "bulk") {
        for (const auto& each : client_->CreateServiceAccounts(requests_, bulk_))
          Enter(each, &books);
      } else {
        Enter(client_->CreateServiceAccount(requests_[0]), &books);
      }
    } catch (const std::bad_alloc&) {
      books = Books();
      books.unknown = calls();
    }
    return books;
  }

 private:
  static ClientOptions Options(const std::string& url) { return tests::Options(url); }

  Books RunAsync() {
    Ends ends;
    client_->CreateServiceAccountAsync(
        requests_[0], CallOptions(),
        [&ends](const Result<ServiceAccount>& result) { ends.Add(result); });
    return ends.Await(1);
  }

  const bool cold_;
  const std::string how_;
  ClientOptions options_;
  std::vector<CreateServiceAccountRequest> requests_;
  BulkOptions bulk_;
  std::unique_ptr<ServiceAccountsClient> client_;
};

/// Of all calls that were made.
struct Account {
  int created = 0;
  int unknown = 0;
};

/// How many allocations the calls make.
long RunOutOfMemory(Trial* trial, const tests::ServerProcess& server, Account* account) {
  for (long at = 0;; ++at) {
    trial->Prepare();
    failed = 0;
    left = at;
    const Books books = trial->Run();
    left = -1;
    const bool reached = failed > 0;
    account->created += books.created;
    account->unknown += books.unknown;
    const std::string where = " when allocation " + std::to_string(at) + " fails";
    if (books.created + books.not_sent + books.unknown != trial->calls()) {
      Fail("calls are lost" + where);
    }
    if (!reached && books.created != trial->calls()) Fail("a call fails that had all it needs");
    // The next one has all that it needs.
    if (trial->Run().created != trial->calls()) Fail("the client does not recover" + where);
    account->created += trial->calls();
    const int requests = server.http_requests();
    if (requests < account->created || requests > account->created + account->unknown) {
      Fail(std::to_string(requests) + " requests for " + std::to_string(account->created) +
           " accounts and " + std::to_string(account->unknown) + " calls whose outcome is unknown" +
           where);
    }
    if (!reached) return at;
  }
}

/// What lives when no more threads than these are left: one that gave up, as it had no memory,
/// takes a moment to give back what it had.
long LiveWith(std::size_t threads) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (tests::Threads() > threads) {
    if (std::chrono::steady_clock::now() > end) Fail("a thread does not end");
    std::this_thread::yield();
  }
  return live;
}

void RunRounds(const std::string& when, const std::string& how, int rounds) {
  const tests::ServerProcess server;
  const std::size_t threads = how == "async" ? 2 : 1;
  Trial trial(when, how, server.http_url());
  trial.Prepare();
  Account account;
  account.created = trial.Run().created;
  long trials = 0;
  std::optional<long> live_before;
  for (int round = 0; round < rounds; ++round) {
    for_good = round % 2 == 1;
    const long allocations = RunOutOfMemory(&trial, server, &account);
    if (allocations < 20) Fail("no call makes so few allocations");
    if (!live_before) {
      live_before = LiveWith(threads);
    } else {
      trials += allocations;
    }
  }
  if (rounds == 1) return;
  // One block left behind by each would be more than what is kept for later calls, and for threads.
  constexpr long kKept = 150;
  if (trials < kKept + kKept / 2) Fail("too few trials to tell what is left behind");
  const long kept = LiveWith(threads) - *live_before;
  if (kept > kKept) Fail(std::to_string(kept) + " blocks of memory are left behind");
}

/// Without a client nothing is kept but what is needed once, and the C library's for its next
/// threads.
void Run(const std::string& when, const std::string& how) {
  RunRounds(when, how, 1);
  const long live_before = LiveWith(1);
  RunRounds(when, how, 10);
  constexpr long kOfTheSystem = 16;
  const long kept = LiveWith(1) - live_before;
  if (kept > kOfTheSystem) Fail(std::to_string(kept) + " blocks of memory outlive the client");
}

}  // namespace
}  // namespace service_accounts::v0

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  service_accounts::v0::Run(argv[1], argv[2]);
  return 0;
}
