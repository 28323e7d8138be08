#include "call_loop.h"

#include <utility>

#include "token_fetch.h"

namespace service_accounts::v0::internal {

void LoopCall::OnSent(TransportResult&& result) { loop_->OnSent(this, std::move(result)); }

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
  sends_->Run(timers_.empty() ? SteadyTime::max() : timers_.begin()->first);
  if (!sends_->usable()) usable_ = false;
  const std::lock_guard<std::mutex> lock(mutex_);
  asleep_ = false;
  return true;
}

// A call that ends at once is ended by `Advance`, and takes what it has posted: `taking_` keeps
// that from going deeper. NOLINTBEGIN(misc-no-recursion)

/// Begins what has been posted; what is posted meanwhile too, one after another.
void CallLoop::TakePosted() {
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
      call->loop_ = this;
      call->place_ = calls_.size();
      calls_.push_back(std::move(each));
      call->on_cancellation_.emplace(call->cancellation_, [this] {
        if (!cancellation_.exchange(true)) Wake();
      });
      Advance(call);
    }
    taken_.clear();
  }
  taking_ = false;
}

/// The next step, whatever came before it.
void CallLoop::Advance(LoopCall* call) {
  StopTimer(call);
  if (stopped_) call->state().Cancel();
  if (const auto hold = call->HoldUntil()) return SetTimer(call, *hold);
  if (!GetToken(call)) return;
  if (!call->state().BeginAttempt()) return End(call);
  call->sending_ = true;
  sends_->Begin(call);
}

/// False: it has to be awaited, until the call's deadline.
bool CallLoop::GetToken(LoopCall* call) {
  CallState& state = call->state();
  call->awaits_token_ = false;
  if (!state.NeedsToken()) return true;
  const Credentials& credentials = state.core().options().credentials;
  if (Token token = credentials.source()->TokenAtHand(clock_)) {
    state.UseToken(std::move(token));
    return true;
  }
  if (clock_.Now() >= state.deadline()) return true;
  call->awaits_token_ = true;
  SetTimer(call, state.deadline());
  if (fetch_ == nullptr) {
    fetch_ = std::make_unique<TokenFetch>(credentials, clock_, [this] { Wake(); });
  }
  return false;
}

/// What was fetched is for all that waited for it, an error too.
void CallLoop::TakeToken() {
  if (fetch_ == nullptr || !fetch_->landed()) return;
  const auto landed = std::exchange(fetch_, nullptr);
  std::vector<LoopCall*> waiting;
  for (const std::unique_ptr<LoopCall>& call : calls_) {
    if (call->awaits_token_) waiting.push_back(call.get());
  }
  for (LoopCall* call : waiting) {
    call->state().GiveToken(landed->token());
    Advance(call);
  }
}

void CallLoop::OnSent(LoopCall* call, TransportResult&& result) {
  call->sending_ = false;
  if (stopped_) call->state().Cancel();
  const auto next = call->state().EndAttempt(std::move(result));
  if (next) SetTimer(call, *next);
  call->OnAttemptEnded();
  if (!next) End(call);
}

void CallLoop::AdvanceDue() {
  if (timers_.empty()) return;
  // Those that are set meanwhile have their turn after the sends.
  const SteadyTime now = clock_.Now();
  std::vector<LoopCall*> due;
  for (auto it = timers_.begin(); it != timers_.end() && it->first <= now; ++it) {
    due.push_back(it->second);
  }
  for (LoopCall* call : due) Advance(call);
}

void CallLoop::AdvanceCancelled() {
  std::vector<LoopCall*> cancelled;
  for (const std::unique_ptr<LoopCall>& call : calls_) {
    if (stopped_ || call->cancellation_.cancelled()) cancelled.push_back(call.get());
  }
  for (LoopCall* call : cancelled) {
    if (stopped_) call->state().Cancel();
    if (call->sending_) {
      sends_->Cancel(call);
    } else {
      Advance(call);
    }
  }
}

void CallLoop::End(LoopCall* call) {
  StopTimer(call);
  call->on_cancellation_.reset();
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

void CallLoop::SetTimer(LoopCall* call, SteadyTime time) {
  StopTimer(call);
  call->timer_ = timers_.emplace(time, call);
}

void CallLoop::StopTimer(LoopCall* call) {
  if (call->timer_) timers_.erase(*call->timer_);
  call->timer_.reset();
}

}  // namespace service_accounts::v0::internal
