// What a program notices of the client in it besides its calls: nothing.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <future>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/footprint/host_watch.h"
#include "tests/support/catch.h"
#include "tests/support/certificates.h"
#include "tests/support/client.h"
#include "tests/support/raw_server.h"
#include "tests/support/temporary_file.h"
#include "tests/support/tls_server.h"

namespace service_accounts::v0 {
namespace {

using tests::Authority;
using tests::ClosedPort;
using tests::HttpReply;
using tests::kAccount;
using tests::LibrariesAreWatched;
using tests::NoThreads;
using tests::Options;
using tests::RawConnection;
using tests::RawServer;
using tests::Request;
using tests::SignalChangesHere;
using tests::TemporaryFile;
using tests::ThreadsStartedHere;
using tests::TlsConnection;
using tests::TlsServer;
using tests::TlsServerOptions;
using Lines = std::vector<std::string>;

/// A service on plain TCP, whose connections do as these say.
class PlainService {
 public:
  using Connection = RawConnection;
  explicit PlainService(const std::vector<RawServer::Behaviour>& behaviours)
      : server_(behaviours) {}
  [[nodiscard]] ClientOptions options() const { return Options(server_.base_url()); }
  [[nodiscard]] int port() const { return server_.port(); }
  int Finish() { return server_.Finish(); }

 private:
  RawServer server_;
};

/// The same under TLS, trusted by clients with its options.
class TlsService {
 public:
  using Connection = TlsConnection;
  explicit TlsService(const std::vector<TlsServer::Behaviour>& behaviours)
      : ca_file_(authority_.pem()), server_(Certified(authority_), behaviours) {}
  [[nodiscard]] ClientOptions options() const {
    ClientOptions options = Options(server_.base_url());
    options.tls.ca_file = ca_file_.path();
    return options;
  }
  [[nodiscard]] int port() const { return server_.port(); }
  int Finish() { return server_.Finish(); }

 private:
  static TlsServerOptions Certified(const Authority& authority) {
    TlsServerOptions options;
    options.certificate = authority.Issue();
    return options;
  }

  Authority authority_;
  TemporaryFile ca_file_;
  TlsServer server_;
};

/// Linux's SA_RESTORER, which the C library adds to whatever is set.
constexpr int kRestorer = 0x04000000;

/// A line for each signal: what this process does when it comes, and whether this thread lets it.
Lines SignalState() {
  Lines lines;
  sigset_t blocked;
  REQUIRE(pthread_sigmask(SIG_SETMASK, nullptr, &blocked) == 0);
  for (int number = 1; number <= 64; ++number) {
    struct sigaction action {};
    std::ostringstream line;
    line << number << ": ";
    // The C library keeps two of them for itself, and does not tell.
    if (sigaction(number, nullptr, &action) == 0) {
      line << ((action.sa_flags & SA_SIGINFO) != 0
                   ? reinterpret_cast<std::uintptr_t>(action.sa_sigaction)
                   : reinterpret_cast<std::uintptr_t>(action.sa_handler))
           << " flags " << (action.sa_flags & ~kRestorer) << " meanwhile blocked";
      for (int other = 1; other <= 64; ++other) {
        if (sigismember(&action.sa_mask, other) == 1) line << ' ' << other;
      }
    }
    if (sigismember(&blocked, number) == 1) line << " blocked";
    lines.push_back(line.str());
  }
  return lines;
}

/// Everything that can be changed is as it was, and was so all the time in between.
class Untouched {
 public:
  void Check(const std::string& after) const {
    INFO("after " << after);
    CHECK(SignalState() == signals_);
    CHECK(SignalChangesHere() == signal_changes_);
    CHECK(ThreadsStartedHere() == threads_);
  }

