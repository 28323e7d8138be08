// The process forks while calls of its clients are under way, and the clients are static objects.
// Its children use them or not, and end as processes do, destructors and all. Prints nothing,
// unless something is wrong.
//
//   fork-in-calls waiting exit    all calls wait for replies meanwhile, and the children just end
//   fork-in-calls waiting use     the children make calls of their own before
//   fork-in-calls busy exit       other threads are in the midst of calls, wherever that is
//   fork-in-calls busy use        the same
//   fork-in-calls starting exit   another thread is starting a client's own thread, in its lock
#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "tests/footprint/server_process.h"
#include "tests/support/client.h"

namespace service_accounts::v0 {
namespace {

using tests::Options;
using tests::Request;
using tests::ServerProcess;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::_Exit(1);
}

ClientOptions TrustingOptions(const ServerProcess& server, const std::string& url) {
  ClientOptions options = Options(url);
  options.tls.ca_file = server.ca_file();
  return options;
}

void Call(const ServiceAccountsClient& client, const char* whose) {
  auto under_way = client.CreateServiceAccountAsync(Request("x"));
  for (const auto& account : {client.CreateServiceAccount(Request("x")), under_way.get()}) {
    if (!account) Fail(std::string(whose) + ": " + account.error().ToString());
  }
}

/// A client that goes after `main`, with calls that are not answered.
class Waiting {
 public:
  explicit Waiting(const ServerProcess& server) {
    static const ServiceAccountsClient client(TrustingOptions(server, server.silent_https_url()));
    for (int i = 0; i < ServerProcess::kSilentRequests; ++i) {
      client.CreateServiceAccountAsync(Request("x"), {},
                                       [](const Result<ServiceAccount>&) { ++ended; });
    }
    Call(ServiceAccountsClient(Options(server.bell_url())), "the one who rings");
  }
  ~Waiting() {
    if (ended != 0) Fail("calls that were not answered have ended");
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  static inline std::atomic<int> ended{0};
};

/// A thread that makes blocking calls, and the client's own with asynchronous ones, all the time.
class Busy {
 public:
  explicit Busy(const ServiceAccountsClient& client)
      : thread_([this, &client] {
          while (!stopped_) Call(client, "the parent, meanwhile");
        }) {}
  ~Busy() {
    stopped_ = true;
    thread_.join();
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

/// Where a thread is held that would start another one.
struct Gate {
  std::promise<void> reached;
  std::promise<void> open;
};
thread_local Gate* gate = nullptr;

/// A thread that is held while it starts that of a client which goes after `main`.
class Starting {
 public:
  explicit Starting(const ServerProcess& server) {
    static const ServiceAccountsClient client(TrustingOptions(server, server.https_url()));
    thread_ = std::thread([this] {
      gate = &gate_;
      Call(client, "the parent, meanwhile");
    });
    gate_.reached.get_future().wait();
  }
  ~Starting() {
    gate_.open.set_value();
    thread_.join();
  }
  Starting(const Starting&) = delete;
  Starting& operator=(const Starting&) = delete;

 private:
  Gate gate_;
  std::thread thread_;
};

void Run(const std::string& how, bool use) {
  constexpr int kForks = 30;
  const ServerProcess server;
  static const ServiceAccountsClient client(TrustingOptions(server, server.https_url()));
  Call(client, "the parent, before");
  const Waiting waiting(server);
  std::optional<Busy> others;
  if (how == "busy") others.emplace(client);
  std::optional<Starting> starting;
  if (how == "starting") starting.emplace(server);
  for (int i = 0; i < kForks; ++i) {
    const pid_t child = fork();
    if (child < 0) Fail("fork");
    if (child == 0) {
      alarm(30);
      if (use) Call(client, "the child");
      // NOLINTNEXTLINE(concurrency-mt-unsafe): that is the test.
      std::exit(0);
    }
    int status = -1;
    if (waitpid(child, &status, 0) != child) Fail("waitpid");
    if (status != 0) Fail("the child ended with " + std::to_string(status));
  }
  others.reset();
  starting.reset();
  Call(client, "the parent, after");
}

}  // namespace
}  // namespace service_accounts::v0

// In the place of the C library's, for all libraries: the program's own symbols come first.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*function)(void*), void* argument) noexcept {
  using service_accounts::gate;
  static const auto next =
      reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  if (auto* const here = std::exchange(gate, nullptr)) {
    here->reached.set_value();
    here->open.get_future().wait();
  }
  return next(thread, attributes, function, argument);
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const bool use = argv[2] == std::string("use");
#if defined(__SANITIZE_THREAD__)
  if (use) return 0;  // It cannot start a thread in the child of a process that has several.
#endif
  service_accounts::Run(argv[1], use);
  return 0;
}
