#include "tests/footprint/host_watch.h"

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

namespace service_accounts::tests {
namespace {

// Of this thread alone, so that servers in the same process may start threads as they like.
thread_local int threads_started = 0;
thread_local int signal_changes = 0;

std::atomic<int> no_threads{0};

template <class Function>
Function* Next(Function*, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

int ThreadsStartedHere() { return threads_started; }
int SignalChangesHere() { return signal_changes; }

NoThreads::NoThreads() { ++no_threads; }
NoThreads::~NoThreads() { --no_threads; }

bool LibrariesAreWatched() {
  const auto first = [](const char* name) { return dlsym(RTLD_DEFAULT, name); };
  return first("pthread_create") == reinterpret_cast<void*>(&pthread_create) &&
         first("sigaction") == reinterpret_cast<void*>(&sigaction) &&
         first("signal") == reinterpret_cast<void*>(&signal) &&
         first("pthread_sigmask") == reinterpret_cast<void*>(&pthread_sigmask) &&
         first("sigprocmask") == reinterpret_cast<void*>(&sigprocmask) &&
         first("alarm") == reinterpret_cast<void*>(&alarm);
}

}  // namespace service_accounts::tests

// In the place of the C library's, for all libraries: the program's own symbols come first.
using service_accounts::tests::Next;
using service_accounts::tests::no_threads;
using service_accounts::tests::signal_changes;
using service_accounts::tests::threads_started;

extern "C" {

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*function)(void*),
                   void* argument) noexcept {
  if (no_threads > 0) return EAGAIN;
  ++threads_started;
  static const auto next = Next(&pthread_create, "pthread_create");
  return next(thread, attributes, function, argument);
}

int sigaction(int signal, const struct sigaction* action, struct sigaction* old) noexcept {
  if (action != nullptr) ++signal_changes;
  static const auto next = Next(&sigaction, "sigaction");
  return next(signal, action, old);
}

sighandler_t signal(int signal_number, sighandler_t handler) noexcept {
  ++signal_changes;
  static const auto next = Next(&signal, "signal");
  return next(signal_number, handler);
}

int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) noexcept {
  if (set != nullptr) ++signal_changes;
  static const auto next = Next(&pthread_sigmask, "pthread_sigmask");
  return next(how, set, old);
}

int sigprocmask(int how, const sigset_t* set, sigset_t* old) noexcept {
  if (set != nullptr) ++signal_changes;
  static const auto next = Next(&sigprocmask, "sigprocmask");
  return next(how, set, old);
}

unsigned alarm(unsigned seconds) noexcept {
  ++signal_changes;
  static const auto next = Next(&alarm, "alarm");
  return next(seconds);
}

}  // extern "C"