 private:
  Lines signals_ = SignalState();
  int signal_changes_ = SignalChangesHere();
  int threads_ = ThreadsStartedHere();
};

TEST_CASE("What is done to the host is seen by the tests here") {
  CHECK(LibrariesAreWatched());
  const Lines before = SignalState();
  const int changes = SignalChangesHere();
  const int threads = ThreadsStartedHere();
  struct sigaction old {};
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  REQUIRE(sigaction(SIGWINCH, &ignore, &old) == 0);
  CHECK(SignalState() != before);
  REQUIRE(sigaction(SIGWINCH, &old, nullptr) == 0);
#if !defined(__SANITIZE_THREAD__)  // It adds a flag of its own to whatever is set.
  CHECK(SignalState() == before);
#endif
  CHECK(SignalChangesHere() == changes + 2);
  std::thread([] {}).join();
  CHECK(ThreadsStartedHere() == threads + 1);
}

CreateServiceAccountRequest LongRequest() {
  CreateServiceAccountRequest request = Request("long");
  request.description = std::string(30 << 20, 'x');  // More than fits into the sockets' buffers.
  return request;
}

template <class Service>
void CallAndFail() {
  using Connection = typename Service::Connection;
  const auto reset_in_request = [](Connection& c) {
    c.ReadRequest();
    c.Write(HttpReply(200, kAccount));
    c.ReadSome();
    c.Reset();
  };
  const auto reset_in_reply = [](Connection& c) {
    c.ReadRequest();
    c.Write("HTTP/1.1 200 \r\nContent-Length: 1000000\r\n\r\n{");
    c.Reset();
  };
  const auto answer_all = [](Connection& c) {
    while (!c.ReadRequest().empty()) c.Write(HttpReply(200, kAccount));
  };
  Service service({reset_in_request, reset_in_reply, answer_all});
  const int closed_port = ClosedPort();
  const Untouched host;
  {
    const ServiceAccountsClient client(service.options());
    host.Check("making a client");
    CHECK(client.CreateServiceAccount(Request("x")));
    host.Check("a call");
    const auto cut_request = client.CreateServiceAccount(LongRequest());
    REQUIRE_FALSE(cut_request);
    CHECK(cut_request.error().outcome == RequestOutcome::kUnknown);
    host.Check("a connection that was reset while the request was sent");
    const auto cut_reply = client.CreateServiceAccount(Request("x"));
    REQUIRE_FALSE(cut_reply);
    host.Check("a connection that was reset while the reply was read");
    ClientOptions refused = service.options();
    refused.base_url.replace(refused.base_url.rfind(':') + 1, 5, std::to_string(closed_port));
    CHECK_FALSE(ServiceAccountsClient(refused).CreateServiceAccount(Request("x")));
    host.Check("a connection that was refused");
    CHECK(client.CreateServiceAccount(Request("x")));
    CHECK(client.CreateServiceAccount(Request("x")));
    host.Check("further calls");
  }
  host.Check("the client's end");
}

TEST_CASE("Calls over TCP leave signals alone and start no thread") { CallAndFail<PlainService>(); }

TEST_CASE("Calls over TLS leave signals alone and start no thread") { CallAndFail<TlsService>(); }

/// What the server does with a connection while it is idle.
enum class Peer { kStays, kCloses, kResets, kClosesAndResets };

template <class Connection>
void Behave(Peer peer, Connection& connection) {
  if (peer == Peer::kCloses || peer == Peer::kClosesAndResets) connection.Close();
  if (peer == Peer::kResets || peer == Peer::kClosesAndResets) connection.Reset();
}

/// Of this process, connected to the port; -1 when there is none.
int SocketTo(int port) {
  for (int descriptor = 0; descriptor < 1024; ++descriptor) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
    if (address.sin_family == AF_INET && ntohs(address.sin_port) == port) return descriptor;
  }
  return -1;
}

/// Until what the peer did has arrived here.
bool AwaitPeer(Peer peer, int descriptor) {
  if (peer == Peer::kStays) return true;
  // A reset shows without being asked for.
  pollfd end{descriptor, static_cast<short>(peer == Peer::kCloses ? POLLRDHUP : 0), 0};
  return poll(&end, 1, 60'000) == 1;
}

/// Each open descriptor, and what it is.
Lines Descriptors() {
  Lines lines;
  for (int descriptor = 0; descriptor < 1024; ++descriptor) {
    const std::string number = std::to_string(descriptor);
    std::error_code none;
    const auto target = std::filesystem::read_symlink("/proc/self/fd/" + number, none);
    if (!none) lines.push_back(number + " " + target.string());
  }
  return lines;
}

/// What the process writes to its standard output and error meanwhile goes to a file instead.
class OutputCapture {
 public:
  OutputCapture() {
    Flush();
    dup2(fileno(file_), 1);
    dup2(fileno(file_), 2);
  }
  ~OutputCapture() {
    Restore();
    std::fclose(file_);
    close(output_);
    close(error_);
  }
  OutputCapture(const OutputCapture&) = delete;
  OutputCapture& operator=(const OutputCapture&) = delete;

  /// Ends it, and returns how much was written.
  [[nodiscard]] long Written() {
    Restore();
    return lseek(fileno(file_), 0, SEEK_END);
  }

 private:
  static void Flush() {
    std::cout.flush();
    std::fflush(nullptr);
  }
  void Restore() const {
    Flush();
    dup2(output_, 1);
    dup2(error_, 2);
  }

  std::FILE* file_ = std::tmpfile();
  int output_ = dup(1);
  int error_ = dup(2);
};

volatile std::sig_atomic_t broken_pipes = 0;

/// Counts SIGPIPE, which would end the process otherwise.
class BrokenPipeCounter {
 public:
  BrokenPipeCounter() {
    broken_pipes = 0;
    struct sigaction count {};
    count.sa_handler = [](int) { broken_pipes = broken_pipes + 1; };
    sigaction(SIGPIPE, &count, &old_);
  }
  ~BrokenPipeCounter() { sigaction(SIGPIPE, &old_, nullptr); }
  BrokenPipeCounter(const BrokenPipeCounter&) = delete;
  BrokenPipeCounter& operator=(const BrokenPipeCounter&) = delete;

 private:
  struct sigaction old_ {};
};

template <class Service>
void GoWithIdleConnection(Peer peer) {
  std::promise<void> go;
  Service service({[peer, gone = go.get_future().share()](typename Service::Connection& c) {
    c.ReadRequest();
    c.Write(HttpReply(200, kAccount));
    gone.wait();
    Behave(peer, c);
  }});
  std::optional<ServiceAccountsClient> client(service.options());
  const bool created = client->CreateServiceAccount(Request("x")).has_value();
  const int descriptor = SocketTo(service.port());
  go.set_value();  // Before anything is required: the server's end waits for it.
  REQUIRE(created);
  REQUIRE(descriptor >= 0);
  REQUIRE(AwaitPeer(peer, descriptor));
  const BrokenPipeCounter counter;
  const Untouched host;
  OutputCapture output;
  client.reset();
  const long written = output.Written();
  host.Check("the client's end");
  CHECK(written == 0);
  CHECK(broken_pipes == 0);
  CHECK(SocketTo(service.port()) == -1);
  (void)service.Finish();
}

struct PeerCase {
  const char* what;
  Peer peer;
};

constexpr std::array<PeerCase, 4> kPeers = {{
    {"stays", Peer::kStays},
    {"closes", Peer::kCloses},
    {"resets", Peer::kResets},
    {"closes, then resets", Peer::kClosesAndResets},
}};

template <class Service>
void GoWithIdleConnections() {
  const Lines before = Descriptors();
  for (const PeerCase& peer : kPeers) {
    INFO("the server " << peer.what);
    GoWithIdleConnection<Service>(peer.peer);
    CHECK(Descriptors() == before);
  }
}

TEST_CASE("A client with an idle connection goes silently, whatever the server did to it") {
  GoWithIdleConnections<PlainService>();
}

TEST_CASE("A client with an idle TLS connection goes silently, whatever the server did to it") {
  GoWithIdleConnections<TlsService>();
}

/// Makes an asynchronous call and waits for its end; on its thread `then` runs before.
Result<ServiceAccount> CallAsync(const ServiceAccountsClient& client,
                                 const std::function<void()>& then = nullptr) {
  std::promise<Result<ServiceAccount>> end;
  client.CreateServiceAccountAsync(Request("x"), {}, [&](Result<ServiceAccount> account) {
    if (then) then();
    end.set_value(std::move(account));
  });
  return end.get_future().get();
}

constexpr auto kAnswerAllPlain = [](RawConnection& c) {
  while (!c.ReadRequest().empty()) c.Write(HttpReply(200, kAccount));
};

constexpr auto kAnswerAllTls = [](TlsConnection& c) {
  while (!c.ReadRequest().empty()) c.Write(HttpReply(200, kAccount));
};

template <class Service, class Behaviour>
void CallAsyncAndLook(Behaviour answer_all) {
  Service service({answer_all});
  const Lines signals = SignalState();
  const int threads = ThreadsStartedHere();
  Lines there;
  {
    const ServiceAccountsClient client(service.options());
    REQUIRE(CallAsync(client, [&] { there = SignalState(); }));
    CHECK(SignalState() == signals);
    CHECK(ThreadsStartedHere() == threads + 1);
    const Untouched host;
    CHECK(CallAsync(client));
    host.Check("a further asynchronous call");
    CHECK(client.CreateServiceAccount(Request("x")));
    host.Check("a blocking call in between");
  }
  CHECK(SignalState() == signals);
  CHECK(ThreadsStartedHere() == threads + 1);
  // On the thread itself every signal is held back that can be, and nothing else is different.
  REQUIRE(there.size() == signals.size());
  for (std::size_t i = 0; i < there.size(); ++i) {
    const int number = static_cast<int>(i) + 1;
    const bool can_be = number != SIGKILL && number != SIGSTOP && number != 32 && number != 33;
    CHECK(there[i] == signals[i] + (can_be ? " blocked" : ""));
  }
}

TEST_CASE("Asynchronous calls over TCP leave signals alone, and start one thread without any") {
  CallAsyncAndLook<PlainService>(kAnswerAllPlain);
}

TEST_CASE("Asynchronous calls over TLS leave signals alone, and start one thread without any") {
  CallAsyncAndLook<TlsService>(kAnswerAllTls);
}

volatile std::sig_atomic_t signals_taken = 0;
volatile std::sig_atomic_t signals_taken_here = 0;
thread_local volatile bool is_host_thread = false;

/// While there is one, this thread holds the signal back.
class HeldBack {
 public:
  explicit HeldBack(int number) {
    sigemptyset(&set_);
    sigaddset(&set_, number);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  ~HeldBack() { pthread_sigmask(SIG_UNBLOCK, &set_, nullptr); }
  HeldBack(const HeldBack&) = delete;
  HeldBack& operator=(const HeldBack&) = delete;

 private:
  sigset_t set_{};
};

TEST_CASE("A signal to the process is for the host's threads, not for the client's") {
  struct sigaction take {};
  struct sigaction before {};
  take.sa_handler = [](int) {
    signals_taken = signals_taken + 1;
    if (is_host_thread) signals_taken_here = signals_taken_here + 1;
  };
  REQUIRE(sigaction(SIGUSR1, &take, &before) == 0);
  is_host_thread = true;
  signals_taken = signals_taken_here = 0;
  {
    std::optional<PlainService> service;
    {
      const HeldBack from_the_servers_threads(SIGUSR1);
      service.emplace(std::vector<RawServer::Behaviour>{kAnswerAllPlain});
    }
    const ServiceAccountsClient client(service->options());
    REQUIRE(CallAsync(client));
    {
      // The client's thread is the only one that could take it.
      const HeldBack from_here(SIGUSR1);
      REQUIRE(kill(getpid(), SIGUSR1) == 0);
      CHECK(CallAsync(client));
      CHECK(signals_taken == 0);
    }
    CHECK(signals_taken == 1);
    CHECK(signals_taken_here == 1);
  }
  REQUIRE(sigaction(SIGUSR1, &before, nullptr) == 0);
}

// Without exceptions std::thread ends the program then.
#if defined(__cpp_exceptions)
TEST_CASE("Where no thread is to be had, an asynchronous call ends before it returns, not sent") {
  PlainService service({kAnswerAllPlain});
  const ServiceAccountsClient client(service.options());
  std::optional<Result<ServiceAccount>> ended;
  std::thread::id ended_on;
  std::future<Result<ServiceAccount>> future;
  {
    const NoThreads none;
    client.CreateServiceAccountAsync(Request("x"), {}, [&](Result<ServiceAccount> account) {
      ended_on = std::this_thread::get_id();
      ended = std::move(account);
    });
    REQUIRE(ended);
    future = client.CreateServiceAccountAsync(Request("x"));
    REQUIRE(future.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  }
  CHECK(ended_on == std::this_thread::get_id());
  for (const auto& result : {*ended, future.get()}) {
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::kConnection);
    CHECK(result.error().outcome == RequestOutcome::kNotSent);
    CHECK(result.error().message.find("no thread for asynchronous calls could be started: ") == 0);
    CHECK(result.error().attempts == 0);
  }
  CHECK(CallAsync(client));  // There are threads again.
  CHECK(service.Finish() == 1);
}

TEST_CASE("Where no thread is to be had for a token, it is fetched on the thread that is there") {
  PlainService service({kAnswerAllPlain});
  ClientOptions options = service.options();
  int fetched = 0;
  options.credentials = TokenFromCallback([&]() -> Result<AccessToken> {
    // Used for one call, so that each fetches.
    return AccessToken{"token-" + std::to_string(++fetched),
                       std::chrono::system_clock::time_point()};
  });
  const ServiceAccountsClient client(options);
  REQUIRE(CallAsync(client));
  const NoThreads none;
  CHECK(CallAsync(client));
  CHECK(fetched == 2);
}
#endif

}  // namespace
}  // namespace service_accounts::v0
