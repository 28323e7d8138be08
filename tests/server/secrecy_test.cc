// The token goes into the request, and nowhere else.
#include <service_accounts/testing/mock_server.h>

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "tests/support/catch.h"
#include "tests/support/fault.h"
#include "tests/support/raw_server.h"
#include "tests/support/temporary_file.h"
#include "tests/support/test_authority.h"
#include "tests/support/tls_server.h"

namespace service_accounts::tests {
namespace {

TEST_CASE("Every character of a token is sent as it is") {
  testing::MockServer server;
  const std::string token =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/==";
  server.Reply(200, {}, kAccount);
  REQUIRE(
      ServiceAccountsClient(Options(server.base_url(), token)).CreateServiceAccount(Request("x")));
  int found = 0;
  const HttpRequest sent = server.requests().front();
  for (const Header& header : sent.headers) {
    if (header.name != "Authorization") continue;
    ++found;
    CHECK(header.value == "Bearer " + token);
  }
  CHECK(found == 1);
}

TEST_CASE(
    "A token that the service echoes in the status line, a header or the body is blotted out") {
  const std::string token = kToken;
  const Expected garbled = Unknown(Kind::kConnection);
  const std::pair<std::string, Expected> cases[] = {
      {"HTTP/1.1 400 Bad " + token + "\r\nX-Echo: Bearer " + token + "\r\nX-Request-Id: " + token +
           "\r\nContent-Length: 0\r\n\r\n",
       Rejected(Kind::kBadRequest, 400)},
      {HttpReply(400, token), Rejected(Kind::kBadRequest, 400)},
      {HttpReply(403, R"({"code":")" + token + R"(","message":"no )" + token +
                          R"(","requestId":")" + token + R"(","more":")" + token + "\"}"),
       Rejected(Kind::kPermissionDenied, 403)},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + token, Accepted(Kind::kMalformedResponse)},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"a\":\"" + token.substr(0, 20),
       Accepted(Kind::kConnection)},
      {"HTTP/9.9 " + token + "\r\n\r\n", garbled},
      {token + "\r\n\r\n", garbled},
      {"HTTP/1.1 200 OK\r\n" + token + "\r\nContent-Length: 0\r\n\r\n",
       Accepted(Kind::kConnection)},
      {"HTTP/1.1 200 OK\r\nContent-Length: -" + token + "\r\n\r\n", Accepted(Kind::kConnection)},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + token + "\r\n\r\n" + kAccount,
       Accepted(Kind::kConnection)},
  };
  for (const auto& [reply, expected] : cases) {
    CAPTURE(reply);
    RawServer server({Answer(reply)});
    CheckFault(Options(server.base_url()), server, expected);
  }
}

TEST_CASE("A redirect's target is told nothing") {
  RawServer other({AnswerAll});
  const Expected cases[] = {
      Rejected(Kind::kUnexpectedStatus, 301), Rejected(Kind::kUnexpectedStatus, 302),
      Unknown(Kind::kUnexpectedStatus, 303),  Rejected(Kind::kUnexpectedStatus, 307),
      Rejected(Kind::kUnexpectedStatus, 308),
  };
  for (const Expected& expected : cases) {
    CAPTURE(expected.status);
    RawServer server({Answer(HttpReply(
        expected.status, "", "Location: " + other.base_url() + "/v1/service-accounts\r\n"))});
    CheckFault(Options(server.base_url()), server, expected);
  }
  CHECK(other.Finish() == 0);
  CHECK(other.connections() == 0);
}

/// A home directory with a `.netrc`, for the length of a scope.
class HomeWithNetrc {
 public:
  HomeWithNetrc() {
    const char* const set = std::getenv("HOME");
    before_ = set != nullptr ? set : "";
    std::filesystem::create_directory(home_);
    std::ofstream(home_ / ".netrc") << "machine 127.0.0.1 login netrc-user password netrc-pass\n";
    inotify_add_watch(watch_, (home_ / ".netrc").c_str(), IN_OPEN);
    setenv("HOME", home_.c_str(), 1);
  }
  ~HomeWithNetrc() {
    setenv("HOME", before_.c_str(), 1);
    close(watch_);
    std::filesystem::remove_all(home_);
  }
  HomeWithNetrc(const HomeWithNetrc&) = delete;
  HomeWithNetrc& operator=(const HomeWithNetrc&) = delete;

