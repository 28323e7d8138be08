#include "tests/support/fault.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "tests/support/catch.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// libcurl counts in milliseconds, and rounds.
constexpr auto kRounding = 10ms;

/// For a busy machine: that a deadline does not hold shows all the same.
constexpr auto kGrace = 1700ms;

/// What this thread's call says. A call tells its observer on the thread that makes it.
std::string& Told() {
  thread_local std::string told;
  return told;
}

/// Keeps what each event holds, and what a log would show of it.
class Witness final : public Observer {
 public:
  explicit Witness(std::shared_ptr<Observer> next) : next_(std::move(next)) {}

  void OnAttemptBegun(const AttemptBegun& event) override {
    Keep(event.call, nullptr);
    log_.OnAttemptBegun(event);
    if (next_ != nullptr) next_->OnAttemptBegun(event);
  }
  void OnAttemptEnded(const AttemptEnded& event) override {
    Keep(event.call, event.error);
    log_.OnAttemptEnded(event);
    if (next_ != nullptr) next_->OnAttemptEnded(event);
  }
  void OnRetryScheduled(const RetryScheduled& event) override {
    Keep(event.call, nullptr);
    log_.OnRetryScheduled(event);
    if (next_ != nullptr) next_->OnRetryScheduled(event);
  }
  void OnCallEnded(const CallEnded& event) override {
    Keep(event.call, event.error);
    Told().append(event.request_id).append("\n");
    log_.OnCallEnded(event);
    if (next_ != nullptr) next_->OnCallEnded(event);
  }

 private:
  static void Keep(const ObservedCall& call, const Error* error) {
    Told().append(call.operation).append(call.method).append(call.url).append("\n");
    if (error != nullptr) Told().append(AllTextOf(*error)).append("\n");
  }

  LogObserver log_{[](std::string_view line) { Told().append(line).append("\n"); }};
  std::shared_ptr<Observer> next_;
};

ClientOptions Watched(ClientOptions options) {
  options.observer = std::make_shared<Witness>(std::move(options.observer));
  return options;
}

}  // namespace

Expected Expected::Saying(std::string message) const {
  Expected refined = *this;
  refined.words = std::move(message);
  return refined;
}

Expected Expected::Repeated(int times) const {
  Expected refined = *this;
  refined.attempts = times;
  refined.posts = outcome == Outcome::kNotSent ? 0 : times;
  return refined;
}

Expected Expected::At(std::chrono::milliseconds deadline) const {
  Expected refined = *this;
  refined.at_least = std::max<std::chrono::milliseconds>(deadline - kRounding, 0ms);
  refined.within = deadline + kGrace;
  return refined;
}

Expected Expected::Hiding(std::vector<std::string> further_secrets) const {
  Expected refined = *this;
  refined.secrets = std::move(further_secrets);
  return refined;
}

Expected NotSent(Kind kind, std::string words) {
  return Expected{kind, Outcome::kNotSent, 0, std::move(words), 1, 0};
}

Expected Rejected(Kind kind, int status) { return Expected{kind, Outcome::kRejected, status}; }

Expected Unknown(Kind kind, int status) { return Expected{kind, Outcome::kUnknown, status}; }

Expected Accepted(Kind kind, int status) { return Expected{kind, Outcome::kAccepted, status}; }

Expected Lost() {
  return Unknown(Kind::kConnection)
      .Saying("the connection was lost after the request had been sent");
}

Expected Invalid(std::string words) {
  return NotSent(Kind::kInvalidArgument, std::move(words)).Repeated(0);
}

WatchedClient::WatchedClient(ClientOptions options) : client_(Watched(std::move(options))) {}

WatchedCall WatchedClient::Call(const CreateServiceAccountRequest& request,
                                const CallOptions& options) const {
  Told().clear();
  const auto begin = steady_clock::now();
  auto result = client_.CreateServiceAccount(request, options);
  const auto took = steady_clock::now() - begin;
  return {std::move(result), took, std::exchange(Told(), "")};
}

void CheckSecrecy(const std::string& text, const std::vector<std::string>& secrets) {
  CAPTURE(text);
  CHECK(text.find(std::string(kToken).substr(0, 10)) == std::string::npos);
  for (const std::string& secret : secrets) {
    CAPTURE(secret);
    CHECK(text.find(secret) == std::string::npos);
  }
}

void CheckFault(const WatchedCall& call, const Expected& expected, int posts) {
  REQUIRE_FALSE(call.result);
  const Error& error = call.result.error();
  const ResponseMetadata& metadata = call.result.metadata();
  CAPTURE(error);
  CHECK(error.kind == expected.kind);
  CHECK(error.outcome == expected.outcome);
  CHECK(error.http_status == expected.status);
  CHECK_FALSE(error.message.empty());
  CHECK(error.message.substr(0, expected.words.size()) == expected.words);
  CHECK(error.attempts == expected.attempts);
  CHECK(metadata.attempts.size() == static_cast<std::size_t>(expected.attempts));
  CHECK(posts == expected.posts);
  CHECK(metadata.elapsed >= expected.at_least);
  CHECK(metadata.elapsed <= call.took);
  CHECK(call.took <= expected.within);
  CHECK(call.told.find("CreateServiceAccount") != std::string::npos);  // There was a witness.
  CheckSecrecy(AllTextOf(call.result), expected.secrets);
  CheckSecrecy(call.told, expected.secrets);
}

}  // namespace service_accounts::tests
