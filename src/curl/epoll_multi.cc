// libcurl lets go of a connection after each reply, and asks for it again with the next request.
// What it lets go of stays registered here until something happens to it: that saves two system
// calls for each request. So it has to be known when a connection's socket is closed.
//
// With each request libcurl looks through the connections of its handle, twice. So the transfers
// are spread over several handles of a size at which that is cheap.
#include "curl/epoll_multi.h"

#if defined(SERVICE_ACCOUNTS_EPOLL)

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "contain.h"

namespace service_accounts::v0::internal {
namespace {

using std::chrono::milliseconds;

/// Transfers of one handle. With HTTP/2 they share a connection, which as many at a time may do.
constexpr std::size_t kMostInPart = 64;

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

class EpollMulti;

/// A multi handle, of several.
struct Part {
  EpollMulti* owner = nullptr;
  std::size_t index = 0;  ///< Among the owner's.
  std::size_t transfers = 0;
  std::optional<SteadyTime> timer;
  bool worked = false;  ///< Some of its transfers may have ended.
  MultiHandle handle;
};

class EpollMulti final : public Multi {
 public:
  EpollMulti() = default;
  ~EpollMulti() override;
  EpollMulti(const EpollMulti&) = delete;
  EpollMulti& operator=(const EpollMulti&) = delete;

  /// To be called first.
  [[nodiscard]] bool Open();

  [[nodiscard]] const char* Add(CURL* easy, std::size_t* index) override;
  void Remove(CURL* easy, std::size_t index) noexcept override;
  [[nodiscard]] bool Perform() override;
  [[nodiscard]] const CURLMsg* NextEnded() override;
  [[nodiscard]] bool Wait(SteadyTime until) override;
  void Wake() noexcept override;
  [[nodiscard]] bool OnOpened(curl_socket_t socket) noexcept override;
  void OnClosing(curl_socket_t socket) noexcept override;

 private:
  /// What is known of a descriptor.
  struct Watch {
    bool connection = false;  ///< A connection's, whose closing is told.
    Part* part = nullptr;     ///< Whose libcurl waits for it; null: none does.
    unsigned watched = 0;     ///< The events that epoll reports.
  };

  static int OnSocket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept;
  static int OnTimer(CURLM*, long time, void* part) noexcept;
  [[nodiscard]] Part* PartWithRoom();
  [[nodiscard]] bool Act(const epoll_event& event);
  [[nodiscard]] bool ActOnTimer(Part* part);
  [[nodiscard]] Watch* Find(int descriptor) noexcept;
  [[nodiscard]] bool Want(int descriptor, unsigned events, Part* part) noexcept;
  void Release(int descriptor) noexcept;
  void Forget(int descriptor) noexcept;
  [[nodiscard]] bool SetEvents(int descriptor, unsigned events) noexcept;

