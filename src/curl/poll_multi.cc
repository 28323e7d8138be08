#include <algorithm>
#include <utility>

#include "curl/epoll_multi.h"
#include "curl/multi.h"

namespace service_accounts::v0::internal {
namespace {

/// libcurl wakes for its own timers, the deadlines among them; this is only the most it may sleep.
constexpr std::chrono::milliseconds kLongestSleep{60'000};

class PollMulti final : public Multi {
 public:
  explicit PollMulti(MultiHandle handle) : handle_(std::move(handle)) {}

  [[nodiscard]] const char* Add(CURL* easy, std::size_t*) override {
    const CURLMcode code = curl_multi_add_handle(handle_.get(), easy);
    return code == CURLM_OK ? nullptr : curl_multi_strerror(code);
  }

  void Remove(CURL* easy, std::size_t) noexcept override {
    curl_multi_remove_handle(handle_.get(), easy);
  }

  [[nodiscard]] bool Perform() override {
    int running = 0;
    return curl_multi_perform(handle_.get(), &running) == CURLM_OK;
  }

  [[nodiscard]] const CURLMsg* NextEnded() override {
    int left = 0;
    return curl_multi_info_read(handle_.get(), &left);
  }

  [[nodiscard]] bool Wait(SteadyTime until) override {
    auto sleep = kLongestSleep;
    if (until != SteadyTime::max()) {
      const auto left = until - std::min(until, std::chrono::steady_clock::now());
      sleep = std::min(sleep, std::chrono::ceil<std::chrono::milliseconds>(left));
    }
    return curl_multi_poll(handle_.get(), nullptr, 0, static_cast<int>(sleep.count()), nullptr) ==
           CURLM_OK;
  }

  void Wake() noexcept override { curl_multi_wakeup(handle_.get()); }

 private:
  const MultiHandle handle_;
};

/// 0 connections: as many as four times the transfers.
std::unique_ptr<Multi> MakePollMulti(long most_connections) {
  MultiHandle handle(curl_multi_init());
  const bool made = handle != nullptr && curl_multi_setopt(handle.get(), CURLMOPT_MAXCONNECTS,
                                                           most_connections) == CURLM_OK;
  return made ? std::make_unique<PollMulti>(std::move(handle)) : nullptr;
}

}  // namespace

std::unique_ptr<Multi> MakeMultiForOne() { return MakePollMulti(1); }

std::unique_ptr<Multi> MakeMultiForMany() {
#if defined(SERVICE_ACCOUNTS_EPOLL)
  return MakeEpollMulti();
#else
  return MakePollMulti(0);
#endif
}

}  // namespace service_accounts::v0::internal
