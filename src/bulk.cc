#include "bulk.h"

#include "contain.h"
#include "deadline.h"

namespace service_accounts::v0::internal {

Error NotBegun() {
  Error error = InvalidArgument(
      "no further request is sent, as the bulk call was cancelled or stopped by an error");
  error.kind = ErrorKind::kCancelled;
  return error;
}

void MakeOutOfMemory(Error* not_begun) noexcept {
  not_begun->kind = ErrorKind::kConnection;
  not_begun->message = "out of memory";  // Shorter than what was there.
}

std::optional<Error> CheckBulkOptions(const BulkOptions& options) {
  if (options.max_in_flight == 0) {
    return InvalidArgument("max_in_flight: is 0: no request could be sent");
  }
  if (!options.call.idempotency_key.empty()) {
    return InvalidArgument(
        "call.idempotency_key: one key cannot stand for many requests: set the function "
        "idempotency_key");
  }
  return std::nullopt;
}

CallOptions OptionsFor(const BulkOptions& options, std::size_t index,
                       std::optional<Error>* problem) {
  CallOptions call = options.call;
  if (!options.idempotency_key) return call;
  const auto threw = Contain([&] { call.idempotency_key = options.idempotency_key(index); });
  if (threw) *problem = InvalidArgument("idempotency_key: the function " + Threw(*threw));
  return call;
}

Batch::Batch(const ClientCore& core, const BulkOptions& options, std::size_t total)
    : core_(core), options_(options), pace_(options.max_in_flight) {
  progress_.total = total;
  const std::size_t most = std::min(total, options.max_in_flight);
  under_way_.reserve(most);
  without_room_.reserve(most);
}

void Batch::Run() {
  std::unique_ptr<CallLoop> loop = core_.TakeLoop();
  loop_ = loop.get();
  PostCalls();
  loop->Run();
  core_.ReturnLoop(std::move(loop));
}

void Batch::PostCalls() {
  while (!stopped_ && !options_.call.cancellation.cancelled() && next_ < progress_.total &&
         under_way_.size() < options_.max_in_flight) {
    std::unique_ptr<BulkCall> call = NewCall(next_);
    BulkCall* const posted = call.get();
    posted->place_ = under_way_.size();
    loop_->Post(std::move(call));
    under_way_.push_back(posted);
    ++next_;
  }
}

std::optional<SteadyTime> Batch::HoldUntil(BulkCall* call) {
  if (options_.call.cancellation.cancelled()) return std::nullopt;
  // Once it has room it keeps that until its attempt has ended, however long it waits for a token.
  if (call->has_room_ && !stopped_) return std::nullopt;
  without_room_.erase(std::remove(without_room_.begin(), without_room_.end(), call),
                      without_room_.end());
  if (stopped_) {
    call->state().End(NotBegun());
    return std::nullopt;
  }
  const SteadyTime now = core_.clock().Now();
  const SteadyTime end = call->begun() ? call->state().deadline() : SteadyTime::max();
  if (now >= end) return std::nullopt;
  if (now < pace_.pause_end()) return std::min(pace_.pause_end(), end);
  if (pace_.room() == 0) {
    without_room_.push_back(call);
    return end;
  }
  pace_.Begin();
  call->has_room_ = true;
  return std::nullopt;
}

void Batch::OnAttemptEnded(BulkCall* call) noexcept {
  const Error* const error = call->state().error();
  if (error == nullptr) pace_.OnSuccess(core_.clock().Now());
  if (error != nullptr && error->kind == ErrorKind::kRateLimited) {
    pace_.OnRateLimited(PauseEnd(*error));
  }
  LeaveRoom(call);
  if (stopped_) loop_->Resume(call);  // It does not wait for the repetition that will not be made.
  ResumeWaiting();
}

/// As the service asks, but no longer than a call may take: it might ask for a year.
SteadyTime Batch::PauseEnd(const Error& error) const {
  const ClientOptions& client = core_.options();
  const auto backoff = options_.call.retry.value_or(client.retry).initial_backoff;
  const auto longest = options_.call.timeout.value_or(client.timeout);
  return DeadlineAfter(core_.clock().Now(), std::min(error.retry_after.value_or(backoff), longest));
}

void Batch::LeaveRoom(BulkCall* call) {
  if (std::exchange(call->has_room_, false)) pace_.End();
}

/// As many as there is room for; who finds none after all, or a pause, waits on.
void Batch::ResumeWaiting() {
  const std::size_t count = std::min(pace_.room(), without_room_.size());
  for (std::size_t i = 0; i < count; ++i) loop_->Resume(without_room_[i]);
}

void Batch::OnEnded(BulkCall* call, bool created) noexcept {
  LeaveRoom(call);
  Remove(call);
  ResumeWaiting();
  ++progress_.done;
  if (!created) ++progress_.failed;
  if (options_.on_progress) {
    RunContained(call->state(), [this] { options_.on_progress(progress_); });
  }
  if (!created && options_.stop_on_error) Stop();
  // Where there is no memory for the next one, it is tried again at the next end.
  (void)Contain([this] { PostCalls(); });
}

void Batch::Remove(BulkCall* call) {
  without_room_.erase(std::remove(without_room_.begin(), without_room_.end(), call),
                      without_room_.end());
  std::swap(under_way_[call->place_], under_way_.back());
  under_way_[call->place_]->place_ = call->place_;
  under_way_.pop_back();
}

/// Those that wait, for room, a token or their repetition, end now.
void Batch::Stop() {
  stopped_ = true;
  for (BulkCall* call : under_way_) {
    if (!call->sending()) loop_->Resume(call);
  }
}

}  // namespace service_accounts::v0::internal
