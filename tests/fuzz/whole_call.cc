// Any bytes as the reply to a real call, through a real socket: whatever a server says, the call
// ends in time, has sent what it says that it sent, and keeps the token to itself.
//
// The first byte of the input says how the server behaves, the others are its reply.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <service_accounts/service_accounts.h>

#include "scanner.h"

#include "fuzz.h"

namespace service_accounts::fuzz {
namespace {

using std::chrono::milliseconds;

constexpr const char* kToken = "TOPSECRET/0123456789";
constexpr std::string_view kPost = "POST /v1/service-accounts HTTP/1.1\r\n";

/// More than any machine needs for what has no reason to wait.
constexpr std::chrono::seconds kMargin{10};

/// What the bits of the first byte mean.
struct Manner {
  explicit Manner(unsigned char bits)
      : keeps_open((bits & 1U) != 0),
        resets((bits & 2U) != 0),
        answers_unasked((bits & 4U) != 0),
        in_two_pieces((bits & 8U) != 0),
        called_twice((bits & 16U) != 0),
        repeated((bits & 32U) != 0),
        falls_silent((bits & 64U) == 0) {}

  bool keeps_open;       ///< The connection, after the reply; else it ends there.
  bool resets;           ///< Ends it with a reset.
  bool answers_unasked;  ///< Replies as soon as somebody connects.
  bool in_two_pieces;    ///< The reply.
  bool called_twice;     ///< By the same client.
  bool repeated;         ///< The client may repeat what was not done.
  bool falls_silent;     ///< Each connection ends with the second request on it, unanswered.
};

/// Gives one reply to every request, and counts what it read.
class Server {
 public:
  Server(std::string_view reply, Manner manner)
      : reply_(reply), manner_(manner), thread_([this] { Run(); }) {}
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] int port() const { return listener_.port; }

  /// The client is gone: reads what it has left behind. What follows is for afterwards.
  void Finish() {
    Require(write(stop_.ends[1], "", 1) == 1, "a pipe takes a byte");
    thread_.join();
    Close();
  }
  ~Server() = default;

  [[nodiscard]] int posts() const { return posts_; }
  [[nodiscard]] std::size_t bytes_read() const { return bytes_read_; }

 private:
  struct Listener {
    Listener() {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      auto* const generic = reinterpret_cast<sockaddr*>(&address);
      socklen_t size = sizeof address;
      Require(bind(socket, generic, size) == 0 && listen(socket, 16) == 0 &&
                  getsockname(socket, generic, &size) == 0,
              "the server can listen");
      port = ntohs(address.sin_port);
    }
    int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    int port = 0;
  };

