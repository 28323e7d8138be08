// What became of every call, as the one who asked and the server each saw it: two processes write,
// and in the end the two have to agree call by call.
#ifndef SERVICE_ACCOUNTS_TESTS_SOAK_LEDGER_H_
#define SERVICE_ACCOUNTS_TESTS_SOAK_LEDGER_H_

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <system_error>

namespace service_accounts::tests {

/// How a call ended for the one who asked.
enum class End : std::uint8_t { kOpen, kCreated, kAccepted, kRejected, kNotSent, kUnknown };
inline constexpr std::size_t kEnds = 6;

struct LedgerEntry {
  std::atomic<std::uint8_t> accounts;  // Written by the server.
  std::atomic<End> end;                // Written by the one who asked.
};

/// Memory that processes forked later share; pages that nobody has written to take no place.
class Ledger {
 public:
  static constexpr std::size_t kMostCalls = std::size_t{1} << 27U;
  static constexpr std::size_t kMostFaults = 64;

  Ledger() : pages_(Map()) {}
  ~Ledger() { munmap(pages_, sizeof *pages_); }
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  [[nodiscard]] LedgerEntry& at(std::size_t call) { return pages_->entries[call]; }
  /// How often the server committed the fault of that number, and how many POSTs it read.
  [[nodiscard]] std::atomic<std::uint64_t>& faults(std::size_t i) { return pages_->faults[i]; }
  [[nodiscard]] std::atomic<std::uint64_t>& posts() { return pages_->posts; }

 private:
  struct Pages {
    std::atomic<std::uint64_t> posts;
    std::atomic<std::uint64_t> faults[kMostFaults];
    LedgerEntry entries[kMostCalls];
  };

  static Pages* Map() {
    void* const memory = mmap(nullptr, sizeof(Pages), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
    return static_cast<Pages*>(memory);  // All zero, which is what atomics of zero are.
  }

  Pages* pages_;
};

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SOAK_LEDGER_H_