  /// The file was opened since this was asked last.
  [[nodiscard]] bool opened() {
    std::array<char, 4096> events{};
    return read(watch_, events.data(), events.size()) > 0;
  }

  [[nodiscard]] std::filesystem::path netrc() const { return home_ / ".netrc"; }

 private:
  std::filesystem::path home_ = std::filesystem::temp_directory_path() /
                                ("service-accounts-home-" + std::to_string(getpid()));
  std::string before_;
  int watch_ = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
};

TEST_CASE("A .netrc file is not opened") {
  HomeWithNetrc home;
  CHECK(std::ifstream(home.netrc()).is_open());
  REQUIRE(home.opened());  // It would show.
  RawServer server({AnswerAll});
  CHECK(ServiceAccountsClient(Options(server.base_url())).CreateServiceAccount(Request("x")));
  CHECK_FALSE(home.opened());
  CHECK(server.Finish() == 1);
  const std::string request = server.requests().front();
  CHECK(request.find("\r\nAuthorization: Bearer " + std::string(kToken) + "\r\n") !=
        std::string::npos);
  CHECK(request.find("Basic ") == std::string::npos);
}

/// What is written to standard output and standard error, by whomever, while it exists.
class WrittenMeanwhile {
 public:
  WrittenMeanwhile() {
    (void)std::fflush(nullptr);
    const int to = open(file_.path().c_str(), O_WRONLY | O_APPEND);
    for (std::size_t i = 0; i < saved_.size(); ++i) {
      saved_.at(i) = dup(kStreams.at(i));
      dup2(to, kStreams.at(i));
    }
    close(to);
  }
  ~WrittenMeanwhile() { End(); }
  WrittenMeanwhile(const WrittenMeanwhile&) = delete;
  WrittenMeanwhile& operator=(const WrittenMeanwhile&) = delete;

  /// From then on the streams are what they were before.
  std::string End() {
    (void)std::fflush(nullptr);
    for (std::size_t i = 0; i < saved_.size(); ++i) {
      if (saved_.at(i) < 0) continue;
      dup2(saved_.at(i), kStreams.at(i));
      close(std::exchange(saved_.at(i), -1));
    }
    std::ostringstream text;
    text << std::ifstream(file_.path()).rdbuf();
    return text.str();
  }

 private:
  static constexpr std::array<int, 2> kStreams = {STDOUT_FILENO, STDERR_FILENO};

  TemporaryFile file_{""};
  std::array<int, 2> saved_{-1, -1};
};

TEST_CASE("The library writes nothing to standard output or standard error") {
  RawServer server({AnswerAll});
  TlsServer untrusted(Showing(TestAuthority().Issue()), {AnswerAll});
  WrittenMeanwhile written;
  const auto account =
      ServiceAccountsClient(Options(server.base_url())).CreateServiceAccount(Request("x"));
  const auto refused =
      ServiceAccountsClient(Options(untrusted.base_url())).CreateServiceAccount(Request("x"));
  const std::string text = written.End();
  CHECK(text == "");
  CHECK(account);
  CHECK_FALSE(refused);
}

TEST_CASE("A proxy that the environment names is not used for loopback") {
  RawServer proxy({[](RawConnection& connection) { connection.ReadRequest(); }});
  for (const char* variable : {"http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"}) {
    setenv(variable, proxy.base_url().c_str(), 1);
  }
  const testing::MockServer server;
  const auto account = ServiceAccountsClient(Options(server.base_url(), server.token()))
                           .CreateServiceAccount(Request("x"));
  for (const char* variable : {"http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"})
    unsetenv(variable);
  CHECK(account);
  CHECK(proxy.Finish() == 0);
  CHECK(proxy.connections() == 0);
}

}  // namespace
}  // namespace service_accounts::tests
