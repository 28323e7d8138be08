#include "curl/loop.h"

namespace service_accounts::internal {
namespace {

/// libcurl wakes for its own timers, the deadlines among them; this is only the most it may sleep.
constexpr int kLongestSleepMs = 60'000;

}  // namespace

Loop::Loop(long most_idle_connections)
    : multi_(curl_multi_init()),
      usable_(multi_ != nullptr && curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS,
                                                     most_idle_connections) == CURLM_OK) {}

const char* Loop::Add(Transfer* transfer) {
  if (!usable_) return "no multi handle: out of memory";
  woken_ = false;
  const CURLMcode code = curl_multi_add_handle(multi_.get(), transfer->easy());
  usable_ = code == CURLM_OK;
  return usable_ ? nullptr : curl_multi_strerror(code);
}

void Loop::Remove(Transfer* transfer) noexcept {
  curl_multi_remove_handle(multi_.get(), transfer->easy());
}

Transfer* Loop::Run() {
  for (;;) {
    int running = 0;
    CURLMcode code = curl_multi_perform(multi_.get(), &running);
    if (Transfer* ended = TakeEnded()) return ended;
    if (woken_.exchange(false)) return nullptr;
    if (code == CURLM_OK) {
      code = curl_multi_poll(multi_.get(), nullptr, 0, kLongestSleepMs, nullptr);
    }
    if (code != CURLM_OK) {
      usable_ = false;
      return nullptr;
    }
  }
}

void Loop::Wake() noexcept {
  woken_ = true;
  curl_multi_wakeup(multi_.get());
}

Transfer* Loop::TakeEnded() {
  int left = 0;
  const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
  if (message == nullptr) return nullptr;
  char* transfer = nullptr;
  curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
  auto* ended = reinterpret_cast<Transfer*>(transfer);
  ended->End(message->data.result);
  return ended;
}

}  // namespace service_accounts::internal
