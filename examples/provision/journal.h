// The journal: what was about to be sent, and what came of it, on the disk before anybody relies on
// it. README.md describes the format.
//
//   Journal journal = Journal::Open("accounts.jsonl.journal", base_url);
//   journal.Begin(entry);
//   journal.Commit();                    // From here on the request may go out.
//   ...
//   journal.End(entry, result);
//   journal.Commit();                    // From here on the result may be told.
//
// Used by one thread. What cannot be done is thrown as `JournalError`.
#ifndef SERVICE_ACCOUNTS_EXAMPLES_PROVISION_JOURNAL_H_
#define SERVICE_ACCOUNTS_EXAMPLES_PROVISION_JOURNAL_H_

#include <service_accounts/result.h>
#include <service_accounts/service_account.h>

#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "provision/manifest.h"

namespace provision {

class JournalError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What is known of an account.
enum class State {
  kMissing,  ///< It does not exist by our doing: never sent, refused, or certainly not sent.
  kUnknown,  ///< It may exist: begun without an end, or ended without a clear answer.
  kCreated,  ///< It exists. Its id is known unless the reply was unreadable, or it was assumed.
};

/// What the journal tells of one account, by its last request.
struct Record {
  State state = State::kMissing;
  State before =
      State::kMissing;     ///< The last request began: an end that created nothing keeps it.
  bool under_way = false;  ///< Begun, and no end yet.
  std::string digest;
  std::string outcome;  ///< "" as long as it is under way; else a word as in the output.
  std::string id;
  std::string request_id;
  std::string error;
  std::string begun_at;  ///< Since then it may exist: its last request's time, or, as long as it is
                         ///< unknown, that of the first one.
};

using Records = std::map<std::string, Record>;  // By the account's name.

struct JournalContents {
  Records records;
  std::size_t whole_bytes = 0;  ///< Less than the text's size where its last line is torn.
};

/// Reads a journal of this service. A last line without its end is what a stop in the middle of
/// writing leaves: it was not relied upon yet, and is left out.
[[nodiscard]] JournalContents ParseJournal(std::string_view text, const std::string& service);

/// The same from a file, which is only read; nothing where there is none.
[[nodiscard]] Records ReadJournal(const std::string& path, const std::string& service);

/// What of the manifest contradicts the journal, in words. An account that was created, or may have
/// been, has to stand in the manifest as it was sent; all else may be edited, added and removed.
[[nodiscard]] std::vector<std::string> Contradictions(const std::vector<ManifestEntry>& entries,
                                                      const Records& records);

class Journal {
 public:
  /// Opens or makes the file, and keeps every other run away from it.
  [[nodiscard]] static Journal Open(const std::string& path, const std::string& service);
  Journal(Journal&& other) noexcept;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  Journal& operator=(Journal&&) = delete;
  ~Journal();

  /// With all that was said to it, committed or not.
  [[nodiscard]] const Records& records() const { return records_; }

  void Begin(const ManifestEntry& entry);
  const Record& End(const ManifestEntry& entry,
                    const service_accounts::Result<service_accounts::ServiceAccount>& result);
  const Record& Assume(const ManifestEntry& entry);

  /// Writes the lines since the last time and waits until the disk has them. Where that fails, none
  /// of them stays.
  void Commit();

 private:
  Journal(std::string path, int file);
  void Recover(const std::string& service);

  std::string path_;
  int file_;
  std::size_t size_ = 0;  // Of what is committed.
  std::string lines_;     // Not committed yet.
  Records records_;
};

}  // namespace provision

#endif  // SERVICE_ACCOUNTS_EXAMPLES_PROVISION_JOURNAL_H_
