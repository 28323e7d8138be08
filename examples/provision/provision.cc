#include "provision/provision.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace provision {
namespace {

namespace sa = service_accounts;
using std::chrono::steady_clock;

/// However long the service asks us to hold off.
constexpr std::chrono::minutes kLongestHold{1};

struct Ended {
  const ManifestEntry* entry;
  sa::Result<sa::ServiceAccount> result;
};

/// From the client's thread to the one that writes the journal.
class Inbox {
 public:
  void Put(Ended ended) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_.push_back(std::move(ended));
    changed_.notify_one();
  }

  /// `Take` is to return, even without anything.
  void Wake() {
    const std::lock_guard<std::mutex> lock(mutex_);
    woken_ = true;
    changed_.notify_one();
  }

  /// All that is there; waits for it no longer than until that time, if there is one.
  std::vector<Ended> Take(std::optional<steady_clock::time_point> until) {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto is_ready = [this] { return woken_ || !ended_.empty(); };
    if (until) {
      changed_.wait_until(lock, *until, is_ready);
    } else {
      changed_.wait(lock, is_ready);
    }
    woken_ = false;
    return std::exchange(ended_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Ended> ended_;
  bool woken_ = false;
};

class Run {
 public:
  Run(const sa::ServiceAccountsClient& client, const std::vector<ManifestEntry>& entries,
      Journal* journal, const ProvisionOptions& options, const OnResult& on_result)
      : client_(client),
        entries_(entries),
        journal_(*journal),
        options_(options),
        on_result_(on_result) {}

  Summary ToItsEnd() {
    const sa::CancellationCallback wake(options_.stop, [inbox = inbox_] { inbox->Wake(); });
    Sort();
    while (in_flight_ > 0 || WantsToBegin()) Step();
    for (; next_ < to_send_.size(); ++next_) Report(*to_send_[next_]);
    return Sum();
  }

 private:
  /// Into those to send, and those of which all is known.
  void Sort() {
    std::vector<const ManifestEntry*> known;
    for (const ManifestEntry& entry : entries_) {
      const Action action = ActionFor(entry, journal_.records(), options_);
      if (action == Action::kAssume) journal_.Assume(entry);
      (action == Action::kSend ? to_send_ : known).push_back(&entry);
    }
    Commit();
    for (const ManifestEntry* entry : known) Report(*entry);
  }

  /// One flush of the journal serves all that have ended and all that begin.
  void Step() {
    const std::vector<Ended> ended = inbox_->Take(NextBegin());
    for (const Ended& end : ended) Note(end);
    const std::vector<const ManifestEntry*> ready = Ready();
    for (const ManifestEntry* entry : ready) journal_.Begin(*entry);
    const bool committed = Commit();
    for (const ManifestEntry* entry : ready) committed ? Send(entry) : Withdraw(*entry);
    for (const Ended& end : ended) Report(*end.entry);
  }

  [[nodiscard]] bool WantsToBegin() const {
    return next_ < to_send_.size() && goes_on_ && trouble_.empty() && !options_.stop.cancelled();
  }

  /// No value: not before another has ended.
  [[nodiscard]] std::optional<steady_clock::time_point> NextBegin() const {
    if (!WantsToBegin() || in_flight_ >= options_.max_in_flight) return std::nullopt;
    return next_begin_;
  }

  std::vector<const ManifestEntry*> Ready() {
    std::vector<const ManifestEntry*> ready;
    const auto now = steady_clock::now();
    while (NextBegin().value_or(steady_clock::time_point::max()) <= now) {
      ready.push_back(to_send_[next_++]);
      ++in_flight_;
      if (options_.rate > 0) next_begin_ = now + Interval();
    }
    return ready;
  }

  [[nodiscard]] steady_clock::duration Interval() const {
    return std::chrono::duration_cast<steady_clock::duration>(
        std::chrono::duration<double>(1 / options_.rate));
  }

  void Note(const Ended& end) {
    --in_flight_;
    journal_.End(*end.entry, end.result);
    if (end.result || !end.result.error().retry_after) return;
    // The service asks for it, and the others would be turned away as well.
    const auto hold =
        std::min<steady_clock::duration>(*end.result.error().retry_after, kLongestHold);
    next_begin_ = std::max(next_begin_, steady_clock::now() + hold);
  }

  /// After a failure nothing more is written: what had begun is unknown to the next run.
  bool Commit() {
    if (!trouble_.empty()) return false;
    try {
      journal_.Commit();
    } catch (const JournalError& error) {
      trouble_ = error.what();
    }
    return trouble_.empty();
  }

  void Send(const ManifestEntry* entry) {
    sa::CallOptions call;
    call.cancellation = options_.cancel;
    client_.CreateServiceAccountAsync(
        entry->request, call, [inbox = inbox_, entry](sa::Result<sa::ServiceAccount> result) {
          inbox->Put({entry, std::move(result)});
        });
  }

  /// The journal has not kept its begin, so it does not go out.
  void Withdraw(const ManifestEntry& entry) {
    --in_flight_;
    sa::Error error;
    error.message = "not sent, as the journal could not be written";
    journal_.End(entry, error);
    Report(entry);
  }

  void Report(const ManifestEntry& entry) {
    const auto record = journal_.records().find(entry.request.name);
    const bool is_known = record != journal_.records().end();
    goes_on_ = on_result_(entry, is_known ? record->second : Record{}) && goes_on_;
  }

  [[nodiscard]] Summary Sum() const {
    Summary summary;
    summary.trouble = trouble_;
    for (const ManifestEntry& entry : entries_) {
      const auto record = journal_.records().find(entry.request.name);
      const State state =
          record == journal_.records().end() ? State::kMissing : record->second.state;
      if (state == State::kCreated) ++summary.created;
      if (state == State::kMissing) ++summary.missing;
      if (state == State::kUnknown) ++summary.unknown;
    }
    return summary;
  }

  const sa::ServiceAccountsClient& client_;
  const std::vector<ManifestEntry>& entries_;
  Journal& journal_;
  const ProvisionOptions& options_;
  const OnResult& on_result_;

  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  std::vector<const ManifestEntry*> to_send_;
  std::size_t next_ = 0;  // Of those.
  std::size_t in_flight_ = 0;
  steady_clock::time_point next_begin_ = steady_clock::now();
  bool goes_on_ = true;
  std::string trouble_;
};

}  // namespace

Action ActionFor(const ManifestEntry& entry, const Records& records,
                 const ProvisionOptions& options) {
  const auto record = records.find(entry.request.name);
  if (record == records.end() || record->second.state == State::kMissing) return Action::kSend;
  if (record->second.state == State::kCreated) return Action::kNone;
  if (!options.only.empty() && options.only.count(entry.request.name) == 0) return Action::kNone;
  if (options.unknowns == Unknowns::kRetry) return Action::kSend;
  return options.unknowns == Unknowns::kAssumeCreated ? Action::kAssume : Action::kNone;
}

Summary Provision(const sa::ServiceAccountsClient& client,
                  const std::vector<ManifestEntry>& entries, Journal* journal,
                  const ProvisionOptions& options, const OnResult& on_result) {
  return Run(client, entries, journal, options, on_result).ToItsEnd();
}

}  // namespace provision
