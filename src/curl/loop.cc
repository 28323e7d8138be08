#include "curl/loop.h"

#include <chrono>
#include <string>

namespace service_accounts::internal {
namespace {

/// libcurl wakes for its own timers, the deadline among them; this is only the most it may sleep.
constexpr int kLongestSleepMs = 60'000;

TransportFailure NotSent(ErrorKind kind, std::string message) {
  TransportFailure failure;
  failure.kind = kind;
  failure.outcome = RequestOutcome::kNotSent;
  failure.message = std::move(message);
  return failure;
}

}  // namespace

Loop::Loop(const DefaultTransportOptions& options) : multi_(curl_multi_init()), transfer_(options) {
  usable_ =
      multi_ != nullptr && curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, 1L) == CURLM_OK;
}

TransportResult Loop::Send(const HttpRequest& request, const SendContext& context) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (context.deadline <= now) {
    return NotSent(ErrorKind::kTimeout, "the time allowed had passed before anything was sent");
  }
  if (!usable_) return Refused("no multi handle: out of memory");
  const std::string refused = transfer_.Prepare(request, context, now);
  if (!refused.empty()) return Refused(refused);
  if (const CURLMcode code = curl_multi_add_handle(multi_.get(), transfer_.easy());
      code != CURLM_OK) {
    return Refused(curl_multi_strerror(code));
  }
  const CURLcode code = Drive();
  curl_multi_remove_handle(multi_.get(), transfer_.easy());
  return transfer_.Finish(code);
}

CURLcode Loop::Drive() {
  int running = 1;
  while (running > 0) {
    CURLMcode code = curl_multi_perform(multi_.get(), &running);
    if (code == CURLM_OK && running > 0) {
      code = curl_multi_poll(multi_.get(), nullptr, 0, kLongestSleepMs, nullptr);
    }
    if (code != CURLM_OK) {
      usable_ = false;
      return CURLE_FAILED_INIT;
    }
  }
  int left = 0;
  const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
  return message != nullptr ? message->data.result : CURLE_FAILED_INIT;
}

TransportResult Loop::Refused(const std::string& what) {
  usable_ = false;
  return NotSent(ErrorKind::kConnection,
                 "libcurl could not be set up for the request (" + what + ")");
}

}  // namespace service_accounts::internal
