// A run within this process: what is on the disk when a request goes out and when a result is told,
// and how many requests begin at a time.
#include <service_accounts/service_accounts.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "provision/journal.h"
#include "provision/manifest.h"
#include "provision/provision.h"
#include "tests/provision/program.h"
#include "tests/support/catch.h"
#include "tests/support/client.h"

namespace {

/// What the journal held when it was flushed last, and so what a loss of power would leave.
std::string& Flushed() {
  static std::string flushed;
  return flushed;
}

/// The journal's size at each flush.
std::vector<std::size_t>& FlushedSizes() {
  static std::vector<std::size_t> sizes;
  return sizes;
}

/// The folder that was flushed last.
ino_t& FlushedFolder() {
  static ino_t folder = 0;
  return folder;
}

ino_t FileOf(const std::string& path) {
  struct stat about {};
  return stat(path.c_str(), &about) == 0 ? about.st_ino : 0;
}

}  // namespace

/// In the place of the C library's.
extern "C" int fsync(int file) {
  struct stat about {};
  if (fstat(file, &about) == 0 && S_ISDIR(about.st_mode)) FlushedFolder() = about.st_ino;
  if (fstat(file, &about) == 0 && S_ISREG(about.st_mode)) {
    std::string text(static_cast<std::size_t>(about.st_size), '\0');
    if (pread(file, text.data(), text.size(), 0) == about.st_size) Flushed() = std::move(text);
    FlushedSizes().push_back(static_cast<std::size_t>(about.st_size));
  }
  return static_cast<int>(syscall(SYS_fsync, file));
}

namespace provision {
namespace {

namespace sa = service_accounts;
using sa::tests::ContentsOf;
using sa::tests::Holds;
using sa::tests::TemporaryFolder;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kService = "https://accounts.example.com";

std::vector<ManifestEntry> Entries(std::size_t count) {
  std::vector<ManifestEntry> entries(count);
  for (std::size_t i = 0; i < count; ++i) {
    entries[i].line = i + 1;
    entries[i].request = sa::tests::Request("bot-" + std::to_string(i + 1));
    entries[i].digest = std::to_string(i);
  }
  return entries;
}

sa::HttpResponse Reply(int status, const std::string& body, sa::HeaderList headers = {}) {
  sa::HttpResponse reply;
  reply.status = status;
  reply.body = body;
  reply.headers = std::move(headers);
  return reply;
}

sa::HttpResponse Account() { return Reply(200, R"({"data":{"id":"sa_1"}})"); }

/// Asks the test what to answer, one request after another, on the client's thread.
class Asking final : public sa::HttpTransport {
 public:
  using Answer = std::function<sa::TransportResult(const sa::HttpRequest&)>;
  explicit Asking(Answer answer) : answer_(std::move(answer)) {}

  sa::TransportResult Send(const sa::HttpRequest& request, const sa::SendContext&) override {
    return answer_(request);
  }

