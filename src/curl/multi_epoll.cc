// libcurl lets go of a connection after each reply, and asks for it again with the next request.
// What it lets go of stays registered here until something happens to it: that saves two system
// calls for each request. So it has to be known when a connection's socket is closed.
#include "curl/multi.h"

#if defined(SERVICE_ACCOUNTS_EPOLL)

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace service_accounts::internal {
namespace {

using std::chrono::milliseconds;

/// As for a deadline that is far away.
constexpr milliseconds kLongestSleep{60'000};

unsigned EventsFor(int what) {
  unsigned events = 0;
  if ((what & CURL_POLL_IN) != 0) events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) events |= EPOLLOUT;
  return events;
}

int ActionsFor(unsigned events) {
  int actions = 0;
  if ((events & (EPOLLIN | EPOLLHUP)) != 0) actions |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) actions |= CURL_CSELECT_OUT;
  if ((events & EPOLLERR) != 0) actions |= CURL_CSELECT_ERR;
  return actions;
}

}  // namespace

Multi::Multi(long most_connections)
    : handle_(curl_multi_init()),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wakeup_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  const auto set = [this](CURLMoption option, auto value) {
    return curl_multi_setopt(handle_, option, value) == CURLM_OK;
  };
  usable_ = handle_ != nullptr && epoll_ >= 0 && wakeup_ >= 0 && Want(wakeup_, EPOLLIN) &&
            set(CURLMOPT_MAXCONNECTS, most_connections) &&
            set(CURLMOPT_SOCKETFUNCTION, &Multi::OnSocket) && set(CURLMOPT_SOCKETDATA, this) &&
            set(CURLMOPT_TIMERFUNCTION, &Multi::OnTimer) && set(CURLMOPT_TIMERDATA, this);
}

Multi::~Multi() {
  curl_multi_cleanup(handle_);  // Closes connections, which still are looked for here.
  if (epoll_ >= 0) close(epoll_);
  if (wakeup_ >= 0) close(wakeup_);
}

bool Multi::Perform() {
  const std::size_t ready = std::exchange(ready_, 0);
  for (std::size_t i = 0; i < ready; ++i) {
    if (!Act(events_[i])) return false;
  }
  return ActOnTimer() && usable_;
}

bool Multi::Act(const epoll_event& event) {
  const int descriptor = event.data.fd;
  if (descriptor == wakeup_) {
    std::uint64_t count = 0;
    return read(wakeup_, &count, sizeof count) == sizeof count || errno == EAGAIN;
  }
  const Watch* watch = Find(descriptor);
  // An idle connection that its server has closed, or one that was closed here a moment ago.
  if (watch == nullptr || !watch->wanted) return SetEvents(descriptor, 0);
  int running = 0;
  return curl_multi_socket_action(handle_, descriptor, ActionsFor(event.events), &running) ==
         CURLM_OK;
}

bool Multi::ActOnTimer() {
  int running = 0;
  while (timer_ && (*timer_ == SteadyTime::min() || *timer_ <= std::chrono::steady_clock::now())) {
    timer_.reset();
    if (curl_multi_socket_action(handle_, CURL_SOCKET_TIMEOUT, 0, &running) != CURLM_OK) {
      return false;
    }
  }
  return true;
}

bool Multi::Wait(SteadyTime until) {
  if (timer_) until = std::min(until, *timer_);
  int sleep = -1;
  if (until != SteadyTime::max()) {
    const auto now = std::chrono::steady_clock::now();
    const auto left = until <= now ? milliseconds(0) : std::chrono::ceil<milliseconds>(until - now);
    sleep = static_cast<int>(std::min(left, kLongestSleep).count());
  }
  const int ready = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), sleep);
  ready_ = static_cast<std::size_t>(std::max(ready, 0));
  return ready >= 0 || errno == EINTR;
}

void Multi::Wake() noexcept {
  const std::uint64_t one = 1;
  // It fails only where so many wake-ups are there that one more makes no difference.
  static_cast<void>(write(wakeup_, &one, sizeof one) == sizeof one);
}

bool Multi::Adopt(curl_socket_t socket) noexcept {
  if (!Want(socket, 0)) return false;
  *Find(socket) = Watch{true, false, 0};
  return true;
}

void Multi::Forget(curl_socket_t socket) noexcept {
  // Not left to the closing: where a forked child holds it open, epoll would go on reporting it.
  static_cast<void>(SetEvents(socket, 0));
  if (Watch* watch = Find(socket)) *watch = Watch();
}

int Multi::OnSocket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
  auto& multi = *static_cast<Multi*>(self);
  if (what == CURL_POLL_REMOVE) {
    multi.Release(socket);
  } else if (!multi.Want(socket, EventsFor(what))) {
    multi.usable_ = false;
  }
  return 0;
}

int Multi::OnTimer(CURLM*, long time, void* self) noexcept {
  auto& timer = static_cast<Multi*>(self)->timer_;
  timer.reset();
  if (time == 0) timer = SteadyTime::min();
  if (time > 0) timer = std::chrono::steady_clock::now() + milliseconds(time);
  return 0;
}

Multi::Watch* Multi::Find(int descriptor) noexcept {
  const auto index = static_cast<std::size_t>(descriptor);
  return index < watches_.size() ? &watches_[index] : nullptr;
}

bool Multi::Want(int descriptor, unsigned events) noexcept {
  const auto index = static_cast<std::size_t>(descriptor);
  try {
    if (index >= watches_.size()) watches_.resize(index + 1);
  } catch (...) {
    return false;
  }
  watches_[index].wanted = true;
  return watches_[index].watched == events || SetEvents(descriptor, events);
}

void Multi::Release(int descriptor) noexcept {
  Watch* watch = Find(descriptor);
  if (watch == nullptr) return;
  watch->wanted = false;
  if (!watch->adopted) Forget(descriptor);
}

bool Multi::SetEvents(int descriptor, unsigned events) noexcept {
  Watch* watch = Find(descriptor);
  if (watch == nullptr || watch->watched == events) return true;
  int change = EPOLL_CTL_MOD;
  if (watch->watched == 0) change = EPOLL_CTL_ADD;
  if (events == 0) change = EPOLL_CTL_DEL;
  watch->watched = events;
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  return epoll_ctl(epoll_, change, descriptor, &event) == 0;
}

}  // namespace service_accounts::internal

#endif
