#include "call_loop.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "contain.h"
#include "token_fetch.h"

namespace service_accounts::v0::internal {

namespace {

/// Of a call whose step threw that. Its state may be what cannot be made.
void BreakOff(LoopCall* call, std::string what) noexcept {
  (void)Contain([&] { call->state().BreakOff(std::move(what)); });
}

}  // namespace

void LoopCall::OnSent(TransportResult&& result) noexcept { loop_->OnSent(this, std::move(result)); }

CallLoop::CallLoop(std::unique_ptr<SendLoop> sends, const Clock& clock)
    : sends_(std::move(sends)), clock_(clock), usable_(sends_->usable()) {}

CallLoop::~CallLoop() = default;

void CallLoop::Post(std::unique_ptr<LoopCall> call) {
  const bool elsewhere = thread_.load(std::memory_order_relaxed) != std::this_thread::get_id();
  bool wake = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    posted_.push_back(std::move(call));
    wake = elsewhere && std::exchange(asleep_, false);
  }
  if (wake) Wake();
}

void CallLoop::Finish() {
  finishing_ = true;
  Wake();
}

void CallLoop::Stop() {
  finishing_ = true;
  stopped_ = true;
  cancellation_ = true;
  sends_->Stop();
}

void CallLoop::Run(bool forever) {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  do {
    TakeToken();  // First: it is for those who wait for it already.
    TakePosted();
    if (cancellation_.exchange(false)) AdvanceCancelled();
    AdvanceResumed();
    AdvanceDue();
  } while (AwaitEvents(forever));
  thread_.store(std::thread::id(), std::memory_order_relaxed);
}

/// False: there is nothing left to wait for.
bool CallLoop::AwaitEvents(bool forever) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!posted_.empty()) return true;
    if (calls_.empty() && (!forever || finishing_)) return false;
    asleep_ = true;
  }
  // Where there is no memory to wait with, it looks again.
  (void)Contain([this] { sends_->Run(NextTime()); });
  if (!sends_->usable()) usable_ = false;
  const std::lock_guard<std::mutex> lock(mutex_);
  asleep_ = false;
  return true;
}

SteadyTime CallLoop::NextTime() const noexcept {
  if (!resumed_.empty()) return SteadyTime::min();
  return timers_.empty() ? SteadyTime::max() : timers_.begin()->first;
}

// A call that ends at once is ended by `Advance`, and takes what it has posted: `taking_` keeps
// that from going deeper. NOLINTBEGIN(misc-no-recursion)

/// Begins what has been posted; what is posted meanwhile too, one after another.
void CallLoop::TakePosted() noexcept {
  if (taking_) return;
  taking_ = true;
  for (;;) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      taken_.swap(posted_);
    }
    if (taken_.empty()) break;
    for (std::unique_ptr<LoopCall>& each : taken_) {
      LoopCall* const call = each.get();
      if (auto threw = Contain([&] { Take(&each); })) {
        BreakOff(call, *std::move(threw));
        call->OnEnded();
        each.reset();
      } else {
        Advance(call);
      }
    }
    taken_.clear();
  }
  taking_ = false;
}

/// If it throws, the call stays where it was.
void CallLoop::Take(std::unique_ptr<LoopCall>* posted) {
  LoopCall* const call = posted->get();
  calls_.emplace_back();
  if (auto threw = Contain([this] { resumed_.reserve(calls_.capacity()); })) {
    calls_.pop_back();
    ThrowBadAlloc();
  }
  call->loop_ = this;
  call->place_ = calls_.size() - 1;
  calls_.back() = std::move(*posted);
  call->on_cancellation_.emplace(call->cancellation_, [this] {
    if (!cancellation_.exchange(true)) Wake();
  });
}

/// The next step, whatever came before it.
void CallLoop::Advance(LoopCall* call) noexcept {
  StopTimer(call);
  Next next = Next::kEnd;
  auto threw = Contain([&] { next = Step(call); });
  if (threw) {
    BreakOff(call, *std::move(threw));
    next = Next::kEnd;
  }
  if (next == Next::kEnd) return End(call);
  if (next == Next::kWait) return;
  call->sending_ = true;
  threw = Contain([&] { sends_->Begin(call); });
  if (!threw) return;
  OnSent(call, TransportFailure{ErrorKind::kConnection, RequestOutcome::kNotSent, *std::move(threw),
                                HttpResponse()});
}

CallLoop::Next CallLoop::Step(LoopCall* call) {
  if (stopped_) call->state().Cancel();
  if (const auto hold = call->HoldUntil()) {
    SetTimer(call, *hold);
    return Next::kWait;
  }
  if (!GetToken(call)) return Next::kWait;
  return call->state().BeginAttempt() ? Next::kSend : Next::kEnd;
}

