#include <service_accounts/observer.h>

#include <iostream>
#include <string>
#include <utility>

#include "text.h"

namespace service_accounts::v0 {
namespace {

constexpr std::size_t kLongestText = 200;

/// One line of `key=value` pairs.
class Line {
 public:
  Line(std::string_view event, const ObservedCall& call) : text_("service_accounts event=") {
    text_ += event;
    Add("call", std::to_string(call.number));
    Add("operation", call.operation);
  }

  void Add(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    text_.append(" ").append(key).append("=").append(value);
  }

  /// What others chose: in quotes, with nothing in it that could end them.
  void AddQuoted(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    std::string quoted = internal::OneLine(value, kLongestText);
    for (char& c : quoted) c = c == '"' ? '\'' : c;
    Add(key, "\"" + quoted + "\"");
  }

  void AddTime(std::string_view key, std::chrono::nanoseconds time) {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    Add(key, std::to_string(microseconds));
  }

  void AddEnd(const Error* error, int http_status) {
    AddQuoted("outcome", error == nullptr ? "created" : ToString(error->outcome));
    if (error != nullptr) AddQuoted("kind", ToString(error->kind));
    if (http_status != 0) Add("status", std::to_string(http_status));
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

Observer::~Observer() = default;

void Observer::OnAttemptBegun(const AttemptBegun&) {}
void Observer::OnAttemptEnded(const AttemptEnded&) {}
void Observer::OnRetryScheduled(const RetryScheduled&) {}
void Observer::OnCallEnded(const CallEnded&) {}
void Observer::OnCallbackFailed(const CallbackFailed&) {}

LogObserver::LogObserver() : LogObserver(std::clog) {}

LogObserver::LogObserver(std::ostream& out)
    : LogObserver([&out](std::string_view line) {
        out << std::string(line) + '\n' << std::flush;
      }) {}

LogObserver::LogObserver(std::function<void(std::string_view)> sink) : sink_(std::move(sink)) {}

LogObserver::~LogObserver() = default;

void LogObserver::Write(std::string_view line) {
  const std::lock_guard<std::mutex> lock(mutex_);
  sink_(line);
}

void LogObserver::OnAttemptBegun(const AttemptBegun& event) {
  Line line("attempt_begun", event.call);
  line.Add("attempt", std::to_string(event.attempt));
  line.Add("method", event.call.method);
  line.Add("url", event.call.url);
  Write(line.text());
}

void LogObserver::OnAttemptEnded(const AttemptEnded& event) {
  const AttemptRecord& record = *event.record;
  Line line("attempt_ended", event.call);
  line.Add("attempt", std::to_string(event.attempt));
  line.AddEnd(event.error, record.http_status);
  line.Add("reused", record.times.connection_reused ? "true" : "false");
  line.AddTime("lookup_us", record.times.lookup);
  line.AddTime("connect_us", record.times.connect);
  line.AddTime("tls_us", record.times.tls);
  line.AddTime("first_byte_us", record.times.first_byte);
  line.AddTime("total_us", record.total);
  Write(line.text());
}

void LogObserver::OnRetryScheduled(const RetryScheduled& event) {
  Line line("retry_scheduled", event.call);
  line.Add("attempt", std::to_string(event.attempt));
  line.AddTime("wait_us", event.wait);
  Write(line.text());
}

void LogObserver::OnCallEnded(const CallEnded& event) {
  Line line("call_ended", event.call);
  line.Add("attempts", std::to_string(event.attempts));
  line.AddEnd(event.error, event.http_status);
  line.AddQuoted("request", event.request_id);
  line.AddTime("total_us", event.elapsed);
  Write(line.text());
}

void LogObserver::OnCallbackFailed(const CallbackFailed& event) {
  Write(Line("callback_failed", event.call).text());
}

}  // namespace service_accounts::v0