  struct Pipe {
    Pipe() { Require(pipe(ends) == 0, "there is a pipe"); }
    ~Pipe() {
      close(ends[0]);
      close(ends[1]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    int ends[2] = {-1, -1};
  };

  /// The connection before the listener before the end, so that all that came is read.
  void Run() {
    for (;;) {
      pollfd ends[] = {
          {connection_, POLLIN, 0}, {listener_.socket, POLLIN, 0}, {stop_.ends[0], POLLIN, 0}};
      Require(poll(ends, 3, -1) > 0, "there is something to wait for");
      if (ends[0].revents != 0) {
        Read();
      } else if (ends[1].revents != 0) {
        Accept();
      } else {
        return;
      }
    }
  }

  void Accept() {
    Close();
    connection_ = accept(listener_.socket, nullptr, nullptr);
    input_.clear();
    answered_ = false;
    if (connection_ >= 0 && manner_.answers_unasked) Write();
  }

  void Read() {
    char block[4096];
    const ssize_t count = recv(connection_, block, sizeof block, 0);
    if (count <= 0) return Close();
    bytes_read_ += static_cast<std::size_t>(count);
    input_.append(block, static_cast<std::size_t>(count));
    // The body is the last thing of a request, and the only object in it.
    if (input_.find("\r\n\r\n{") == std::string::npos || input_.back() != '}') return;
    for (std::size_t at = 0; (at = input_.find(kPost, at)) != std::string::npos; ++at) ++posts_;
    input_.clear();
    if (manner_.falls_silent && std::exchange(answered_, true)) return End();
    if (!manner_.answers_unasked) Write();
    if (!manner_.keeps_open) End();
  }

  void Write() const {
    const std::size_t first = manner_.in_two_pieces ? reply_.size() / 2 : reply_.size();
    (void)send(connection_, reply_.data(), first, MSG_NOSIGNAL);
    if (first < reply_.size())
      (void)send(connection_, reply_.data() + first, reply_.size() - first, MSG_NOSIGNAL);
  }

  void End() {
    const linger at_once{1, 0};
    if (manner_.resets) setsockopt(connection_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    Close();
  }

  void Close() {
    if (connection_ >= 0) close(connection_);
    connection_ = -1;
  }

  /// One for all servers, as they come one after another.
  static Listener& TheListener() {
    static Listener listener;
    return listener;
  }

  std::string_view reply_;
  Manner manner_;
  Listener& listener_ = TheListener();
  Pipe stop_;
  int connection_ = -1;
  std::string input_;
  bool answered_ = false;  ///< A request on this connection.
  int posts_ = 0;
  std::size_t bytes_read_ = 0;
  std::thread thread_;  ///< Last, as it uses the others.
};

/// Whether what stands behind "HTTP/" is a version, a blank and this status, and the line ends.
bool IsRestOfStatusLine(std::string_view text, std::string_view status) {
  internal::Scanner in(text);
  if (!in.Number(1) || (in.Skip(".") && !in.Number(1))) return false;
  return in.Skip(" ") && in.Skip(status) && text.find('\n') != std::string_view::npos;
}

/// Whether the reply has a whole status line of this status anywhere. libcurl is less particular,
/// and makes a 200 of anything that begins with "HTTP/".
bool HasStatusLine(std::string_view reply, int status) {
  constexpr std::string_view kHttp = "HTTP/";
  const std::string digits = std::to_string(status);
  for (std::size_t at = 0; (at = reply.find(kHttp, at)) != std::string_view::npos; ++at) {
    if (IsRestOfStatusLine(reply.substr(at + kHttp.size()), digits)) return true;
  }
  return false;
}

/// The final status that a reply begins with beyond doubt; 0 if it does not.
int PlainStatus(std::string_view reply) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const std::string_view line = reply.substr(0, reply.find("\r\n"));
  if (line.size() == reply.size() || line.substr(0, kVersion.size()) != kVersion) return 0;
  const std::string_view status = line.substr(kVersion.size());
  if (status.size() < 4 || status[3] != ' ' || status[0] < '2' || status[0] > '5') return 0;
  const auto is_printable = [](char c) { return c >= ' ' && c < '\x7F'; };
  if (std::isdigit(status[1]) == 0 || std::isdigit(status[2]) == 0) return 0;
  if (!std::all_of(status.begin(), status.end(), is_printable)) return 0;
  return internal::Scanner(status).Number(3).value_or(0);
}

/// The contract in three lines: what a final status that is no success says.
RequestOutcome OutcomeOf(int status) {
  const bool points_elsewhere = status == 301 || status == 302 || status == 307 || status == 308;
  const bool refuses = status >= 400 && status <= 499 && status != 408;
  return points_elsewhere || refuses ? RequestOutcome::kRejected : RequestOutcome::kUnknown;
}

bool IsSuccess(int status) { return status >= 200 && status <= 299; }

/// What an attempt says that it came to, beside what the server sent.
void CheckAttempt(const AttemptRecord& attempt, std::string_view reply) {
  const int status = attempt.http_status;
  Require(status == 0 || HasStatusLine(reply, status), "a status was sent by the server");
  if (!attempt.outcome) return Require(IsSuccess(status), "an account needs a 2xx");
  switch (*attempt.outcome) {
    case RequestOutcome::kAccepted: Require(IsSuccess(status), "accepted needs a 2xx"); break;
    case RequestOutcome::kRejected:
      // A success may say in its body that it is none.
      Require(IsSuccess(status) || OutcomeOf(status) == RequestOutcome::kRejected,
              "rejected needs a status that says so");
      break;
    case RequestOutcome::kUnknown:
      Require(status == 0 || IsSuccess(status) || OutcomeOf(status) == RequestOutcome::kUnknown,
              "unknown needs a status that leaves it open, or none");
      break;
    case RequestOutcome::kNotSent: Require(status == 0, "what was not sent is not answered"); break;
  }
}

void CheckSecrecy(const Result<ServiceAccount>& result) {
  const ResponseMetadata& metadata = result.metadata();
  std::vector<std::string> texts = {metadata.request_id, metadata.message, metadata.http_version,
                                    metadata.body, metadata.headers.text()};
  if (!result) {
    const Error& error = result.error();
    texts.insert(texts.end(), {error.code, error.message, error.request_id, error.details,
                               error.body, error.ToString()});
  }
  for (const std::string& text : texts) {
    Require(text.find(kToken) == std::string::npos, "the token is in nothing that is given out");
  }
}

/// How many attempts may have been sent.
int CheckCall(const Result<ServiceAccount>& result, std::string_view reply, Manner manner) {
  const std::vector<AttemptRecord>& attempts = result.metadata().attempts;
  Require(!attempts.empty() && attempts.size() <= (manner.repeated ? 3 : 1),
          "there are as many attempts as allowed");
  for (const AttemptRecord& attempt : attempts) {
    CheckAttempt(attempt, reply);
    const bool is_last = &attempt == &attempts.back();
    Require(is_last || attempt.outcome == RequestOutcome::kNotSent || attempt.http_status == 429 ||
                attempt.outcome == RequestOutcome::kRejected,
            "only what was certainly not done is repeated");
  }
  if (result) {
    Require(!attempts.back().outcome && !result->id.empty(), "an account has an id");
  } else {
    const Error& error = result.error();
    Require(!error.message.empty(), "an error says something");
    const bool may_deny = error.body.find("code") != std::string::npos ||
                          error.body.find("success") != std::string::npos ||
                          error.body.find('\\') != std::string::npos;
    Require(!IsSuccess(error.http_status) || error.outcome == RequestOutcome::kAccepted || may_deny,
            "a success is accepted, whatever becomes of its reply, unless its body denies it");
    for (const AttemptRecord& attempt : attempts) {
      Require(attempt.outcome && *attempt.outcome <= error.outcome, "the gravest outcome counts");
    }
  }
  CheckSecrecy(result);
  return static_cast<int>(
      std::count_if(attempts.begin(), attempts.end(),
                    [](const AttemptRecord& a) { return a.outcome != RequestOutcome::kNotSent; }));
}

ClientOptions OptionsFor(const Server& server, Manner manner) {
  ClientOptions options;
  options.base_url = "http://127.0.0.1:" + std::to_string(server.port());
  options.credentials = BearerToken(kToken);
  options.proxy = ProxyOptions::None();
  // A reply that does not end is waited for; with all others the wait is not to end in this.
  options.timeout = manner.keeps_open ? milliseconds(20) : milliseconds(kMargin);
  options.max_response_bytes = 1024;
  options.retry.max_attempts = manner.repeated ? 3 : 1;
  options.retry.initial_backoff = options.retry.max_backoff = milliseconds(0);
  return options;
}

}  // namespace

void Try(std::string_view input) {
  if (input.empty()) return;
  const Manner manner(static_cast<unsigned char>(input.front()));
  const std::string_view reply = input.substr(1);
  CreateServiceAccountRequest request;
  request.name = "deploy-bot";

  Server server(reply, manner);
  int may_be_sent = 0;
  {
    const ServiceAccountsClient client(OptionsFor(server, manner));
    for (int call = 0; call < (manner.called_twice ? 2 : 1); ++call) {
      const auto begun = std::chrono::steady_clock::now();
      const auto result = client.CreateServiceAccount(request);
      Require(std::chrono::steady_clock::now() - begun < kMargin + milliseconds(50),
              "a call ends in time");
      may_be_sent += CheckCall(result, reply, manner);
      if (manner.keeps_open) continue;
      Require(result || result.error().kind != ErrorKind::kTimeout,
              "a connection that ends is not waited for");
      // A warm connection may be closed before it is used again.
      const bool is_certain = !manner.resets && !manner.answers_unasked &&
                              !result.metadata().attempts.back().times.connection_reused;
      const int status = PlainStatus(reply);
      if (status != 0 && is_certain)
        Require(result.metadata().http_status == status, "a status that arrived is known");
    }
  }
  server.Finish();
  Require(server.posts() <= may_be_sent, "an attempt is one POST at most, and none if not sent");
  Require(may_be_sent > 0 || server.bytes_read() == 0, "of what was not sent nothing arrived");
}

}  // namespace service_accounts::fuzz