/// False: it has to be awaited, until the call's deadline.
bool CallLoop::GetToken(LoopCall* call) {
  CallState& state = call->state();
  call->awaited_token_ = nullptr;
  if (!state.NeedsToken()) return true;
  const Credentials& credentials = state.core().options().credentials;
  if (Token token = credentials.source()->TokenAtHand(clock_)) {
    state.UseToken(std::move(token));
    return true;
  }
  if (clock_.Now() >= state.deadline()) return true;
  SetTimer(call, state.deadline());
  if (fetch_ == nullptr) {
    fetch_ = std::make_unique<TokenFetch>(credentials, clock_, [this] { Wake(); });
  }
  call->awaited_token_ = fetch_.get();
  return false;
}

/// What was fetched is for all that waited for it, an error too.
void CallLoop::TakeToken() noexcept {
  if (fetch_ == nullptr || !fetch_->landed()) return;
  const auto landed = std::exchange(fetch_, nullptr);
  // Who ends leaves its place to one who comes later.
  for (std::size_t i = 0; i < calls_.size();) {
    LoopCall* const call = calls_[i].get();
    if (call->awaited_token_ == landed.get()) GiveToken(call, *landed);
    if (i < calls_.size() && calls_[i].get() == call) ++i;
  }
}

void CallLoop::GiveToken(LoopCall* call, const TokenFetch& landed) noexcept {
  call->awaited_token_ = nullptr;
  auto threw = Contain([&] { call->state().GiveToken(landed.token()); });
  if (threw) BreakOff(call, *std::move(threw));
  Advance(call);
}

void CallLoop::OnSent(LoopCall* call, TransportResult&& result) noexcept {
  call->sending_ = false;
  bool goes_on = false;
  auto threw = Contain([&] {
    if (stopped_) call->state().Cancel();
    const auto next = call->state().EndAttempt(std::move(result));
    if (next) SetTimer(call, *next);
    goes_on = next.has_value();
  });
  if (threw) BreakOff(call, *std::move(threw));
  call->OnAttemptEnded();
  if (!goes_on) End(call);
}

void CallLoop::Resume(LoopCall* call) noexcept {
  if (std::exchange(call->resumed_, true)) return;
  resumed_.push_back(call);
}

void CallLoop::AdvanceResumed() noexcept {
  // Those that are resumed meanwhile have their turn after the sends.
  for (std::size_t count = resumed_.size(); count > 0 && !resumed_.empty(); --count) {
    LoopCall* const call = resumed_.front();
    Forget(call);
    Advance(call);
  }
}

void CallLoop::AdvanceDue() noexcept {
  if (timers_.empty()) return;
  const SteadyTime now = clock_.Now();
  const auto due = std::distance(timers_.begin(), timers_.upper_bound(now));
  // Those that are set meanwhile have their turn after the sends.
  for (auto i = due; i > 0 && !timers_.empty() && timers_.begin()->first <= now; --i) {
    Advance(timers_.begin()->second);
  }
}

void CallLoop::AdvanceCancelled() noexcept {
  for (std::size_t i = 0; i < calls_.size();) {
    LoopCall* const call = calls_[i].get();
    if (stopped_ || call->cancellation_.cancelled()) {
      if (!call->sending_) {
        Advance(call);
      } else {
        if (stopped_) call->state().Cancel();
        (void)Contain([&] { sends_->Cancel(call); });
      }
    }
    if (i < calls_.size() && calls_[i].get() == call) ++i;
  }
}

void CallLoop::End(LoopCall* call) noexcept {
  StopTimer(call);
  Forget(call);
  call->on_cancellation_.reset();
  // Whoever makes the next call because this one has ended has it made elsewhere.
  if (!sends_->usable()) usable_ = false;
  call->OnEnded();
  {
    std::swap(calls_[call->place_], calls_.back());
    calls_[call->place_]->place_ = call->place_;
    // Destroyed when it is no longer here: that may end the client that it belongs to.
    const std::unique_ptr<LoopCall> ended = std::move(calls_.back());
    calls_.pop_back();
  }
  // What it has posted begins at once, with its memory and its connection still warm.
  TakePosted();
}

// NOLINTEND(misc-no-recursion)

/// It need not be resumed any more.
void CallLoop::Forget(LoopCall* call) noexcept {
  if (!std::exchange(call->resumed_, false)) return;
  resumed_.erase(std::find(resumed_.begin(), resumed_.end(), call));
}

void CallLoop::SetTimer(LoopCall* call, SteadyTime time) {
  StopTimer(call);
  call->timer_ = timers_.emplace(time, call);
}

void CallLoop::StopTimer(LoopCall* call) {
  if (call->timer_) timers_.erase(*call->timer_);
  call->timer_.reset();
}

}  // namespace service_accounts::v0::internal
