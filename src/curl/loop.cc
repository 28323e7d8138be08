#include "curl/loop.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "contain.h"

namespace service_accounts::v0::internal {
namespace {

/// What a burst has left behind is not kept for good.
constexpr std::size_t kMostIdleTransfers = 256;

/// Of a loop that cannot wait for anything, as there are no descriptors for it.
constexpr std::chrono::milliseconds kRest{10};

TransportFailure NotSent(ErrorKind kind, std::string message) {
  return {kind, RequestOutcome::kNotSent, std::move(message), HttpResponse()};
}

}  // namespace

Loop::Loop(DefaultTransportOptions options, std::unique_ptr<Multi> multi)
    : options_(std::move(options)), multi_(std::move(multi)), usable_(multi_ != nullptr) {}

void Loop::Begin(Send* send) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (send->context().deadline <= now) {
    send->OnSent(
        NotSent(ErrorKind::kTimeout, "the time allowed passed before the request was sent"));
    return;
  }
  const std::string problem = Start(send, now);
  if (problem.empty()) return;
  send->OnSent(
      NotSent(ErrorKind::kConnection, "libcurl cannot send the request (" + problem + ")"));
}

/// Says what is in the way, or "".
std::string Loop::Start(Send* send, SteadyTime now) {
  if (!usable_) return "no multi handle: out of memory or of descriptors";
  if (head_ == nullptr || !head_->IsOf(send->request())) {
    head_ = std::make_shared<RequestHead>(send->request(), head_.get());
  }
  std::unique_ptr<Transfer> transfer = TakeIdle();
  std::string problem = transfer->Prepare(send, head_, now);
  if (!problem.empty()) return problem;
  under_way_.emplace_back();  // First, as it may throw.
  const char* const refused = multi_->Add(transfer->easy(), &transfer->place().part);
  if (refused != nullptr) {  // No test reaches this: libcurl has no reason but a mistake of ours.
    under_way_.pop_back();
    usable_ = false;
    return refused;
  }
  begun_ = true;
  send->transfer = transfer.get();
  transfer->place().index = under_way_.size() - 1;
  under_way_.back() = std::move(transfer);
  return "";
}

std::unique_ptr<Transfer> Loop::TakeIdle() {
  if (idle_.empty()) return std::make_unique<Transfer>(options_, multi_.get());
  std::unique_ptr<Transfer> transfer = std::move(idle_.back());
  idle_.pop_back();
  return transfer;
}

void Loop::Cancel(Send* send) { Report(static_cast<Transfer*>(send->transfer)); }

void Loop::Run(SteadyTime until) {
  if (begun_ && (!Perform() || ReportEnded())) return;
  if (!usable_) return FailAndRest(until);
  if (!multi_->Wait(until)) return Fail();
  if (Perform()) static_cast<void>(ReportEnded());
}

void Loop::Wake() noexcept {
  if (multi_ != nullptr) multi_->Wake();
}

bool Loop::Perform() {
  begun_ = false;
  if (multi_->Perform()) return true;
  Fail();
  return false;
}

bool Loop::ReportEnded() {
  bool any = false;
  while (const CURLMsg* message = multi_->NextEnded()) {
    char* self = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
    auto* transfer = reinterpret_cast<Transfer*>(self);
    transfer->End(message->data.result);
    Report(transfer);
    any = true;
  }
  return any;
}

/// Its connection lives on if the transfer was whole.
void Loop::Report(Transfer* transfer) {
  multi_->Remove(transfer->easy(), transfer->place().part);
  if (transfer->WantsAnotherConnection() && BeginAgain(transfer)) return;
  const std::size_t index = transfer->place().index;
  std::swap(under_way_[index], under_way_.back());
  under_way_[index]->place().index = index;
  std::unique_ptr<Transfer> ended = std::move(under_way_.back());
  under_way_.pop_back();
  Send* const send = ended->send();
  TransportResult result = ended->Finish();
  KeepIdle(std::move(ended));
  send->OnSent(std::move(result));
}

/// Not an attempt of its own: libcurl does the same where it notices by itself.
bool Loop::BeginAgain(Transfer* transfer) {
  const SteadyTime now = std::chrono::steady_clock::now();
  bool prepared = false;
  const auto threw = Contain([&] { prepared = transfer->PrepareAgain(now); });
  if (!threw && prepared) {
    usable_ = multi_->Add(transfer->easy(), &transfer->place().part) == nullptr;
    begun_ = true;
    if (usable_) return true;
  }
  transfer->End(CURLE_FAILED_INIT);  // Or it would pass for one that was cancelled.
  return false;
}

void Loop::KeepIdle(std::unique_ptr<Transfer> transfer) noexcept {
  if (!transfer->usable() || idle_.size() >= kMostIdleTransfers) return;
  (void)Contain([&] { idle_.push_back(std::move(transfer)); });  // Where it cannot, it is let go.
}

/// Nothing can wake it, so it looks again now and then.
void Loop::FailAndRest(SteadyTime until) {
  if (under_way_.empty()) {
    std::this_thread::sleep_until(std::min(until, std::chrono::steady_clock::now() + kRest));
  }
  Fail();
}

/// libcurl has failed in a way that leaves its state unclear.
void Loop::Fail() {
  usable_ = false;
  while (!under_way_.empty()) {
    under_way_.back()->End(CURLE_FAILED_INIT);
    Report(under_way_.back().get());
  }
}

}  // namespace service_accounts::v0::internal
