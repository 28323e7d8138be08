#include "curl/multi.h"

#if !defined(SERVICE_ACCOUNTS_EPOLL)

#include <algorithm>

namespace service_accounts::internal {
namespace {

/// libcurl wakes for its own timers, the deadlines among them; this is only the most it may sleep.
constexpr std::chrono::milliseconds kLongestSleep{60'000};

}  // namespace

Multi::Multi(long most_connections)
    : handle_(curl_multi_init()),
      usable_(handle_ != nullptr &&
              curl_multi_setopt(handle_, CURLMOPT_MAXCONNECTS, most_connections) == CURLM_OK) {}

Multi::~Multi() { curl_multi_cleanup(handle_); }

bool Multi::Perform() {
  int running = 0;
  return curl_multi_perform(handle_, &running) == CURLM_OK;
}

bool Multi::Wait(SteadyTime until) {
  auto sleep = kLongestSleep;
  if (until != SteadyTime::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::max(until - std::chrono::steady_clock::now(), SteadyTime::duration::zero()));
    sleep = std::min(sleep, left);
  }
  return curl_multi_poll(handle_, nullptr, 0, static_cast<int>(sleep.count()), nullptr) == CURLM_OK;
}

void Multi::Wake() noexcept { curl_multi_wakeup(handle_); }

bool Multi::Adopt(curl_socket_t) noexcept { return true; }

void Multi::Forget(curl_socket_t) noexcept {}

}  // namespace service_accounts::internal

#endif
