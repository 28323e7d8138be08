// What the storm server does to a request: every fault of the matrix that a server can commit on a
// plain connection, with its share.
#ifndef SERVICE_ACCOUNTS_TESTS_SOAK_FAULTS_H_
#define SERVICE_ACCOUNTS_TESTS_SOAK_FAULTS_H_

#include <chrono>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/soak/ledger.h"

namespace service_accounts::tests {

/// The deadline of the calls, which slow replies miss.
inline constexpr std::chrono::milliseconds kSoakTimeout{500};
/// The longest body of a reply that the calls read.
inline constexpr std::size_t kSoakLongestBody = 64 * 1024;

enum class Ending {
  kKeep,    ///< The next request is served.
  kClose,   ///< A FIN after the last byte.
  kReset,   ///< A RST in its place.
  kDoomed,  ///< The next request is not read, and meets the connection's end.
};

struct Piece {
  std::chrono::milliseconds wait;
  std::string bytes;
};

/// What is done to a connection in answer to a request.
struct Plan {
  std::vector<Piece> pieces;
  Ending ending = Ending::kKeep;
};

/// One request at the server. What it says is created is in the ledger from then on.
class Turn {
 public:
  Turn(std::string_view request, Ledger* ledger, std::mt19937_64* random);

  /// The body that tells of it.
  [[nodiscard]] std::string Create();
  void PerhapsCreate();
  [[nodiscard]] std::size_t Draw(std::size_t below) { return (*random_)() % below; }
  /// The request's head, token and all, which must not come out at the other end.
  [[nodiscard]] std::string Echo() const;

 private:
  std::string_view request_;
  std::size_t call_;
  Ledger* ledger_;
  std::mt19937_64* random_;
};

struct Fault {
  const char* name;
  unsigned share;
  Plan (*plan)(Turn& turn);
};

[[nodiscard]] const std::vector<Fault>& Faults();

/// One drawn by the shares.
[[nodiscard]] std::size_t DrawFault(std::mt19937_64* random);

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SOAK_FAULTS_H_