  int epoll_ = -1;
  int wakeup_ = -1;
  bool failed_ = false;         ///< In a callback, which cannot say so.
  std::vector<Watch> watches_;  ///< By descriptor.
  std::array<epoll_event, 64> events_{};
  std::size_t ready_ = 0;  ///< Of them, to be acted on.
  std::vector<std::unique_ptr<Part>> parts_;
};

EpollMulti::~EpollMulti() {
  parts_.clear();  // Closes connections, which are still looked for here.
  if (epoll_ >= 0) close(epoll_);
  if (wakeup_ >= 0) close(wakeup_);
}

bool EpollMulti::Open() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wakeup_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return epoll_ >= 0 && wakeup_ >= 0 && Want(wakeup_, EPOLLIN, nullptr) &&
         PartWithRoom() != nullptr;
}

/// The first one that has, so that few connections are used, and those often. Null: out of memory.
Part* EpollMulti::PartWithRoom() {
  const auto has_room = [](const auto& part) { return part->transfers < kMostInPart; };
  const auto found = std::find_if(parts_.begin(), parts_.end(), has_room);
  if (found != parts_.end()) return found->get();
  auto part = std::make_unique<Part>();
  part->owner = this;
  part->index = parts_.size();
  part->handle.reset(curl_multi_init());
  const auto set = [&](CURLMoption option, auto value) {
    return curl_multi_setopt(part->handle.get(), option, value) == CURLM_OK;
  };
  // The first one keeps its connections for the next time; those of a larger burst go when it ends,
  // since libcurl by itself keeps four times as many as there are transfers.
  const long most_connections = parts_.empty() ? static_cast<long>(kMostInPart) : 0;
  const bool made =
      part->handle != nullptr && set(CURLMOPT_MAXCONNECTS, most_connections) &&
      set(CURLMOPT_SOCKETFUNCTION, &EpollMulti::OnSocket) && set(CURLMOPT_SOCKETDATA, part.get()) &&
      set(CURLMOPT_TIMERFUNCTION, &EpollMulti::OnTimer) && set(CURLMOPT_TIMERDATA, part.get());
  if (!made) return nullptr;
  parts_.push_back(std::move(part));
  return parts_.back().get();
}

const char* EpollMulti::Add(CURL* easy, std::size_t* index) {
  Part* const part = PartWithRoom();
  if (part == nullptr) return "no multi handle: out of memory or of descriptors";
  const CURLMcode code = curl_multi_add_handle(part->handle.get(), easy);
  if (code != CURLM_OK) return curl_multi_strerror(code);
  ++part->transfers;
  *index = part->index;
  return nullptr;
}

void EpollMulti::Remove(CURL* easy, std::size_t index) noexcept {
  Part& part = *parts_[index];
  curl_multi_remove_handle(part.handle.get(), easy);
  --part.transfers;
}

bool EpollMulti::Perform() {
  const std::size_t ready = std::exchange(ready_, 0);
  for (std::size_t i = 0; i < ready; ++i) {
    if (!Act(events_[i])) return false;
  }
  return std::all_of(parts_.begin(), parts_.end(),
                     [this](const auto& part) { return ActOnTimer(part.get()); });
}

bool EpollMulti::Act(const epoll_event& event) {
  const int descriptor = event.data.fd;
  if (descriptor == wakeup_) {
    std::uint64_t count = 0;
    return read(wakeup_, &count, sizeof count) == sizeof count || errno == EAGAIN;
  }
  const Watch* watch = Find(descriptor);
  // An idle connection that its server has closed, or one that was closed here a moment ago.
  if (watch == nullptr || watch->part == nullptr) {
    static_cast<void>(SetEvents(descriptor, 0));
    return true;
  }
  Part* const part = watch->part;
  part->worked = true;
  int running = 0;
  return curl_multi_socket_action(part->handle.get(), descriptor, ActionsFor(event.events),
                                  &running) == CURLM_OK &&
         !failed_;
}

bool EpollMulti::ActOnTimer(Part* part) {
  std::optional<SteadyTime>& timer = part->timer;
  while (timer && (*timer == SteadyTime::min() || *timer <= std::chrono::steady_clock::now())) {
    timer.reset();
    part->worked = true;
    int running = 0;
    const CURLMcode code =
        curl_multi_socket_action(part->handle.get(), CURL_SOCKET_TIMEOUT, 0, &running);
    if (code != CURLM_OK || failed_) return false;
  }
  return true;
}

const CURLMsg* EpollMulti::NextEnded() {
  for (const auto& part : parts_) {
    int left = 0;
    if (!part->worked) continue;
    if (const CURLMsg* message = curl_multi_info_read(part->handle.get(), &left)) return message;
    part->worked = false;
  }
  return nullptr;
}

bool EpollMulti::Wait(SteadyTime until) {
  for (const auto& part : parts_) {
    if (part->timer) until = std::min(until, *part->timer);
  }
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

void EpollMulti::Wake() noexcept {
  const std::uint64_t one = 1;
  // It fails only where so many wake-ups are there that one more makes no difference.
  static_cast<void>(write(wakeup_, &one, sizeof one) == sizeof one);
}

bool EpollMulti::OnOpened(curl_socket_t socket) noexcept {
  if (!Want(socket, 0, nullptr) || !Multi::OnOpened(socket)) return false;
  *Find(socket) = Watch{true, nullptr, 0};
  return true;
}

void EpollMulti::OnClosing(curl_socket_t socket) noexcept {
  Forget(socket);
  Multi::OnClosing(socket);
}

int EpollMulti::OnSocket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
  auto* const part = static_cast<Part*>(self);
  if (what == CURL_POLL_REMOVE) {
    part->owner->Release(socket);
  } else if (!part->owner->Want(socket, EventsFor(what), part)) {
    part->owner->failed_ = true;  // No test reaches this: the system's limit of watches, say.
  }
  return 0;
}

int EpollMulti::OnTimer(CURLM*, long time, void* part) noexcept {
  auto& timer = static_cast<Part*>(part)->timer;
  timer.reset();
  if (time == 0) timer = SteadyTime::min();
  if (time > 0) timer = std::chrono::steady_clock::now() + milliseconds(time);
  return 0;
}

EpollMulti::Watch* EpollMulti::Find(int descriptor) noexcept {
  const auto index = static_cast<std::size_t>(descriptor);
  return index < watches_.size() ? &watches_[index] : nullptr;
}

bool EpollMulti::Want(int descriptor, unsigned events, Part* part) noexcept {
  const auto index = static_cast<std::size_t>(descriptor);
  if (index >= watches_.size() && Contain([&] { watches_.resize(index + 1); })) return false;
  watches_[index].part = part;
  return SetEvents(descriptor, events);
}

void EpollMulti::Release(int descriptor) noexcept {
  Watch* watch = Find(descriptor);
  if (watch == nullptr) return;
  watch->part = nullptr;
  if (!watch->connection) Forget(descriptor);
}

void EpollMulti::Forget(int descriptor) noexcept {
  // Not left to the closing: where a forked child holds it open, epoll would go on reporting it.
  static_cast<void>(SetEvents(descriptor, 0));
  if (Watch* watch = Find(descriptor)) *watch = Watch();
}

bool EpollMulti::SetEvents(int descriptor, unsigned events) noexcept {
  Watch* watch = Find(descriptor);
  if (watch == nullptr || watch->watched == events) return true;
  int change = EPOLL_CTL_MOD;
  if (watch->watched == 0) change = EPOLL_CTL_ADD;
  if (events == 0) change = EPOLL_CTL_DEL;
  watch->watched = events;
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  if (epoll_ctl(epoll_, change, descriptor, &event) == 0) return true;
  // Closed without a word after all, and opened again. No test reaches this: libcurl 7.88 tells.
  return change == EPOLL_CTL_MOD && errno == ENOENT &&
         epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

}  // namespace

std::unique_ptr<Multi> MakeEpollMulti() {
  auto multi = std::make_unique<EpollMulti>();
  return multi->Open() ? std::move(multi) : nullptr;
}

}  // namespace service_accounts::v0::internal

#endif
