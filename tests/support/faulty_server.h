// A service that fails as often as not, in ways drawn by a seed, and keeps exact books of the
// accounts it has created, told or untold.
//
//   FaultyServer server(7);
//   ... call the client with server.base_url(), thousands of times ...
//   server.Finish();
//   CHECK(server.accounts().at("bot-1") == 1);
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_FAULTY_SERVER_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_FAULTY_SERVER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace service_accounts::tests {

/// One thread for all connections, POSIX sockets on 127.0.0.1. Names need no escape.
class FaultyServer {
 public:
  /// What becomes of a request.
  enum class Turn {
    kCreated,
    kRateLimited,  ///< With `Retry-After: 0`.
    kServerError,
    kBadRequest,
    kClosed,     ///< Without a reply.
    kReset,      ///< The same.
    kTruncated,  ///< Half of the reply that says what was created.
    kGarbage,    ///< In place of a status line.
    kDoomed,     ///< Answered; the next request on the connection is not read, and meets its end.
  };

  explicit FaultyServer(std::uint64_t seed);
  ~FaultyServer();
  FaultyServer(const FaultyServer&) = delete;
  FaultyServer& operator=(const FaultyServer&) = delete;

  /// "http://127.0.0.1:<port>"
  [[nodiscard]] std::string base_url() const;

  /// Stops it. What follows is to be read afterwards.
  void Finish();

  /// How often an account of that name was created.
  [[nodiscard]] const std::map<std::string, int>& accounts() const { return accounts_; }
  [[nodiscard]] const std::map<Turn, int>& turns() const { return turns_; }
  [[nodiscard]] int posts() const { return posts_; }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  struct Connection {
    int socket = -1;
    std::string input;
    bool doomed = false;
  };

  void Run();
  void Accept();
  /// False: the connection has ended.
  [[nodiscard]] bool Read(Connection* connection);
  [[nodiscard]] bool Serve(Connection* connection, std::string_view request);
  [[nodiscard]] Turn Draw();
  [[nodiscard]] bool Toss() { return random_() % 2 == 0; }

  std::mt19937_64 random_;
  int listener_ = -1;
  int port_ = 0;
  int stop_[2] = {-1, -1};
  std::vector<Connection> open_;
  std::map<std::string, int> accounts_;
  std::map<Turn, int> turns_;
  int posts_ = 0;
  int connections_ = 0;
  std::thread thread_;
};

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_FAULTY_SERVER_H_
