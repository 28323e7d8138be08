#include "provision/provision.h"

#include <service_accounts/client.h>
#include <service_accounts/observer.h>

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

/// So much of a delay is made up for, where there is a rate.
constexpr std::chrono::milliseconds kCatchUp{100};

struct Ended {
  const ManifestEntry* entry;
  sa::Result<sa::ServiceAccount> result;
};

/// From the client's thread to the one that writes the journal.
class Inbox final : public sa::Observer {
 public:
  /// There is room for all from the start: on the client's thread nothing can fail.
  explicit Inbox(std::size_t max_in_flight) { ended_.reserve(max_in_flight); }

  void Put(Ended ended) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_.push_back(std::move(ended));
    changed_.notify_one();
  }

  /// The service may ask for a pause: it asks all, also where the call will try again by itself.
  void OnAttemptEnded(const sa::AttemptEnded& event) override {
    if (event.error == nullptr || !event.error->retry_after) return;
    const auto hold = std::min<steady_clock::duration>(*event.error->retry_after, kLongestHold);
    const std::lock_guard<std::mutex> lock(mutex_);
    held_until_ = std::max(held_until_, steady_clock::now() + hold);
  }

  /// Nothing is to begin before.
  [[nodiscard]] steady_clock::time_point held_until() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return held_until_;
  }

  /// `Take` is to return, even without anything.
  void Wake() {
    const std::lock_guard<std::mutex> lock(mutex_);
    woken_ = true;
    changed_.notify_one();
  }

  /// All that is there, in the place of what was in `ended`; waits for it no longer than until that
  /// time, if there is one.
  void Take(std::optional<steady_clock::time_point> until, std::vector<Ended>* ended) {
    ended->clear();
    std::unique_lock<std::mutex> lock(mutex_);
    const auto is_ready = [this] { return woken_ || !ended_.empty(); };
    if (until) {
      changed_.wait_until(lock, *until, is_ready);
    } else {
      changed_.wait(lock, is_ready);
    }
    woken_ = false;
    ended_.swap(*ended);
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Ended> ended_;
  steady_clock::time_point held_until_;
  bool woken_ = false;
};

class Run {
 public:
  Run(sa::ClientOptions client_options, const std::vector<ManifestEntry>& entries, Journal* journal,
      const ProvisionOptions& options, const OnResult& on_result)
      : entries_(entries),
        journal_(*journal),
        options_(options),
        on_result_(on_result),
        inbox_(std::make_shared<Inbox>(options.max_in_flight)),
        client_(Observed(std::move(client_options), inbox_)) {
    ended_.reserve(options.max_in_flight);
  }

  Summary ToItsEnd() {
    const sa::CancellationCallback wake(options_.stop, [inbox = inbox_] { inbox->Wake(); });
    Sort();
    while (in_flight_ > 0 || WantsToBegin()) Step();
    for (; next_ < to_send_.size(); ++next_) Report(*to_send_[next_]);
    return Sum();
  }

 private:
  static sa::ClientOptions Observed(sa::ClientOptions options, std::shared_ptr<Inbox> inbox) {
    options.observer = std::move(inbox);
    return options;
  }

  /// Into those to send, and those of which all is known.
  void Sort() {
    std::vector<const ManifestEntry*> known;
    for (const ManifestEntry& entry : entries_) {
      const Action action = ActionFor(entry, journal_.records(), options_);
      if (action == Action::kAssume) journal_.Assume(entry);
      (action == Action::kSend ? to_send_ : known).push_back(&entry);
    }
    journal_.Commit();  // Else nobody's decision would be told as done.
    for (const ManifestEntry* entry : known) Report(*entry);
  }

  /// One flush of the journal serves all that have ended and all that begin.
  void Step() {
    inbox_->Take(NextBegin(), &ended_);
    for (const Ended& end : ended_) Note(end);
    const std::vector<const ManifestEntry*> ready = Ready();
    for (const ManifestEntry* entry : ready) journal_.Begin(*entry);
    const bool committed = Commit();
    for (const ManifestEntry* entry : ready) committed ? Send(entry) : Withdraw(*entry);
    for (const Ended& end : ended_) Report(*end.entry);
  }

  [[nodiscard]] bool WantsToBegin() const {
    return next_ < to_send_.size() && goes_on_ && trouble_.empty() && !token_refused_ &&
           !options_.stop.cancelled();
  }

  /// No value: not before another has ended.
  [[nodiscard]] std::optional<steady_clock::time_point> NextBegin() const {
    if (!WantsToBegin() || in_flight_ >= options_.max_in_flight) return std::nullopt;
    return std::max(next_begin_, inbox_->held_until());
  }

  std::vector<const ManifestEntry*> Ready() {
    std::vector<const ManifestEntry*> ready;
    const auto now = steady_clock::now();
    for (auto begin = NextBegin(); begin && *begin <= now; begin = NextBegin()) {
      ready.push_back(to_send_[next_++]);
      ++in_flight_;
      if (options_.rate > 0) next_begin_ = std::max(*begin, now - kCatchUp) + Interval();
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
    if (end.result) return;
    const sa::ErrorKind kind = end.result.error().kind;
    // It is the token's, and so would be that of all others.
    if (kind == sa::ErrorKind::kUnauthenticated || kind == sa::ErrorKind::kPermissionDenied) {
      token_refused_ = true;
    }
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
    summary.token_refused = token_refused_;
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

  const std::vector<ManifestEntry>& entries_;
  Journal& journal_;
  const ProvisionOptions& options_;
  const OnResult& on_result_;

  std::shared_ptr<Inbox> inbox_;
  sa::ServiceAccountsClient client_;
  std::vector<Ended> ended_;  // In the step that is under way.
  std::vector<const ManifestEntry*> to_send_;
  std::size_t next_ = 0;  // Of those.
  std::size_t in_flight_ = 0;
  steady_clock::time_point next_begin_ = steady_clock::now();
  bool goes_on_ = true;
  bool token_refused_ = false;
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

Summary Provision(sa::ClientOptions client_options, const std::vector<ManifestEntry>& entries,
                  Journal* journal, const ProvisionOptions& options, const OnResult& on_result) {
  return Run(std::move(client_options), entries, journal, options, on_result).ToItsEnd();
}

}  // namespace provision
