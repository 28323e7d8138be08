// A token that the program's own function fetches: kept, and fetched anew by one call for all.
//
// Whoever finds no token begins a flight, and calls the function without a lock; who comes later
// waits for the landing, by the clock of its own call. While the token at hand is good nobody
// waits.
#include <service_accounts/credentials.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <utility>

#include "contain.h"
#include "deadline.h"
#include "invalid_argument.h"
#include "process_id.h"
#include "redaction.h"
#include "token_source.h"

namespace service_accounts::v0 {
namespace internal {
namespace {

/// How long before its end a token is fetched anew: a tenth of its life, at most this.
constexpr std::chrono::seconds kLongestMargin{60};
constexpr int kMarginPart = 10;

/// After a fetch that brought nothing better than the token at hand: an identity service that is
/// unwell is not asked by every call.
constexpr std::chrono::seconds kPause{1};

/// A token with its times on the steady clock, which nobody can set.
struct TimedToken {
  Token token;
  SteadyTime refresh_at = SteadyTime::max();
  SteadyTime end = SteadyTime::max();

  [[nodiscard]] bool GoodAt(SteadyTime now) const { return token != nullptr && now < end; }
};

TimedToken Timed(Token token, const std::optional<WallTime>& expiry, const Clock& clock) {
  if (!expiry) return {std::move(token)};
  const SteadyTime now = clock.Now();
  const WallTime wall_now = clock.WallNow();
  if (*expiry <= wall_now) return {std::move(token), now, now};
  // Compared before it is subtracted: "for ever" may be the clock's last time.
  SteadyTime::duration life = kLongestTimeout;
  if (*expiry < wall_now + kLongestTimeout) {
    life = std::chrono::duration_cast<SteadyTime::duration>(*expiry - wall_now);
  }
  const auto margin = std::min<SteadyTime::duration>(life / kMarginPart, kLongestMargin);
  return {std::move(token), now + life - margin, now + life};
}

Error NotSent(ErrorKind kind, const std::string& message) {
  Error error = InvalidArgument("credentials: " + message);
  error.kind = kind;
  return error;
}

/// The function's error as one of the call.
Error OfCall(Error error) {
  if (error.message.empty()) error.message = "the callback failed without a message";
  error.message.insert(0, "credentials: ");
  error.outcome = RequestOutcome::kNotSent;
  error.http_status = 0;  // Whoever sent one, it was not the service.
  return error;
}

/// Why a call can wait no longer.
std::optional<Error> Ended(const TokenContext& context) {
  if (context.cancellation.cancelled()) {
    return NotSent(ErrorKind::kCancelled, "the call was cancelled before there was a token");
  }
  if (context.clock.Now() >= context.deadline) {
    return NotSent(ErrorKind::kTimeout, "the time allowed passed before there was a token");
  }
  return std::nullopt;
}

/// A call of the function, and who waits for it.
struct Flight {
  CancellationSource landed;
  std::optional<Result<Token>> result;  ///< Set before it has landed, and left alone afterwards.
  int process = CurrentProcess();       ///< In a forked child no thread is there to land it.
};

Result<Token> Await(const Flight& flight, const TokenContext& context) {
  const CancellationSource wake;
  const CancellationCallback on_landing(flight.landed.token(), [&] { wake.Cancel(); });
  const CancellationCallback on_cancellation(context.cancellation, [&] { wake.Cancel(); });
  while (!flight.landed.token().cancelled()) {
    if (auto error = Ended(context)) return *std::move(error);
    context.clock.WaitUntil(context.deadline, wake.token());
  }
  return *flight.result;
}

class CallbackToken final : public TokenSource {
 public:
  explicit CallbackToken(std::function<Result<AccessToken>()> callback)
      : callback_(std::move(callback)) {}

  [[nodiscard]] std::optional<Error> Check() const override {
    if (callback_) return std::nullopt;
    return InvalidArgument("credentials: the callback is an empty function");
  }

  [[nodiscard]] Token TokenAtHand(const Clock& clock) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return AtHand(clock.Now());
  }

  [[nodiscard]] Result<Token> GetToken(const TokenContext& context) const override {
    std::unique_lock<std::mutex> lock(mutex_);
    if (Token token = AtHand(context.clock.Now())) return token;
    return Refresh(std::move(lock), context);
  }

  /// It stays here, out of use, to be blotted out of errors.
  void Reject(const Token& rejected) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (held_.token != nullptr && *held_.token == *rejected) held_.end = SteadyTime::min();
  }

  [[nodiscard]] std::string Description() const override { return "token from callback"; }

 private:
  /// The lock is held.
  [[nodiscard]] Token AtHand(SteadyTime now) const {
    const bool at_hand = held_.GoodAt(now) && (now < held_.refresh_at || InFlight());
    return at_hand ? held_.token : nullptr;
  }

  [[nodiscard]] bool InFlight() const {
    return flight_ != nullptr && flight_->process == CurrentProcess();
  }

  [[nodiscard]] Result<Token> Refresh(std::unique_lock<std::mutex> lock,
                                      const TokenContext& context) const {
    if (auto error = Ended(context)) return *std::move(error);
    const bool first = !InFlight();
    if (first) flight_ = std::make_shared<Flight>();
    const std::shared_ptr<Flight> flight = flight_;
    lock.unlock();
    if (!first) return Await(*flight, context);
    return Land(flight.get(), Fetch(context.clock), context.clock);
  }

  [[nodiscard]] Result<TimedToken> Fetch(const Clock& clock) const {
    if (auto error = Check()) return *std::move(error);
    std::optional<Result<AccessToken>> fetched;
    const auto threw = Contain([&] { fetched = callback_(); });
    if (threw) return NotSent(ErrorKind::kUnauthenticated, "the callback " + Threw(*threw));
    if (!*fetched) return OfCall(std::move(*fetched).error());
    auto token = CheckedToken(std::move((*fetched)->token), "token from the callback");
    if (!token) return std::move(token).error();
    return Timed(*std::move(token), (*fetched)->expiry, clock);
  }

  Result<Token> Land(Flight* flight, Result<TimedToken> fetched, const Clock& clock) const {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      flight->result = Keep(std::move(fetched), clock.Now());
      flight_.reset();
    }
    flight->landed.Cancel();
    return *flight->result;
  }

  /// What the calls get that wait for it.
  Result<Token> Keep(Result<TimedToken> fetched, SteadyTime now) const {
    if (held_.GoodAt(now) && !(fetched && fetched->GoodAt(now))) {
      held_.refresh_at = now + kPause;
      return held_.token;
    }
    if (!fetched) {
      if (held_.token != nullptr) Redact(*held_.token, &fetched.error());
      return std::move(fetched).error();
    }
    // Even one that has expired by our clock: the calls that wait for it try it, and no others.
    held_ = *std::move(fetched);
    return held_.token;
  }

  const std::function<Result<AccessToken>()> callback_;

  mutable std::mutex mutex_;
  mutable TimedToken held_;
  mutable std::shared_ptr<Flight> flight_;  ///< Null: none is under way.
};

}  // namespace
}  // namespace internal

Credentials TokenFromCallback(std::function<Result<AccessToken>()> callback) {
  return Credentials(std::make_shared<internal::CallbackToken>(std::move(callback)));
}

}  // namespace service_accounts::v0
