// How far a run has come, for people: a bar that is drawn over itself on a terminal, and a line for
// each tenth elsewhere.
#ifndef SERVICE_ACCOUNTS_EXAMPLES_PROVISION_PROGRESS_H_
#define SERVICE_ACCOUNTS_EXAMPLES_PROVISION_PROGRESS_H_

#include <cstddef>
#include <ostream>

#include "provision/journal.h"

namespace provision {

class Progress {
 public:
  Progress(std::ostream& out, bool is_terminal, std::size_t total)
      : out_(out), is_terminal_(is_terminal), total_(total) {}

  /// One more of the accounts is settled for this run.
  void Count(State state);

  /// What is written next begins a line of its own.
  void EndLine();

 private:
  void Draw();
  void WriteLine();
  void WriteCounts();

  std::ostream& out_;
  bool is_terminal_;
  std::size_t total_;
  std::size_t done_ = 0;
  std::size_t missing_ = 0;
  std::size_t unknown_ = 0;
};

}  // namespace provision

#endif  // SERVICE_ACCOUNTS_EXAMPLES_PROVISION_PROGRESS_H_