 private:
  Answer answer_;
};

Summary RunOnce(
    const std::string& journal_path, const std::vector<ManifestEntry>& entries,
    const ProvisionOptions& options, Asking::Answer answer,
    const OnResult& on_result = [](const auto&, const auto&) { return true; },
    int max_attempts = 1) {
  sa::ClientOptions client_options = sa::tests::Options(kService);
  client_options.transport = std::make_shared<Asking>(std::move(answer));
  client_options.retry.max_attempts = max_attempts;
  Journal journal = Journal::Open(journal_path, kService);
  return Provision(std::move(client_options), entries, &journal, options, on_result);
}

std::size_t Count(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

std::string LineOf(const char* event, const std::string& name) {
  for (const std::string& line : sa::tests::Lines(Flushed())) {
    const std::string wanted = std::string(R"("event":")") + event + '"';
    if (Holds(line, wanted) && Holds(line, R"("name":")" + name + '"')) return line;
  }
  return "";
}

TEST_CASE("No request goes out, and no result is told, before the disk has a line of it") {
  const TemporaryFolder folder;
  const auto entries = Entries(30);
  ProvisionOptions options;
  options.max_in_flight = 4;
  std::size_t sent = 0;
  std::size_t in_turn_and_kept = 0;  // Catch2's checks are for one thread at a time.
  std::size_t told = 0;
  const Summary summary = RunOnce(
      folder / "j", entries, options,
      [&](const sa::HttpRequest& request) -> sa::TransportResult {
        const std::string& name = entries[sent++].request.name;
        const bool in_turn = Holds(request.body, '"' + name + '"');
        // Another thread flushes meanwhile, so the file is what may be read here: see below.
        const bool kept = Holds(ContentsOf(folder / "j"), R"("name":")" + name + '"');
        in_turn_and_kept += in_turn && kept ? 1 : 0;
        return Account();
      },
      [&](const ManifestEntry& entry, const Record& record) {
        ++told;
        CHECK(LineOf("begin", entry.request.name) != "");
        CHECK(Holds(LineOf("end", entry.request.name), R"("outcome":"created")"));
        return record.outcome == "created";
      });
  CHECK(sent == 30);
  CHECK(in_turn_and_kept == 30);
  CHECK(told == 30);
  CHECK(summary.created == 30);
}

TEST_CASE("A request goes out when its line is flushed, not merely written") {
  const TemporaryFolder folder;
  ProvisionOptions options;
  options.max_in_flight = 1;  // The thread that flushes waits for this one's answer.
  const auto entries = Entries(5);
  std::size_t sent = 0;
  (void)RunOnce(folder / "j", entries, options, [&](const sa::HttpRequest&) -> sa::TransportResult {
    CHECK(LineOf("begin", entries[sent++].request.name) != "");
    return Account();
  });
  CHECK(sent == 5);
}

TEST_CASE("So many requests are on their way as may be, and never more") {
  const TemporaryFolder folder;
  ProvisionOptions options;
  options.max_in_flight = 4;
  std::size_t most = 0;
  const auto count = [&](const sa::HttpRequest&) -> sa::TransportResult {
    // No request goes out without a begin, so there are never more of them than this.
    const std::string journal = ContentsOf(folder / "j");
    const std::size_t open =
        Count(journal, R"("event":"begin")") - Count(journal, R"("event":"end")");
    most = std::max(most, open);
    return Account();
  };
  CHECK(RunOnce(folder / "j", Entries(30), options, count).created == 30);
  CHECK(most == 4);
}

TEST_CASE("Requests begin no faster than the rate, counted from the first") {
  const TemporaryFolder folder;
  ProvisionOptions options;
  options.rate = 100;
  std::vector<milliseconds> times;
  const auto begin = steady_clock::now();
  (void)RunOnce(
      folder / "j", Entries(20), options, [&](const sa::HttpRequest&) -> sa::TransportResult {
        times.push_back(std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin));
        return Account();
      });
  REQUIRE(times.size() == 20);
  for (std::size_t i = 0; i < times.size(); ++i) {
    CAPTURE(i);
    CHECK(times[i] >= milliseconds(10) * static_cast<int>(i));
  }
}

TEST_CASE("Nothing begins for as long as the service asks, when it turned a request away") {
  const TemporaryFolder folder;
  ProvisionOptions options;
  options.max_in_flight = 1;
  std::vector<steady_clock::time_point> times;
  const Summary summary = RunOnce(folder / "j", Entries(2), options,
                                  [&](const sa::HttpRequest&) -> sa::TransportResult {
                                    times.push_back(steady_clock::now());
                                    if (times.size() > 1) return Account();
                                    return Reply(429, "", {{"Retry-After", "1"}});
                                  });
  CHECK(summary.created == 1);
  CHECK(summary.missing == 1);
  REQUIRE(times.size() == 2);
  CHECK(times[1] - times[0] >= std::chrono::seconds(1));
}

TEST_CASE("An account that may exist stays unknown when its repetition is refused") {
  const TemporaryFolder folder;
  const auto entries = Entries(1);
  const auto fail = [](const sa::HttpRequest&) -> sa::TransportResult { return Reply(503, ""); };
  const auto conflict = [](const sa::HttpRequest&) -> sa::TransportResult {
    return Reply(409, "");
  };
  CHECK(RunOnce(folder / "j", entries, {}, fail).unknown == 1);
  ProvisionOptions retry;
  retry.unknowns = Unknowns::kRetry;
  CHECK(RunOnce(folder / "j", entries, retry, conflict).unknown == 1);
}

TEST_CASE("What was not sent, or refused, is sent by the next run") {
  const TemporaryFolder folder;
  const auto entries = Entries(2);
  const auto fail = [&](const sa::HttpRequest& request) -> sa::TransportResult {
    if (Holds(request.body, "bot-2")) return Reply(400, "");
    return sa::TransportFailure{sa::ErrorKind::kConnection, sa::RequestOutcome::kNotSent, "no", {}};
  };
  const auto accept = [](const sa::HttpRequest&) -> sa::TransportResult { return Account(); };
  CHECK(RunOnce(folder / "j", entries, {}, fail).missing == 2);
  CHECK(RunOnce(folder / "j", entries, {}, accept).created == 2);
}

TEST_CASE("Only the accounts that are named are decided upon, if any are") {
  const TemporaryFolder folder;
  const auto entries = Entries(3);
  const auto fail = [](const sa::HttpRequest&) -> sa::TransportResult { return Reply(503, ""); };
  CHECK(RunOnce(folder / "j", entries, {}, fail).unknown == 3);
  ProvisionOptions options;
  options.only = {"bot-2"};
  options.unknowns = Unknowns::kAssumeCreated;
  CHECK(RunOnce(folder / "j", entries, options, fail).unknown == 2);
  options.only = {"bot-1"};
  options.unknowns = Unknowns::kRetry;
  std::vector<std::string> bodies;
  const Summary summary = RunOnce(folder / "j", entries, options,
                                  [&](const sa::HttpRequest& request) -> sa::TransportResult {
                                    bodies.push_back(request.body);
                                    return Account();
                                  });
  REQUIRE(bodies.size() == 1);
  CHECK(Holds(bodies[0], "bot-1"));
  CHECK(summary.created == 2);
  CHECK(summary.unknown == 1);
}

TEST_CASE("Nothing begins once a result could not be told, and all that had begun is told") {
  const TemporaryFolder folder;
  ProvisionOptions options;
  options.max_in_flight = 2;
  int sent = 0;
  std::vector<std::string> outcomes;
  const Summary summary = RunOnce(
      folder / "j", Entries(10), options,
      [&](const sa::HttpRequest&) -> sa::TransportResult { return ++sent, Account(); },
      [&](const ManifestEntry&, const Record& record) {
        outcomes.push_back(record.outcome);
        return false;
      });
  CHECK(outcomes.size() == 10);
  // Those that had begun by the first result's turn, and at most two more beside it.
  CHECK(sent <= 4);
  CHECK(summary.created == static_cast<std::size_t>(sent));
  CHECK(summary.missing == static_cast<std::size_t>(10 - sent));
}

/// As on a disk that is full: no file of this process grows beyond the size.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::size_t size) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{size, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_CASE("Nothing is sent that the journal cannot keep") {
  const TemporaryFolder folder;
  (void)Journal::Open(folder / "j", kService);
  const std::string empty = ContentsOf(folder / "j");
  int sent = 0;
  std::vector<std::string> outcomes;
  Summary summary;
  {
    const FileSizeLimit full(empty.size() + 20);
    summary = RunOnce(
        folder / "j", Entries(20), {},
        [&](const sa::HttpRequest&) -> sa::TransportResult { return ++sent, Account(); },
        [&](const ManifestEntry&, const Record& record) {
          outcomes.push_back(record.outcome);
          return true;
        });
  }
  CHECK(sent == 0);
  CHECK(Holds(summary.trouble, "cannot be written"));
  CHECK(summary.missing == 20);
  CHECK(outcomes.size() == 20);
  CHECK(ContentsOf(folder / "j") == empty);
}

TEST_CASE("A result that the journal cannot keep is told, and unknown to the next run") {
  const TemporaryFolder folder;
  const auto entries = Entries(20);
  ProvisionOptions options;
  options.max_in_flight = 1;
  std::unique_ptr<FileSizeLimit> full;
  std::map<std::string, int> told;
  int sent = 0;
  const Summary summary = RunOnce(
      folder / "j", entries, options,
      [&](const sa::HttpRequest&) -> sa::TransportResult {
        if (++sent == 3) full = std::make_unique<FileSizeLimit>(ContentsOf(folder / "j").size());
        return Account();
      },
      [&](const ManifestEntry&, const Record& record) { return ++told[record.outcome], true; });
  full.reset();
  CHECK(sent == 3);
  CHECK(told["created"] == 3);
  CHECK(Holds(summary.trouble, "cannot be written"));
  const auto refuse = [](const sa::HttpRequest&) -> sa::TransportResult { return Reply(400, ""); };
  const Summary next = RunOnce(folder / "j", entries, {}, refuse);
  CHECK(next.created == 2);
  CHECK(next.unknown == 1);
  CHECK(next.missing == 17);
}

TEST_CASE("A run that is stopped awaits what is under way, and begins nothing more") {
  const TemporaryFolder folder;
  const sa::CancellationSource stop;
  ProvisionOptions options;
  options.max_in_flight = 1;
  options.stop = stop.token();
  int sent = 0;
  const Summary summary = RunOnce(folder / "j", Entries(10), options,
                                  [&](const sa::HttpRequest&) -> sa::TransportResult {
                                    if (++sent == 3) stop.Cancel();
                                    return Account();
                                  });
  CHECK(sent == 3);
  CHECK(summary.created == 3);
  CHECK(summary.missing == 7);
  CHECK(summary.unknown == 0);
}

TEST_CASE("A run that is stopped does not wait for its rate") {
  const TemporaryFolder folder;
  const sa::CancellationSource stop;
  ProvisionOptions options;
  options.rate = 0.001;
  options.stop = stop.token();
  const Summary summary = RunOnce(
      folder / "j", Entries(2), options,
      [&](const sa::HttpRequest&) -> sa::TransportResult { return Account(); },
      [&](const ManifestEntry&, const Record&) { return stop.Cancel(), true; });
  CHECK(summary.created == 1);
  CHECK(summary.missing == 1);
}

TEST_CASE("Nothing is told as decided that the journal could not keep") {
  const TemporaryFolder folder;
  const auto entries = Entries(2);
  const auto fail = [](const sa::HttpRequest& request) -> sa::TransportResult {
    if (Holds(request.body, "bot-1")) return Reply(503, "");
    return Reply(400, "");
  };
  CHECK(RunOnce(folder / "j", entries, {}, fail).unknown == 1);
  ProvisionOptions options;
  options.unknowns = Unknowns::kAssumeCreated;
  int sent = 0;
  int told = 0;
  const FileSizeLimit full(ContentsOf(folder / "j").size() + 20);
  CHECK_THROWS_AS(
      RunOnce(
          folder / "j", entries, options,
          [&](const sa::HttpRequest&) -> sa::TransportResult { return ++sent, Account(); },
          [&](const ManifestEntry&, const Record&) { return ++told, true; }),
      JournalError);
  CHECK(sent == 0);
  CHECK(told == 0);
}

TEST_CASE("The journal's folder is flushed by each run, also where an earlier one left the file") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "there");
  std::filesystem::create_symlink(folder / "there/j", folder / "j");
  for (int run = 1; run <= 2; ++run) {
    CAPTURE(run);
    FlushedFolder() = 0;
    (void)Journal::Open(folder / "j", kService);
    CHECK(FlushedFolder() == FileOf(folder / "there"));
  }
}

TEST_CASE("Nothing begins while a call waits, as the service asks, to try again") {
  const TemporaryFolder folder;
  ProvisionOptions options;
  options.max_in_flight = 2;
  std::vector<std::pair<std::string, steady_clock::time_point>> sent;
  const Summary summary = RunOnce(
      folder / "j", Entries(4), options,
      [&](const sa::HttpRequest& request) -> sa::TransportResult {
        sent.emplace_back(request.body, steady_clock::now());
        if (sent.size() == 1) return Reply(429, "", {{"Retry-After", "1"}});
        return Account();
      },
      [](const auto&, const auto&) { return true; }, sa::RetryPolicy().max_attempts);
  CHECK(summary.created == 4);
  REQUIRE(sent.size() == 5);
  // But for the one that was on its way.
  for (std::size_t i = 2; i < sent.size(); ++i) {
    CAPTURE(sent[i].first);
    CHECK(sent[i].second - sent[0].second >= std::chrono::seconds(1));
  }
}

/// How many begin under the first flush, where the result before it took so long to tell.
std::size_t BegunAfter(milliseconds delay, const ProvisionOptions& options) {
  const TemporaryFolder folder;
  const auto entries = Entries(300);
  const auto accept = [](const sa::HttpRequest&) -> sa::TransportResult { return Account(); };
  CHECK(RunOnce(folder / "j", {entries[0]}, {}, accept).created == 1);
  std::size_t flush = 0;
  (void)RunOnce(folder / "j", entries, options, accept,
                [&](const ManifestEntry& entry, const Record&) {
                  if (entry.line > 1) return true;
                  std::this_thread::sleep_for(delay);
                  flush = FlushedSizes().size();
                  return true;
                });
  const std::string flushed = ContentsOf(folder / "j").substr(0, FlushedSizes().at(flush));
  return Count(flushed, R"("event":"begin")") - 1;
}

TEST_CASE(
    "What is due by the rate begins at once and under one flush, a tenth of a second of it at "
    "most") {
  ProvisionOptions options;
  options.rate = 1000;
  options.max_in_flight = 300;
  CHECK(BegunAfter(milliseconds(50), options) >= 50);
  const std::size_t most = BegunAfter(milliseconds(250), options);
  CHECK((most == 100 || most == 101));
}

TEST_CASE("Nothing begins once the service has refused the token, and the run says so") {
  for (const int status : {401, 403}) {
    const TemporaryFolder folder;
    ProvisionOptions options;
    options.max_in_flight = 1;
    int sent = 0;
    std::size_t told = 0;
    const Summary summary = RunOnce(
        folder / "j", Entries(10), options,
        [&](const sa::HttpRequest&) -> sa::TransportResult {
          return ++sent == 2 ? Reply(status, "") : Account();
        },
        [&](const ManifestEntry&, const Record&) { return ++told, true; });
    CHECK(sent == 2);
    CHECK(told == 10);
    CHECK(summary.token_refused);
    CHECK(summary.created == 1);
    CHECK(summary.missing == 9);
  }
}

}  // namespace
}  // namespace provision
